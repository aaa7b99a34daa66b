"""What MLflow keeps of a run, read back for ``verify``."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import Run
from mlflow.environment_variables import MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from bias_transfer.io import provenance, schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.tracking import runs, store


@dataclass(frozen=True)
class Kept:
    """A published run: its name, metrics, tags, ``evidence``, and SHA-256 of each of its files.

    Files of its model are below ``model/``. ``metrics`` are the last value of each, ``curves`` the
    values by step of those that have several, and ``of_models`` the metrics that stand beside its
    models, which are logged once more there. ``note`` is its description.
    """

    name: str
    metrics: dict[str, float]
    tags: dict[str, str]
    evidence: dict[str, Any]
    digests: dict[str, str]
    curves: dict[str, dict[int, float]] = field(default_factory=dict)
    of_models: dict[str, float] = field(default_factory=dict)
    note: str = ""


def find(reference: str) -> Kept:
    """The run with this id, or the run that a model came from.

    A model is given as ``models:/NAME/VERSION`` or ``models:/NAME@ALIAS``.

    Raises
    ------
    InputError
        If there is none, or it was not published by this project.
    """
    try:
        if reference.startswith("models:/"):
            reference = mlflow.models.get_model_info(reference).run_id
        return _read(mlflow.MlflowClient().get_run(reference))
    except MlflowException as error:
        raise InputError(f"{reference}: {' '.join(str(error).split())}") from None


def current(study: str) -> list[Kept]:
    """The last published runs of a study's systems and report.

    Raises
    ------
    InputError
        If there are none, or MLflow fails.
    """
    with store.clear_errors():
        found = runs.current(study)
        if not found:
            raise InputError(f"study {study} has no published runs: `dvc repro` publishes them")
        return [_read(run) for run in found]


def declarations(study: str, noted: Iterable[tuple[str, str, str]] = ()) -> dict[str, set[str]]:
    """Of all predictions of a study, by SHA-256: the declarations they were tested under.

    They are those that were published, and those ``noted`` elsewhere: study, predictions and
    declaration. A declaration counts under whatever study's name it stands.

    Raises
    ------
    InputError
        If MLflow fails.
    """
    with store.clear_errors():
        found = [*runs.declared(), *noted]
    own = {predictions for name, predictions, _ in found if name == study}
    return {
        predictions: {declared for _, tested, declared in found if tested == predictions}
        for predictions in sorted(own)
    }


def note(study: str) -> str:
    """Description of the run that a study's runs lie below; empty if there is none.

    Raises
    ------
    InputError
        If MLflow fails.
    """
    with store.clear_errors():
        return runs.note(study)


def _read(run: Run) -> Kept:
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.set(False)  # one bar per run, each for a moment
    with tempfile.TemporaryDirectory() as folder:
        files = Path(
            mlflow.artifacts.download_artifacts(run_id=run.info.run_id, dst_path=f"{folder}/run")
        )
        if not (files / runs.EVIDENCE).is_file():
            raise InputError(
                f"run {run.info.run_id} has no {runs.EVIDENCE}: it was not published by this "
                "project"
            )
        evidence = tables.read_json(files / runs.EVIDENCE)
        digests = _below(files, "")
        models = run.outputs.model_outputs if run.outputs else []
        of_models: dict[str, float] = {}
        for model in models:
            logged = mlflow.get_logged_model(model.model_id).metrics or []
            of_models |= {metric.key: metric.value for metric in logged}
            path = mlflow.artifacts.download_artifacts(
                f"models:/{model.model_id}", dst_path=f"{folder}/model"
            )
            for weights in Path(path, "artifacts").glob("*/model.safetensors"):
                digests |= _below(weights.parent, "model/")
    return Kept(
        run.info.run_name,
        run.data.metrics,
        run.data.tags,
        evidence,
        digests,
        curves=_curves(run),
        of_models=of_models,
        note=run.data.tags.get(MLFLOW_RUN_NOTE, ""),
    )


def _curves(run: Run) -> dict[str, dict[int, float]]:
    client = mlflow.MlflowClient()
    names = set(schemas.metric_names(schemas.HISTORY)) & set(run.data.metrics)
    points = {name: client.get_metric_history(run.info.run_id, name) for name in sorted(names)}
    return {name: {point.step: point.value for point in found} for name, found in points.items()}


def _below(root: Path, prefix: str) -> dict[str, str]:
    return {
        f"{prefix}{p.relative_to(root)}": provenance.sha256(p)
        for p in sorted(root.rglob("*"))
        if p.is_file()
    }
