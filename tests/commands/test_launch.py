"""Entry points of MLproject: which part of a study they run, and the teacher's accuracy."""

import os
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from bias_transfer.commands import launch
from bias_transfer.corpora import text_id
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.study import params
from bias_transfer.study.paths import Layout
from bias_transfer.teacher import manifest

SHIPPED = Path(__file__).resolve().parents[2] / "params.yaml"


@pytest.fixture
def several(tmp_path, monkeypatch) -> params.Params:
    """A study in which ``minilm`` has one seed of three, in a folder without any of its files."""
    monkeypatch.chdir(tmp_path)
    choice = {"students": ["bow", "cnn"], "one_seed": ["minilm"], "seeds": [1, 0, 2]}
    return params.load(SHIPPED).with_study(name="tiny", targets=["baseline", "distilled"], **choice)


@pytest.fixture
def dvc(monkeypatch) -> list[str]:
    """What DVC was asked to make, in place of having it made."""
    asked = []
    monkeypatch.setattr(
        launch, "_dvc", lambda command, *arguments: asked.extend([command, *arguments])
    )
    return asked


@pytest.mark.parametrize(
    ("student", "seeds"), [("bow", (1, 0, 2)), ("minilm", (1,)), ("distilbert", (1, 0, 2))], ids=str
)
def test_one_student_keeps_the_seeds_that_it_has_in_the_study(several, student, seeds):
    narrow = launch._narrow(several, student).study
    assert (narrow.students, narrow.one_seed, narrow.seeds) == ((student,), (), seeds)
    assert (
        narrow.model_copy(
            update={
                name: getattr(several.study, name) for name in ("students", "one_seed", "seeds")
            }
        )
        == several.study
    )


def test_the_studys_own_choice_is_all_of_it(several):
    assert launch._narrow(several, launch.CHOSEN) == several


@pytest.mark.parametrize(
    ("student", "stages"),
    [
        ("cnn", ["train@tiny-cnn-baseline", "train@tiny-cnn-distilled"]),
        ("minilm", ["train-once@tiny-minilm-baseline", "train-once@tiny-minilm-distilled"]),
    ],
)
def test_models_that_are_evaluated_are_made_by_their_stages(
    several, dvc, monkeypatch, student, stages
):
    evaluated = []
    monkeypatch.setattr(
        launch, "_evaluate", lambda narrow, root: evaluated.append(narrow.study.all_students)
    )
    launch.evaluate(several, student)
    assert [name for name in dvc if "@" in name] == stages
    assert evaluated == [(student,)]


def test_students_are_trained_into_a_folder_of_the_launch(several, dvc, monkeypatch):
    trained, evaluated = [], []
    monkeypatch.setenv("MLFLOW_RUN_ID", "abc")
    monkeypatch.setattr(launch.train, "run", lambda *arguments: trained.append(arguments))
    monkeypatch.setattr(launch, "_evaluate", lambda *arguments: evaluated.append(arguments))
    launch.train_and_evaluate(several, "minilm")
    narrow = launch._narrow(several, "minilm")
    targets, folder = ("baseline", "distilled"), Path("runs/abc")
    assert trained == [(narrow, "minilm", target, folder) for target in targets]
    assert evaluated == [(narrow, folder)]
    assert not [name for name in dvc if "@" in name]


def test_folder_of_an_earlier_launch_is_left_alone(several, dvc, monkeypatch):
    monkeypatch.setenv("MLFLOW_RUN_ID", "abc")
    Path("runs/abc").mkdir(parents=True)
    with pytest.raises(InputError, match="runs/abc is there already"):
        launch.train_and_evaluate(several, "bow")


def test_dvc_that_fails_is_one_line(several):
    with pytest.raises(InputError, match=r"^`dvc repro nowhere` failed: its message stands above"):
        launch._dvc("repro", "nowhere")


def test_stages_that_dvc_runs_are_not_the_launching_runs_own(monkeypatch):
    ran = []
    monkeypatch.setenv("MLFLOW_RUN_ID", "abc")

    def run(command, *, env, check):
        ran.append(env)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(launch.subprocess, "run", run)
    launch._dvc("repro")
    assert "MLFLOW_RUN_ID" not in ran[0]
    assert ran[0]["PATH"] == os.environ["PATH"]
    assert os.environ["MLFLOW_RUN_ID"] == "abc"


def test_student_outside_the_study_is_not_evaluated(several, dvc):
    with pytest.raises(InputError, match="unknown student of the study 'distilbert'"):
        launch.evaluate(several, "distilbert")
    assert not dvc


def test_accuracy_of_the_teacher_is_of_the_reviews_that_it_was_asked_about(several, dvc, capsys):
    entry = several.reviews["snippets"].model_copy(update={"labelled_test_size": 2})
    several = several.model_copy(update={"reviews": several.reviews | {"snippets": entry}})
    layout = Layout(several.with_study(reviews="snippets").study)
    texts = ["warm", "dull", "witty", "stale", "lovely", "thin"]
    frame = pd.DataFrame({"id": map(text_id, texts), "text": texts, "label": 1})
    tables.write(frame, layout.reviews("test"), schemas.REVIEWS)
    labels = (
        frame[["id"]]
        .sort_values("id")
        .head(2)
        .assign(label_0=[0.9, 0.2], label_1=[0.1, 0.8], label_mass=0.5)
    )
    tables.write(labels, layout.labels("test"), schemas.LABELS)
    asked = {"parts": {"test": {"mean_label_mass": 0.5}}, "teacher": {}}
    manifest.write(layout.labels_folder, asked, [layout.labels("test")])
    launch.label(several.with_study(reviews="snippets"), launch.CHOSEN)
    assert "accuracy 0.5000 uncalibrated" in capsys.readouterr().out
