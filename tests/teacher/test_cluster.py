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
LABELLING = params.Labelling(engine="transformers", batch_tokens=4096, ray_workers=1)


@pytest.fixture(scope="module")
def texts(sentences) -> dict[str, str]:
    """Five chunks and a bit, of texts of one to four words."""
    words = " ".join(sentences).split()
    return {
        f"{i:016x}": " ".join(words[(i + j) % len(words)] for j in range(1 + i % 4))
        for i in range(5 * CHUNK + 20)
    }


@pytest.fixture(scope="module")
def scorer(tiny_teacher) -> RayScorer:
    return RayScorer(tiny_teacher(), None, LABELLING, "cpu")


class KillsWorkers:
    """A scorer whose workers are all killed after the first batch, and made anew."""

    def __init__(self, scorer: RayScorer) -> None:
        self.scorer = scorer
        self.killed: set[psutil.Process] = set()
        self.answered: list[str] = []

    def score(self, texts, done=()):
        for number, batch in enumerate(self.scorer.score(texts, done)):
            self.answered += batch
            yield batch
            if number == 0:
                self._kill()

    def _kill(self) -> None:
        self.killed = workers()
        for worker in self.killed:
            worker.kill()
        deadline = time.monotonic() + 120
        while not workers() - self.killed:
            assert time.monotonic() < deadline, "no worker was made anew"
            time.sleep(0.1)


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


def test_workers_killed_at_work_change_no_answer_that_a_journal_lacks(
    tiny_teacher, scorer, texts, tmp_path
):
    """The first chunk and every third other text are known; the rest is in the same batches."""
    journal = Journal(tmp_path / "journal.jsonl", "a" * 64)
    names = list(texts)
    known = [*names[:CHUNK], *names[CHUNK::3]]
    journal.append({name: labels.Answer(-1.0, -2.0, 0) for name in known})
    plain = model.load(tiny_teacher(), None, LABELLING, "cpu").score(texts, set(known))
    expected = {name: answer for batch in plain for name, answer in batch.items()}
    kills = KillsWorkers(scorer)
    assert labels.ask(texts, journal, lambda: kills) == len(expected) == len(texts) - len(known)
    assert len(kills.killed) == 1
    assert sorted(kills.answered) == sorted(expected)
    assert {name: journal.answers[name] for name in expected} == expected
    # The header, what was known, and a line per chunk.
    assert len(journal.path.read_bytes().splitlines()) == 2 + 5


def test_nothing_is_started_when_nothing_is_missing(scorer, texts, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert list(scorer.score(texts, texts)) == []


def test_missing_ray(scorer, texts, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(
        InputError, match=r"ray_workers and label-parquet need Ray: pip install 'ray\[data\]'"
    ):
        next(scorer.score(texts))


def test_worker_has_the_threads_of_this_process_whatever_ray_says(scorer, monkeypatch):
    class Tells(cluster.Worker):
        def __call__(self, rows):
            import pyarrow as pa

            return pa.table(
                {"threads": [torch.get_num_threads()], "ray_says": [os.environ["OMP_NUM_THREADS"]]}
            )

    # In this process alone: the worker's torch is its own.
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    (told,) = scorer.map(cluster.connect().from_items([{"id": "a"}]), Tells, 1, 1).take_all()
    assert told == {"threads": 3, "ray_says": "1"}


# A run that failed holds its cores for some seconds more, so those that fail stand last.


def test_text_that_kills_every_worker_ends_the_run(scorer, monkeypatch):
    class Dies(cluster.Worker):
        def __call__(self, rows):
            os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(cluster, "RETRIES", 0)
    with (
        pytest.raises(InputError, match="gave up after 0 retries of the same texts"),
        cluster.clear_errors(),
    ):
        scorer.map(cluster.connect().from_items([{"id": "a"}]), Dies, 1, 1).take_all()


def test_error_of_a_worker_is_the_users(tiny_teacher, texts):
    scorer = RayScorer(tiny_teacher(model="/nowhere"), None, LABELLING, "cpu")
    with pytest.raises(InputError, match=r"^model folder /nowhere is missing$"):
        next(scorer.score(texts))
