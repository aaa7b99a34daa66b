"""Where files lie: inputs and what a study makes have roots of their own."""

import os
from pathlib import Path

import pytest

from bias_transfer.study.params import Study
from bias_transfer.study.paths import Layout, launch_folder
from bias_transfer.study.systems import Arm

ARM = Arm("bow", "planted-0.5", 3)


@pytest.fixture
def study() -> Study:
    return Study(
        name="tiny",
        reviews="mine",
        teacher="t1.5",
        students=("bow",),
        one_seed=(),
        targets=("baseline",),
        seeds=(0,),
        arms=(),
        resample="none",
    )


def test_inputs_and_what_a_study_makes_have_roots_of_their_own(study, tmp_path):
    layout = Layout(study, root=tmp_path / "made", inputs=tmp_path / "given")
    labels = tmp_path / "given/data/teacher/mine/t1.5"
    assert layout.labels("eec-variants") == labels / "eec-variants.csv"
    assert layout.labels_manifest == labels / "labels.json"
    assert layout.report("bias.csv") == tmp_path / "made/reports/tiny/bias.csv"


def test_a_systems_files_lie_in_its_groups_folder(study):
    layout = Layout(study)
    assert layout.model(ARM.group) == Path("models/tiny/bow-planted-0.5")
    assert layout.training(ARM) == layout.model(ARM.group) / "seed-3/training.json"
    assert layout.history(ARM) == layout.model(ARM.group) / "seed-3/history.csv"
    for part in ("reviews", "eec"):
        scores = layout.predictions(ARM.system, part)
        assert scores == layout.predictions_folder(ARM.group) / f"seed-3/{part}.parquet"
    assert layout.metrics(ARM.system) == layout.metrics_folder(ARM.group) / "seed-3.json"


def test_a_launch_by_mlflow_writes_to_a_folder_of_its_run(monkeypatch):
    monkeypatch.setenv("MLFLOW_RUN_ID", "abc")
    assert launch_folder() == Path("runs/abc")
    monkeypatch.delenv("MLFLOW_RUN_ID")
    assert launch_folder() == Path(f"runs/local-{os.getpid()}")
