"""The teacher on a real Ray cluster: the plain teacher's answers, whatever befalls its workers."""

import os
import signal
import sys
import time

import psutil
import pytest
import torch

from bias_transfer.io.errors import InputError
from bias_transfer.study import params
from bias_transfer.teacher import cluster, labels, model
from bias_transfer.teacher.cluster import RayScorer
from bias_transfer.teacher.journal import Journal
from bias_transfer.teacher.scoring import CHUNK

pytestmark = [
    pytest.mark.usefixtures("local_cluster"),
    pytest.mark.filterwarnings(  # Ray's own; it leaves files to the garbage collector
        "ignore::DeprecationWarning:ray",
        "ignore::ResourceWarning",
        "ignore::pytest.PytestUnraisableExceptionWarning",
    ),
]
TWO_WORKERS = params.Labelling(engine="transformers", batch_tokens=4096, ray_workers=2)


@pytest.fixture(scope="module")
def texts(sentences) -> dict[str, str]:
    """Three chunks and a bit, of texts of one to four words."""
    words = " ".join(sentences).split()
    return {
        f"{i:016x}": " ".join(words[(i + j) % len(words)] for j in range(1 + i % 4))
        for i in range(3 * CHUNK + 20)
    }


@pytest.fixture(scope="module")
def plain(tiny_teacher):
    return model.load(
        tiny_teacher(), None, TWO_WORKERS.model_copy(update={"ray_workers": 0}), "cpu"
    )


@pytest.fixture(scope="module")
def teacher(tiny_teacher) -> RayScorer:
    return RayScorer(tiny_teacher(), None, TWO_WORKERS, "cpu")


def gathered(batches) -> dict:
    answers = [item for batch in batches for item in batch.items()]
    assert len(dict(answers)) == len(answers)
    return dict(answers)


def workers() -> set[psutil.Process]:
    return {
        process
        for process in psutil.Process().children(recursive=True)
        if "MapWorker" in name(process)
    }


def name(process: psutil.Process) -> str:
    """Name of a process, empty where it has ended since it was listed."""
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


def test_workers_killed_at_work_change_no_answer(teacher, plain, texts):
    batches = teacher.score(texts)
    answers = gathered([next(batches)])
    killed = workers()
    assert killed
    for worker in killed:
        worker.kill()
    while not workers() - killed:
        time.sleep(0.1)
    assert answers | gathered(batches) == gathered(plain.score(texts))


def test_answers_that_a_journal_lacks(teacher, plain, texts, tmp_path):
    """The first chunk and every third other text are known; the rest is in the same batches."""
    journal = Journal(tmp_path / "journal.jsonl", "a" * 64)
    names = list(texts)
    known = [*names[:CHUNK], *names[CHUNK::3]]
    journal.append({name: labels.Answer(-1.0, -2.0, 0) for name in known})
    expected = gathered(plain.score(texts, set(known)))
    assert labels.ask(texts, journal, lambda: teacher) == len(expected) == len(texts) - len(known)
    assert {name: journal.answers[name] for name in expected} == expected
    # The header, what was known, and a line per chunk.
    assert len(journal.path.read_bytes().splitlines()) == 2 + 3


def test_nothing_is_started_when_nothing_is_missing(teacher, texts, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert list(teacher.score(texts, texts)) == []


def test_missing_ray(teacher, texts, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(
        InputError, match=r"ray_workers and label-parquet need Ray: pip install 'ray\[data\]'"
    ):
        next(teacher.score(texts))


def test_worker_has_the_threads_of_this_process_whatever_ray_says(teacher, monkeypatch):
    class Tells(cluster.Worker):
        def __call__(self, rows):
            import pyarrow as pa

            return pa.table(
                {"threads": [torch.get_num_threads()], "ray_says": [os.environ["OMP_NUM_THREADS"]]}
            )

    # In this process alone: the worker's torch is its own.
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    (told,) = teacher.map(cluster.connect().from_items([{"id": "a"}]), Tells, 1, 1).take_all()
    assert told == {"threads": 3, "ray_says": "1"}


# A run that failed holds its cores for some seconds more, so those that fail stand last.


def test_text_that_kills_every_worker_ends_the_run(teacher, monkeypatch):
    class Dies(cluster.Worker):
        def __call__(self, rows):
            os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(cluster, "RETRIES", 0)
    with (
        pytest.raises(InputError, match="gave up after 0 retries of the same texts"),
        cluster.clear_errors(),
    ):
        teacher.map(cluster.connect().from_items([{"id": "a"}]), Dies, 1, 1).take_all()


def test_error_of_a_worker_is_the_users(tiny_teacher, texts):
    teacher = RayScorer(tiny_teacher(model="/nowhere"), None, TWO_WORKERS, "cpu")
    with pytest.raises(InputError, match=r"^model folder /nowhere is missing$"):
        next(teacher.score(texts))
