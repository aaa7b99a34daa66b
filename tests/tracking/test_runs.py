"""Runs of a study: nested in one parent, finished or closed, never twice, and marked if current."""

import os
import socket
import subprocess
import sys

import pytest

from bias_transfer.tracking import registry, runs

HOST = socket.gethostname()


@pytest.fixture
def experiment(client) -> str:
    return runs.experiment_id()


@pytest.fixture
def dead() -> int:
    """Number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def status(client, run_id: str) -> str:
    return client.get_run(run_id).info.status


def unfinished(client, experiment: str, process: str, **info) -> str:
    return client.create_run(experiment, tags={runs._PROCESS_TAG: process}, **info).info.run_id


def test_study_has_one_run_that_its_systems_lie_below(client, experiment, publication):
    parent = runs.study_run(experiment, "tiny")
    assert runs.study_run(experiment, "tiny") == parent
    assert runs.study_run(experiment, "other") != parent
    assert status(client, parent) == "FINISHED"
    child = client.get_run(runs.publish(experiment, parent, publication()))
    assert child.data.tags["mlflow.parentRunId"] == parent
    assert child.info.run_name == "bow-distilled/seed-0"
    assert (child.data.tags["study"], child.data.tags["mlflow.note.content"]) == ("tiny", "words")


def test_finished_run_is_found_by_its_key_and_no_other_is(client, experiment, publication):
    parent = runs.study_run(experiment, "tiny")
    assert runs.published(experiment, "key of a") is None
    run_id = runs.publish(experiment, parent, publication("a"))
    assert runs.published(experiment, "key of a") == run_id
    assert runs.published(experiment, "key of b") is None


def test_run_that_failed_is_not_taken_for_published(client, experiment, publication, tmp_path):
    parent = runs.study_run(experiment, "tiny")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        runs.publish(experiment, parent, publication("a", files=[tmp_path / "nowhere"]))
    (failed,) = client.search_runs([experiment], "attributes.run_name = 'a'")
    assert failed.info.status == "FAILED"
    assert runs.published(experiment, "key of a") is None


@pytest.mark.parametrize("itself", [False, True])
def test_unfinished_run_of_a_process_that_is_no_more_is_closed(client, experiment, dead, itself):
    """A process may have the number that a dead one had, its own for one."""
    run_id = unfinished(client, experiment, f"{HOST}:{os.getpid() if itself else dead}")
    runs.close_dead(experiment)
    assert status(client, run_id) == "KILLED"


def test_unfinished_runs_of_others_are_left_alone(client, experiment):
    living = unfinished(client, experiment, f"{HOST}:{os.getppid()}")
    elsewhere = unfinished(client, experiment, "another-machine:1")
    not_ours = client.create_run(experiment).info.run_id
    runs.close_dead(experiment)
    assert {status(client, run_id) for run_id in (living, elsewhere, not_ours)} == {"RUNNING"}


def test_unfinished_run_of_another_machine_is_closed_after_an_hour(client, experiment):
    run_id = unfinished(client, experiment, "another-machine:1", start_time=1)
    runs.close_dead(experiment)
    assert status(client, run_id) == "KILLED"


def test_models_of_a_run_that_is_closed_are_taken_back(client, experiment, dead):
    client.create_registered_model("bias-transfer-bow-distilled")
    run_id = unfinished(client, experiment, f"{HOST}:{dead}")
    other = client.create_run(experiment).info.run_id
    for number in (run_id, other):
        client.create_model_version("bias-transfer-bow-distilled", "file:///nowhere", run_id=number)
    runs.close_dead(experiment)
    (left,) = client.search_model_versions("name = 'bias-transfer-bow-distilled'")
    assert left.run_id == other


@pytest.mark.parametrize(("replace", "holder"), [(True, 1), (False, 2)])
def test_alias_goes_to_the_versions_of_the_runs_given(client, experiment, replace, holder):
    client.create_registered_model("bias-transfer-bow-distilled")
    first, second = (client.create_run(experiment).info.run_id for _ in range(2))
    for run_id in (first, second):
        client.create_model_version("bias-transfer-bow-distilled", "file:///nowhere", run_id=run_id)
    registry.mark_latest("a study", [second], replace=False)
    registry.mark_latest("a study", [first], replace=replace)
    found = client.get_model_version_by_alias("bias-transfer-bow-distilled", "latest-a-study")
    assert int(found.version) == holder


def test_the_last_published_runs_of_a_study_are_its_current_ones(client, experiment, publication):
    parent = runs.study_run(experiment, "tiny")
    old, kept, new = (runs.publish(experiment, parent, publication(name)) for name in "abc")
    foreign = runs.publish(experiment, parent, publication("d", study="other"))
    runs.mark_current("other", [foreign])
    runs.mark_current("tiny", [old, kept])
    runs.mark_current("tiny", [kept, new])
    assert {run.info.run_id for run in runs.current("tiny")} == {kept, new}
    assert {run.info.run_id for run in runs.current("other")} == {foreign}
    assert client.get_run(old).data.tags["current"] == "false"


def test_declarations_are_of_reports_that_were_published_whole(client, experiment, publication):
    parent = runs.study_run(experiment, "tiny")
    tags = {"stage": "report", runs.DECLARATION_TAG: "d1", runs.PREDICTIONS_TAG: "p1"}
    runs.publish(experiment, parent, publication("report", tags=tags))
    runs.publish(experiment, parent, publication("report", tags={"stage": "report"}, key="old"))
    unfinished(client, experiment, "another-machine:1")
    assert runs.declared() == [("tiny", "p1", "d1")]
