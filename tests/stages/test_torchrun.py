"""Two processes under torchrun fit the student that one would, and the first alone writes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from safetensors.numpy import load_file

from bias_transfer.io import schemas, tables
from bias_transfer.stages import train
from bias_transfer.study import params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm

pytestmark = pytest.mark.slow

ARM = Arm("cnn", "distilled", 0)
N_FIT, N_REVIEWS = 45, 50


@pytest.fixture
def layout(
    checkout, tiny_params, tiny_student, write_reviews, write_labels, write_versions
) -> Layout:
    """Reviews, labels and ``params.yaml``; the last batch of each epoch has a single row."""
    values = tiny_params(students=["cnn"]).model_dump(mode="json")
    values["students"]["cnn"] |= {"dropout": 0.0, "batch_size": 11, "epochs": 2}
    (checkout / "params.yaml").write_text(yaml.safe_dump(values))
    layout = Layout(tiny_params().study)
    ids = write_reviews(layout, N_REVIEWS + 10, 10)["id"][:N_REVIEWS]
    write_labels(layout, "train", ids, np.random.default_rng(0).uniform(0.1, 0.9, N_REVIEWS))
    write_versions(layout)
    return layout


def fitted(layout: Layout) -> tuple[dict, pd.DataFrame]:
    """Weights and history."""
    history = tables.read(layout.history(ARM), schemas.HISTORY)
    return load_file(layout.model(ARM.system) / "model.safetensors"), history


def test_two_processes_fit_what_one_does(layout):
    train.run(params.load(Path("params.yaml")), ARM.student, ARM.target, seeds=(ARM.seed,))
    alone, curve = fitted(layout)
    rows = tables.read_json(layout.training(ARM))["rows"]
    assert rows["fit"]["n"] == N_FIT
    shutil.rmtree(layout.model(ARM.system))
    starter = "torch.distributed.run --standalone --nproc-per-node=2 -m bias_transfer".split()
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", *starter, "train", ARM.student, ARM.target, str(ARM.seed)],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    together, other_curve = fitted(layout)
    assert done.stdout.count("1 fitted, 0 kept") == 1
    assert alone.keys() == together.keys()
    for name, weights in alone.items():
        np.testing.assert_allclose(together[name], weights, atol=1e-5, err_msg=name)
    # Else one process did it all.
    assert any((together[name] != weights).any() for name, weights in alone.items())
    np.testing.assert_allclose(other_curve, curve, atol=1e-5)
    assert not list(layout.model(ARM.group).glob(".*"))
