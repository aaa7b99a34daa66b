"""The teacher on a real Ray cluster of this machine: the plain teacher's answers, whatever happens to its workers."""

import os
import sys

import psutil
import pytest

from bias_transfer import params
from bias_transfer.errors import InputError
from bias_transfer.teacher import model, scoring
from bias_transfer.teacher.cluster import RayTeacher
from bias_transfer.teacher.journal import Journal
from bias_transfer.teacher.labels import ask

pytestmark = pytest.mark.filterwarnings(  # Ray's own; it leaves files to the garbage collector
    "ignore::DeprecationWarning:ray", "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

TWO_WORKERS = params.Labelling(engine="transformers", batch_tokens=16384, ray_workers=2)


@pytest.fixture(scope="module", autouse=True)
def shut_down():
    os.environ.pop("RAY_ADDRESS", None)
    yield
    import ray

    ray.shutdown()


@pytest.fixture(scope="module")
def texts(sentences) -> dict[str, str]:
    """Four chunks and a bit, of one to four words each."""
    words = " ".join(sentences).split()
    return {f"{i:016x}": " ".join(words[(i + j) % len(words)] for j in range(1 + i % 4)) for i in range(4200)}


@pytest.fixture(scope="module")
def plain(tiny_teacher, texts):
    return dict(answers(model.load(tiny_teacher(), None, TWO_WORKERS, "cpu").score(texts)))


def answers(batches):
    return [item for batch in batches for item in batch.items()]

def workers():
    return [p for p in psutil.Process().children(recursive=True) if "MapWorker" in " ".join(p.cmdline())]

def test_x(tiny_teacher, texts, plain):
    import time
    t=time.time()
    got=[]
    for b in RayTeacher(tiny_teacher(), None, TWO_WORKERS, "cpu").score(texts):
        print(time.time()-t, len(b)); got+=b.items()
    assert len(got)==4200
    assert dict(got)==plain

def test_kill(tiny_teacher, texts, plain):
    import time
    t=time.time()
    got=[]
    for b in RayTeacher(tiny_teacher(), None, TWO_WORKERS, "cpu").score(texts):
        if not got:
            ws=workers(); print(ws)
            for w in ws: w.kill()
        print(time.time()-t, len(b)); got+=b.items()
    assert len(got)==4200
    assert dict(got)==plain

def test_err(tiny_teacher, texts):
    with pytest.raises(InputError) as e:
        list(RayTeacher(tiny_teacher(model="/nowhere"), None, TWO_WORKERS, "cpu").score(texts))
    print(e.value)
