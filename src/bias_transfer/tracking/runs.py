"""Runs in MLflow's experiment ``bias-transfer``.

Each system has one, and so has the report; they are nested in the study's own run.
"""

import logging
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from mlflow.data.dataset_source_registry import resolve_dataset_source
from mlflow.data.meta_dataset import MetaDataset
from mlflow.entities import Metric, Param, Run
from mlflow.environment_variables import (
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR,
    MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT,
)
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NOTE

from bias_transfer.io import atomic, provenance
from bias_transfer.study.paths import LAUNCHING
from bias_transfer.tracking import registry, views

EXPERIMENT = "bias-transfer"
EVIDENCE = "evidence.json"
KEY_TAG = "bias_transfer.key"
LAUNCH_TAG = "bias_transfer.launched_by"
DECLARATION_TAG = "bias_transfer.declaration"  # SHA-256 of the hypotheses of a report's run
PREDICTIONS_TAG = "bias_transfer.predictions"  # and of the predictions that they were tested on
_PROCESS_TAG = "bias_transfer.process"
_STUDY_KEY = "study"
_SECONDS_ELSEWHERE = 3600  # after this, an unfinished run of another machine counts as dead


@dataclass
class Publication:
    """Everything that one run holds.

    ``curves`` has a column ``epoch``; its others are metrics by epoch. ``description`` and ``card``
    are Markdown. The folder ``student`` is logged as a model. It is registered if there is a
    ``registered_name``, with ``card`` as the version's description.
    """

    name: str
    key: str
    study: str
    tags: dict[str, str]
    description: str
    evidence: dict[str, Any]
    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    curves: pd.DataFrame | None = None
    inputs: dict[str, list[Path]] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    figures: dict[str, Figure] = field(default_factory=dict)
    student: Path | None = None
    registered_name: str | None = None
    card: str = ""


def launching_run() -> str | None:
    """Id of the run that ``mlflow run`` opened, if it did.

    It is taken out of the environment, so that MLflow does not log our runs into that one.
    """
    return os.environ.pop(LAUNCHING, None)


def experiment_id(study: str = "") -> str:
    """Id of the experiment ``bias-transfer``, made on the first call.

    Its tags say how MLflow's pages show it; those of ``study``, if it is given, have a view.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)
    MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT.set(True)  # of a server: two lines per run
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.set(False)  # two bars per run, each for a moment
    found = mlflow.get_experiment_by_name(EXPERIMENT)
    experiment = found.experiment_id if found else mlflow.create_experiment(EXPERIMENT)
    wanted = views.EXPERIMENT_TAGS | (views.shared_view(study) if study else {})
    for name, value in wanted.items():
        if not found or found.tags.get(name) != value:
            mlflow.MlflowClient().set_experiment_tag(experiment, name, value)
    return experiment


def close_dead(experiment: str) -> None:
    """Mark unfinished runs of dead processes as killed, and withdraw the models they registered."""
    client = mlflow.MlflowClient()
    for run in _search(experiment, "attributes.status = 'RUNNING'"):
        if _is_dead(run):
            registry.withdraw(run.info.run_id)
            client.set_terminated(run.info.run_id, status="KILLED")


def study_run(experiment: str, study: str) -> str:
    """Id of the run that a study's systems are nested in, made on the first call."""
    found = _search(experiment, _of_study(study))
    if found:
        return found[0].info.run_id
    client = mlflow.MlflowClient()
    tags = {KEY_TAG: _STUDY_KEY, "study": study, "stage": "study"}
    run_id = client.create_run(experiment, tags=tags, run_name=study).info.run_id
    client.set_terminated(run_id)
    return run_id


def note(study: str) -> str:
    """A study's own Markdown text; empty if it has no run."""
    found = _search(experiment_id(), _of_study(study))
    return found[0].data.tags.get(MLFLOW_RUN_NOTE, "") if found else ""


def describe(run_id: str, description: str) -> None:
    """Replace a run's Markdown text."""
    mlflow.MlflowClient().set_tag(run_id, MLFLOW_RUN_NOTE, description)


def published(experiment: str, key: str) -> str | None:
    """Id of the finished run with this key, if there is one."""
    runs = _search(experiment, f"tags.`{KEY_TAG}` = '{key}' and attributes.status = 'FINISHED'")
    return runs[0].info.run_id if runs else None


