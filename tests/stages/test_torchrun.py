"""Two processes under torchrun fit the student that one would, and the first alone writes."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from safetensors.numpy import load_file

from bias_transfer.corpora import text_id
from bias_transfer.io import schemas, tables
from bias_transfer.study.paths import SPLITS, Layout
from bias_transfer.study.systems import Arm

ARM = Arm("cnn", "distilled", 0)
N_FIT, N_REVIEWS = 45, 50


@pytest.fixture
def study(checkout, tiny_params, tiny_student):
    """A checkout with reviews, labels and ``params.yaml``; the last batch of each epoch has a single row."""
    values = tiny_params(students=["cnn"]).model_dump(mode="json")
    values["students"]["cnn"] |= {"dropout": 0.0, "batch_size": 11, "epochs": 2}
    (checkout / "params.yaml").write_text(yaml.safe_dump(values))
    texts = [
        f"{'a fine' if i % 2 else 'a dull'} film about {'ab' * (i % 7 + 1)} {i}"
        for i in range(N_REVIEWS + 10)
    ]
    frame = pd.DataFrame(
        {"id": map(text_id, texts), "text": texts, "label": np.arange(len(texts)) % 2}
    )
    layout = Layout(tiny_params().study)
    for split, part in zip(SPLITS, (frame[:N_REVIEWS], frame[N_REVIEWS:]), strict=True):
        tables.write(part, layout.reviews(split), schemas.REVIEWS)
    positive = np.random.default_rng(0).uniform(0.1, 0.9, N_REVIEWS)
    labels = pd.DataFrame(
        {"id": frame["id"][:N_REVIEWS], "label_0": 1 - positive, "label_1": positive}
    )
    tables.write(labels.assign(label_mass=0.9), layout.labels("train"), schemas.LABELS)
    return layout


def train(layout, *starter) -> tuple[dict, pd.DataFrame]:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            *starter,
            "bias_transfer",
            "train",
            ARM.student,
            ARM.target,
            str(ARM.seed),
        ],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    folder = layout.model(ARM.system)
    return load_file(folder / "model.safetensors"), tables.read(
        folder / "history.csv", schemas.HISTORY
    )


def test_two_processes_fit_what_one_does(study):
    alone, curve = train(study)
    rows = tables.read_json(study.model(ARM.system) / "training.json")["rows"]
    assert rows["fit"]["n"] == N_FIT
    together, other_curve = train(
        study, "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m"
    )
    assert alone.keys() == together.keys()
    for name, weights in alone.items():
        np.testing.assert_allclose(together[name], weights, atol=1e-5, err_msg=name)
    assert any(
        (together[name] != weights).any() for name, weights in alone.items()
    )  # else one process did it all
    np.testing.assert_allclose(other_curve, curve, atol=1e-5)
    assert not list(study.model(ARM.system).parent.glob(".*"))
