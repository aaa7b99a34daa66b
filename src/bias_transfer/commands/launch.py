"""What ``mlflow run`` starts: the entry points of ``MLproject``.

DVC makes or pulls inputs that are missing. ``train`` and ``evaluate`` write to a folder of their
own, ``runs/<id>``, so that two launches never meet.
"""

import os
import subprocess
import sys
from pathlib import Path

from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError, unknown
from bias_transfer.stages import bias, calibrated, predict, publish, report, train
from bias_transfer.stages import label as label_stage
from bias_transfer.students.evaluation import evaluate as evaluate_scores
from bias_transfer.study.params import Params, Study
from bias_transfer.study.paths import LAUNCHING, Layout, launch_folder
from bias_transfer.study.systems import pairings, teacher_system
from bias_transfer.teacher import calibration, manifest
from bias_transfer.tracking import runs, store

CHOSEN = "study"  # stands in MLproject for "what `study` in params.yaml says"


def main(params: Params) -> None:
    """Bring the whole study up to date with DVC, and link its runs to the launching one."""
    _dvc("pull", "--quiet", "--allow-missing", "data")
    _dvc("repro")
    publish.run(params)


def label(params: Params, teacher: str) -> None:
    """Label train, test and EEC with ``teacher``.

    Label mass and accuracy are logged to the launching run.
    """
    if teacher == CHOSEN or teacher == params.study.teacher:
        _inputs()
    else:
        params = params.with_study(teacher=teacher)
        _dvc("repro", "--quiet", "reviews", "eec", "film")
        label_stage.run(params)
    layout = Layout(params.study)
    reviews = calibrated.labelled_test(params, layout)
    labels = tables.read(layout.labels("test"), schemas.LABELS)
    asked = manifest.read(layout.labels_folder)
    positive = calibration.align(labels, reviews["id"], str(layout.labels("test")))[:, 1]
    metrics = evaluate_scores(reviews["label"].to_numpy(), positive)
    mass = {
        f"{part}_label_mass": values["mean_label_mass"] for part, values in asked["parts"].items()
    }
    print(
        f"{teacher_system(params.study)}: accuracy {metrics['accuracy']:.4f} uncalibrated, {mass}"
    )
    if run_id := runs.launching_run():
        with store.clear_errors():
            runs.annotate(run_id, asked["teacher"], metrics | mass, [layout.labels_manifest])


def train_and_evaluate(params: Params, student: str) -> None:
    """Train every target and seed of ``student``, score, measure bias and publish."""
    params = _narrow(params, student)
    _inputs()
    root = _folder()
    for student, target in pairings(params.study):
        train.run(params, student, target, root)
    _evaluate(params, root)


def evaluate(params: Params, student: str) -> None:
    """Score the study's trained students anew, measure bias and publish."""
    if student != CHOSEN and student not in params.study.all_students:
        raise InputError(unknown("student of the study", student, params.study.all_students))
    whole, params = params, _narrow(params, student)
    _inputs()
    stages = (_training_stage(whole.study, *pairing) for pairing in pairings(params.study))
    _dvc("repro", "--quiet", *stages)
    root = _folder()
    models = root / "models"
    models.mkdir(parents=True)
    (models / params.study.name).symlink_to(
        (Path("models") / params.study.name).resolve(), target_is_directory=True
    )
    _evaluate(params, root)


def _evaluate(params: Params, root: Path) -> None:
    predict.run(params, teacher_system(params.study), root)
    for student, target in pairings(params.study):
        predict.run(params, f"{student}-{target}", root)
    bias.run(params, root)
    report.run(params, root)
    publish.run(params, root)
    print(f"Report: {Layout(params.study, root).report('report.html')}")


def _narrow(params: Params, student: str) -> Params:
    if student == CHOSEN:
        return params
    one = student in params.study.one_seed
    return params.with_study(
        students=[student], one_seed=[], seeds=params.study.seeds[: 1 if one else None]
    )


def _training_stage(study: Study, student: str, target: str) -> str:
    stage = "train-once" if student in study.one_seed else "train"
    return f"{stage}@{study.name}-{student}-{target}"


def _inputs() -> None:
    _dvc("pull", "--quiet", "--allow-missing", "data")
    _dvc("repro", "--quiet", "data", "swaps")


def _folder() -> Path:
    folder = launch_folder()
    if folder.exists():
        raise InputError(f"{folder} is there already: remove it or launch anew")
    return folder


def _dvc(*arguments: str) -> None:
    """Run DVC; its stages are the study's own, and none of the launching run's."""
    command = [sys.executable, "-m", "dvc", "--wait-for-lock", *arguments]
    own = {name: value for name, value in os.environ.items() if name != LAUNCHING}
    if subprocess.run(command, check=False, env=own).returncode:  # noqa: S603 - no word is the user's
        raise InputError(f"`dvc {' '.join(arguments)}` failed: its message stands above")
