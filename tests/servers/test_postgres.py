"""A study in a tracking server that keeps runs in PostgreSQL and artifacts behind its proxy."""

import re
import subprocess
import sys
import time

import mlflow
import pandas as pd
import pytest
from servers.processes import free_port
from tiny_study import FIRST_SEEDS, SYSTEMS
from tracking_server import Server

from bias_transfer.students.student import load as load_student

pytestmark = pytest.mark.servers

RETRIES = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
NAMES = [*SYSTEMS, "report"]


@pytest.fixture
def server(database, tmp_path, monkeypatch):
    folder = tmp_path / "server"
    folder.mkdir()
    server = Server(folder, database)
    server.port = free_port()
    server.start()
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(server.uri)
    yield server
    mlflow.set_tracking_uri(before)
    server.stop()


def systems(client) -> list:
    experiment = client.get_experiment_by_name("bias-transfer")
    if experiment is None:
        return []
    runs = client.search_runs([experiment.experiment_id])
    return [run for run in runs if run.data.tags["stage"] != "study"]


def finished(client) -> list[str]:
    return sorted(run.info.run_name for run in systems(client) if run.info.status == "FINISHED")


def test_study_is_published_once_though_the_server_is_killed_in_the_middle(checkout, server):
    client = mlflow.MlflowClient()
    here = RETRIES | {"MLFLOW_TRACKING_URI": server.uri}
    publishing = subprocess.Popen(
        [sys.executable, "-m", "bias_transfer", "publish"],
        cwd=checkout.folder,
        env=checkout.environment | here,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while publishing.poll() is None and len(finished(client)) < 2:
        time.sleep(0.1)
    server.stop()
    said, errors = publishing.communicate()
    assert publishing.returncode == 1, said + errors
    last = errors.splitlines()[-1]
    assert last.startswith(f"Error: MLflow at {server.uri} failed: ")
    assert last.endswith("run the command again; nothing is published twice")

    server.start()
    begun = finished(client)
    assert 2 <= len(begun) < len(NAMES)
    new = len(NAMES) - len(begun)
    for expected in (new, 0):
        said = checkout.cli("publish", **here)
        assert said == f"MLflow: {len(NAMES)} runs of tiny, {expected} of them new\n"
        assert finished(client) == sorted(NAMES)
        assert {run.info.status for run in systems(client)} <= {"FINISHED", "FAILED", "KILLED"}
    assert re.fullmatch(r"8 runs: [\d,]+ matches\n", checkout.cli("verify", **here))

    accuracy = pd.read_csv(checkout.path("reports/tiny/accuracy.csv"))
    expected = accuracy.set_index("system")["accuracy"][SYSTEMS]
    runs = {run.info.run_name: run for run in systems(client) if run.info.status == "FINISHED"}
    assert {name: runs[name].data.metrics["accuracy"] for name in SYSTEMS} == pytest.approx(
        expected.to_dict()
    )
    for run in runs.values():
        assert run.info.artifact_uri.startswith("mlflow-artifacts:/")

    texts = pd.DataFrame({"text": ["a warm and witty film", "a dull and clumsy film"]})
    for system in FIRST_SEEDS:
        name = f"bias-transfer-{system.partition('/')[0]}"
        (version,) = client.search_model_versions(f"name = '{name}'")
        assert version.run_id == runs[system].info.run_id
        model = mlflow.pyfunc.load_model(f"models:/{name}@latest-tiny")
        student = load_student(checkout.path(f"models/tiny/{system}"))
        expected = student.predict_proba(texts["text"].tolist())
        assert model.predict(texts).to_numpy() == pytest.approx(expected, abs=1e-6)
