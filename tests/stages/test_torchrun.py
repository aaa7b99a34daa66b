"""Two processes under torchrun fit the student that one would, and the first alone writes."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from safetensors.numpy import load_file

from bias_transfer.io import schemas, tables
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm

pytestmark = pytest.mark.slow

ARM = Arm("cnn", "distilled", 0)
N_FIT, N_REVIEWS = 45, 50


@pytest.fixture
def layout(checkout, tiny_params, tiny_student, write_reviews, write_labels) -> Layout:
    """Reviews, labels and ``params.yaml``; the last batch of each epoch has a single row."""
    values = tiny_params(students=["cnn"]).model_dump(mode="json")
    values["students"]["cnn"] |= {"dropout": 0.0, "batch_size": 11, "epochs": 2}
    (checkout / "params.yaml").write_text(yaml.safe_dump(values))
    layout = Layout(tiny_params().study)
    ids = write_reviews(layout, N_REVIEWS + 10, 10)["id"][:N_REVIEWS]
    write_labels(layout, "train", ids, np.random.default_rng(0).uniform(0.1, 0.9, N_REVIEWS))
    return layout


def train(layout: Layout, *starter: str) -> tuple[dict, pd.DataFrame, str]:
    """Weights, history, and what was printed, of a fit from nothing."""
    folder = layout.model(ARM.system)
    shutil.rmtree(folder, ignore_errors=True)
    arguments = ["bias_transfer", "train", ARM.student, ARM.target, str(ARM.seed)]
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", *starter, *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    history = tables.read(layout.history(ARM), schemas.HISTORY)
    return load_file(folder / "model.safetensors"), history, done.stdout


def test_two_processes_fit_what_one_does(layout):
    alone, curve, _ = train(layout)
    rows = tables.read_json(layout.training(ARM))["rows"]
    assert rows["fit"]["n"] == N_FIT
    together, other_curve, printed = train(
        layout, "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m"
    )
    assert printed.count("1 fitted, 0 kept") == 1
    assert alone.keys() == together.keys()
    for name, weights in alone.items():
        np.testing.assert_allclose(together[name], weights, atol=1e-5, err_msg=name)
    # Else one process did it all.
    assert any((together[name] != weights).any() for name, weights in alone.items())
    np.testing.assert_allclose(other_curve, curve, atol=1e-5)
    assert not list(layout.model(ARM.group).glob(".*"))
