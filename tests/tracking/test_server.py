"""A real tracking server on loopback, stopped while runs are published and started again."""

import shutil

import mlflow
import pytest
from tracking_server import Server

from bias_transfer.tracking import runs

pytestmark = pytest.mark.slow
NAMES = ["teacher-t", "bow-baseline/seed-0", "bow-distilled/seed-0", "report"]


@pytest.fixture
def server(tmp_path, monkeypatch, empty_store):
    shutil.copy(empty_store, tmp_path / "server.db")
    server = Server(tmp_path)
    server.start()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "5")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(server.uri)
    yield server
    mlflow.set_tracking_uri(before)
    server.stop()


def publish_all(publications) -> None:
    experiment = runs.experiment_id()
    runs.close_dead(experiment)
    parent = runs.study_run(experiment, "tiny")
    ids = [
        runs.published(experiment, publication.key) or runs.publish(experiment, parent, publication)
        for publication in publications
    ]
    runs.mark_current("tiny", ids)


def test_publishing_again_after_the_server_stopped_ends_with_one_complete_run_per_system(
    server, publication, monkeypatch
):
    publications = [publication(name) for name in NAMES]
    stop_at, log_dict = NAMES[2], mlflow.log_dict

    def cut_off(*arguments):
        if mlflow.active_run().info.run_name == stop_at:
            server.stop()
        log_dict(*arguments)

    monkeypatch.setattr(mlflow, "log_dict", cut_off)
    with pytest.raises(Exception, match=r".*"):
        publish_all(publications)
    mlflow.end_run()
    monkeypatch.setattr(mlflow, "log_dict", log_dict)
    server.start()
    publish_all(publications)
    publish_all(publications)
    client = mlflow.MlflowClient()
    experiment = runs.experiment_id()
    found = client.search_runs([experiment], "tags.stage = 'train'")
    finished = [run.info.run_name for run in found if run.info.status == "FINISHED"]
    assert sorted(finished) == sorted(NAMES)
    assert [run.info.run_name for run in found if run.info.status != "FINISHED"] == [stop_at]
    assert {run.info.status for run in found} <= {"FINISHED", "KILLED", "FAILED"}
    for run in runs.current("tiny"):
        assert {file.path for file in client.list_artifacts(run.info.run_id)} == {
            "training.json",
            "evidence.json",
        }
