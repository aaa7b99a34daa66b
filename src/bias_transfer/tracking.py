"""MLflow: runs, their inputs and figures, registered models. With ``tracking_model``, the only import of mlflow."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from mlflow.data.dataset_source_registry import resolve_dataset_source
from mlflow.data.meta_dataset import MetaDataset
from mlflow.entities import Metric, Param, RunTag
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

import bias_transfer
from bias_transfer import provenance, tables

EXPERIMENT = "bias-transfer"
KEY_TAG = "bias_transfer.key"
LAUNCH_TAG = "bias_transfer.launched_by"
_SERVING_LIBRARIES = (
    "mlflow", "numpy", "pandas", "pandera", "pydantic", "pyyaml", "safetensors", "tokenizers", "torch", "transformers",
)  # fmt: skip


@dataclass
class Record:
    """Everything that one run says. ``curves`` has a column ``epoch``; the others are metrics by epoch."""

    name: str
    key: str
    tags: dict[str, str]
    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    curves: pd.DataFrame | None = None
    inputs: dict[str, list[Path]] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    figures: dict[str, Figure] = field(default_factory=dict)
    student: Path | None = None
    registered_name: str | None = None


def launching_run() -> str | None:
    """Take the id of the run that ``mlflow run`` opened out of the environment, so that our runs stay apart from it."""
    return os.environ.pop("MLFLOW_RUN_ID", None)


def experiment_id() -> str:
    """Id of the experiment ``bias-transfer``, made on the first call."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    found = mlflow.get_experiment_by_name(EXPERIMENT)
    return found.experiment_id if found else mlflow.create_experiment(EXPERIMENT)


def published(experiment: str, key: str) -> str | None:
    """Id of the finished run with this key, if there is one."""
    runs = mlflow.MlflowClient().search_runs(
        [experiment], f"tags.`{KEY_TAG}` = '{key}' and attributes.status = 'FINISHED'", max_results=1
    )
    return runs[0].info.run_id if runs else None


def publish(experiment: str, record: Record) -> str:
    """Write one run (and register its student), and return its id. If anything fails, the run is marked failed."""
    tags = record.tags | {KEY_TAG: record.key}
    with mlflow.start_run(experiment_id=experiment, run_name=record.name) as run:
        run_id = run.info.run_id
        model_id = _log_student(record) if record.student else None
        metrics = {name: value for name, value in record.metrics.items() if value is not None and np.isfinite(value)}
        mlflow.log_metrics(metrics, model_id=model_id)
        mlflow.MlflowClient().log_batch(
            run_id,
            metrics=list(_curve_metrics(record.curves)),
            params=[Param(name, str(value)) for name, value in record.params.items()],
            tags=[RunTag(name, value) for name, value in tags.items()],
        )
        for context, paths in record.inputs.items():
            for path in paths:
                mlflow.log_input(_dataset(path), context=context)
        for path in record.files:
            mlflow.log_artifact(str(path))
        for name, figure in record.figures.items():
            mlflow.log_figure(figure, f"plots/{name}")
    return run_id


def link(launched_by: str, run_ids: list[str], files: list[Path]) -> None:
    """Tell the run that ``mlflow run`` opened which runs came of it, and give it the report."""
    client = mlflow.MlflowClient()
    client.set_tag(launched_by, "bias_transfer.runs", ",".join(run_ids))
    for path in files:
        client.log_artifact(launched_by, str(path))


def annotate(run_id: str, params: dict[str, Any], metrics: dict[str, float], files: list[Path]) -> None:
    """Add params, metrics and files to a run that is already there."""
    client = mlflow.MlflowClient()
    for name, value in params.items():
        client.log_param(run_id, f"teacher.{name}", value)
    for name, value in metrics.items():
        client.log_metric(run_id, name, value)
    for path in files:
        client.log_artifact(run_id, str(path))


def _curve_metrics(curves: pd.DataFrame | None) -> Iterator[Metric]:
    if curves is None:
        return
    for row in curves.to_dict("records"):
        step = int(row.pop("epoch"))
        yield from (Metric(name, float(value), timestamp=step, step=step) for name, value in row.items())


def _dataset(path: Path) -> MetaDataset:
    return MetaDataset(resolve_dataset_source(str(path)), name=str(path), digest=provenance.sha256(path)[:16])


def _log_student(record: Record) -> str:
    with _quiet():
        info = mlflow.pyfunc.log_model(
            name="student",
            python_model=str(Path(__file__).with_name("tracking_model.py")),
            artifacts={"student": str(record.student)},
            code_paths=[str(Path(bias_transfer.__file__).parent)],
            pip_requirements=[f"{name}=={version(name).split('+')[0]}" for name in _SERVING_LIBRARIES],
            signature=ModelSignature(
                inputs=Schema([ColSpec("string", "text")]),
                outputs=Schema([ColSpec("double", name) for name in tables.PROBABILITIES]),
            ),
            input_example=pd.DataFrame({"text": ["A film of rare warmth.", "I walked out after an hour."]}),
            registered_model_name=record.registered_name,
        )
    return info.model_id


@contextmanager
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("mlflow")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)
