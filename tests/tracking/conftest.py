"""A store of its own for each test, and publications without a study behind them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest

from bias_transfer.tracking.runs import Publication


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory) -> Path:
    """An empty SQLite store, which takes MLflow a second to make."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{path}").search_registered_models()
    return path


@pytest.fixture
def client(tmp_path, monkeypatch, empty_store) -> Iterator[mlflow.MlflowClient]:
    """A client of an empty store; what is logged by default goes there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    before = mlflow.get_tracking_uri()
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(before)


@pytest.fixture
def publication(tmp_path) -> Callable[..., Publication]:
    """A publication with one metric, one file and nothing else; any field changed by keyword."""

    def make(name: str = "bow-distilled/seed-0", **changes) -> Publication:
        file = tmp_path / "training.json"
        file.write_text("{}")
        fields = {
            "key": f"key of {name}",
            "study": "tiny",
            "tags": {"stage": "train"},
            "description": "words",
        }
        fields |= {"evidence": {"format": 1}, "metrics": {"accuracy": 0.5}, "files": [file]}
        return Publication(name, **fields | changes)

    return make
