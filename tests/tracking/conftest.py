"""A store of its own for each test, and publications without a study behind them."""

from collections.abc import Callable

import mlflow
import pytest

from bias_transfer.tracking.runs import Publication


@pytest.fixture
def client(tmp_path, monkeypatch) -> mlflow.MlflowClient:
    """An empty store in SQLite; what is logged by default goes there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    before = mlflow.get_tracking_uri()
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