def publish(experiment: str, parent: str, publication: Publication) -> str:
    """Write one run, register its student, and return the run's id.

    If anything fails, the run is marked as failed.
    """
    tags = publication.tags | {
        KEY_TAG: publication.key,
        "study": publication.study,
        MLFLOW_PARENT_RUN_ID: parent,
        MLFLOW_RUN_NOTE: publication.description,
        _PROCESS_TAG: f"{socket.gethostname()}:{os.getpid()}",
    }
    with mlflow.start_run(experiment_id=experiment, run_name=publication.name, tags=tags) as run:
        run_id = run.info.run_id
        student, card = publication.student, publication.card
        model_id = _log_student(student, card) if student else None
        mlflow.log_metrics(publication.metrics, model_id=model_id)
        mlflow.MlflowClient().log_batch(
            run_id,
            metrics=list(_curve_metrics(publication.curves)),
            params=[Param(name, str(value)) for name, value in publication.params.items()],
        )
        for context, paths in publication.inputs.items():
            for path in paths:
                mlflow.log_input(_dataset(path), context=context)
        for path in publication.files:
            mlflow.log_artifact(str(path))
        for name, figure in publication.figures.items():
            mlflow.log_figure(figure, f"plots/{name}")
        artifacts = {path.name: provenance.sha256(path) for path in publication.files}
        mlflow.log_dict(publication.evidence | {"artifacts": artifacts}, EVIDENCE)
        # Last, so that no version comes from an unfinished run.
        if publication.registered_name and model_id:
            name, study = publication.registered_name, publication.study
            registry.register(name, model_id, study, card, tags=publication.tags)
    return run_id


def mark_current(study: str, run_ids: list[str]) -> None:
    """Tag these runs of a study as current, and no others: a filter for comparing systems."""
    client = mlflow.MlflowClient()
    marked = {run.info.run_id for run in current(study)}
    for run_id in marked - set(run_ids):
        client.set_tag(run_id, "current", "false")
    for run_id in set(run_ids) - marked:
        client.set_tag(run_id, "current", "true")


def current(study: str) -> list[Run]:
    """The last published runs of a study's systems and report."""
    return _search(experiment_id(), f"tags.study = '{study}' and tags.current = 'true'")


def declared() -> list[tuple[str, str, str]]:
    """Of every report that was published whole: study, predictions and declaration, as SHA-256."""
    found = _search(experiment_id(), "tags.stage = 'report' and attributes.status = 'FINISHED'")
    return [
        (run.data.tags["study"], run.data.tags[PREDICTIONS_TAG], run.data.tags[DECLARATION_TAG])
        for run in found
        if DECLARATION_TAG in run.data.tags
    ]


def link(launched_by: str, run_ids: list[str], paths: list[Path]) -> None:
    """Tell the run that ``mlflow run`` opened which runs came from it, and give it the report."""
    client = mlflow.MlflowClient()
    client.set_tag(launched_by, "bias_transfer.runs", ",".join(run_ids))
    for path in paths:
        client.log_artifact(launched_by, str(path))


def annotate(
    run_id: str, params: dict[str, Any], metrics: dict[str, float], paths: list[Path]
) -> None:
    """Add params, metrics and files to an existing run."""
    client = mlflow.MlflowClient()
    for name, value in params.items():
        client.log_param(run_id, f"teacher.{name}", value)
    for name, value in metrics.items():
        client.log_metric(run_id, name, value)
    for path in paths:
        client.log_artifact(run_id, str(path))


def _of_study(study: str) -> str:
    return f"tags.`{KEY_TAG}` = '{_STUDY_KEY}' and tags.study = '{study}'"


def _search(experiment: str, query: str) -> list[Run]:
    return list(mlflow.MlflowClient().search_runs([experiment], query, max_results=1000))


def _is_dead(run: Run) -> bool:
    host, _, process = run.data.tags.get(_PROCESS_TAG, "").rpartition(":")
    if not process:  # not ours
        return False
    if host != socket.gethostname():
        return time.time() - run.info.start_time / 1000 > _SECONDS_ELSEWHERE
    if int(process) == os.getpid():  # of an earlier process with this number
        return True
    return not atomic.alive(int(process))


def _log_student(student: Path, card: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "README.md")
        file.write_text(card, encoding="utf-8")
        return registry.log_student(student, file)


def _curve_metrics(curves: pd.DataFrame | None) -> Iterator[Metric]:
    if curves is None:
        return
    for row in curves.to_dict("records"):
        step = int(row.pop("epoch"))
        yield from (
            Metric(name, float(value), timestamp=step, step=step)
            for name, value in row.items()
            if np.isfinite(value)
        )


def _dataset(path: Path) -> MetaDataset:
    source, digest = resolve_dataset_source(str(path)), provenance.sha256(path)[:16]
    # MLflow declares a property abstract that its own MetaDataset does not have.
    return MetaDataset(source, name=str(path), digest=digest)  # type: ignore[abstract]
