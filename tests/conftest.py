"""Tiny real models, the same on every machine, built in seconds: no test needs the network."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is imported anywhere
# Before torch is: tiny models only wait for a second thread, and long if it is busy.
os.environ["OMP_NUM_THREADS"] = "1"

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import tiny_models
import tiny_study as pipeline
import torch
from filelock import FileLock

from bias_transfer.study import params


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory) -> Path:
    """Folder of a random two-layer Llama.

    Its tokenizer holds " Negative" and " Positive" as single tokens.
    """
    return tiny_models.llama(tmp_path_factory.mktemp("tiny-llama"))


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory) -> Path:
    """Folder of a random two-layer BERT and its WordPiece tokenizer."""
    return tiny_models.encoder(tmp_path_factory.mktemp("tiny-encoder"))


@pytest.fixture(scope="session")
def tiny_distilbert(tmp_path_factory) -> Path:
    """Folder of a random two-layer DistilBERT and its WordPiece tokenizer."""
    return tiny_models.distilbert(tmp_path_factory.mktemp("tiny-distilbert"))


def pytest_addoption(parser):
    parser.addoption(
        "--faults",
        type=int,
        metavar="N",
        help="faults to draw in tests/faults (default: a few of them)",
    )


SLOW_FIXTURES = {"tiny_study", "zygote", "local_cluster"}  # they start processes
# Files, and functions with all their parameters, that took more than half a second.
SLOW = frozenset((Path(__file__).parent / "slow.txt").read_text(encoding="utf-8").split())
# Files that take long, in the order in which workers take them. What stands between the first and
# those that need its tiny study does not; the others fill up the end.
ORDER = (
    "test_pipeline.py",
    "test_cluster.py",
    "test_label_parquet.py",
    "test_label.py",
    "test_bias.py",
    "test_server.py",
    "test_train.py",
    "test_torchrun.py",
    "test_faults.py",
    "test_security.py",
)


def pytest_collection_modifyitems(items):
    """Mark as slow what starts processes or takes more than half a second, and order the files.

    The first makes the tiny study. No other worker should wait for it, and all should end at about
    the same time.
    """
    order = {name: place for place, name in enumerate(ORDER)}
    tests = Path(__file__).parent
    for item in items:
        file = item.path.relative_to(tests).as_posix()
        listed = not SLOW.isdisjoint((file, f"{file}::{item.function.__name__}"))
        if listed or SLOW_FIXTURES & set(item.fixturenames):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


def pytest_terminal_summary(terminalreporter, config):
    passed = terminalreporter.getreports("passed")
    faults = sorted(
        value for report in passed for name, value in report.user_properties if name == "fault"
    )
    counts = Counter((kind, place) for _, kind, place in faults)
    if config.getoption("--faults") is None or not counts:
        return
    terminalreporter.write_line("| fault | where | faults |\n| --- | --- | ---: |")
    for kind in dict.fromkeys(kind for kind, _ in counts):
        places = {place: n for (other, place), n in counts.items() if other == kind}
        terminalreporter.write_line(f"| {kind} | {', '.join(places)} | {sum(places.values())} |")
    failed = len(terminalreporter.getreports("failed"))
    terminalreporter.write_line(f"\n{counts.total()} faults came through, {failed} did not")


class TinyStudy(NamedTuple):
    """A checkout in which the tiny study has run, and a copy of it that no test changes.

    ``watched`` has what the run read, changed and printed.
    """

    project: pipeline.Project
    pristine: Path
    watched: Path

    def noted(self, arguments: Sequence[str]) -> Path:
        """Where it is noted which files a stage, known by its arguments, opened to read."""
        return self.watched / "reads" / " ".join(arguments).replace("/", "|")

    def changes(self, arguments: Sequence[str]) -> int:
        """How many changes to the disk a stage made."""
        return int(Path(f"{self.noted(arguments)}.changes").read_text())


@pytest.fixture(scope="session")
def tiny_study(tmp_path_factory, worker_id, tiny_llama, tiny_encoder, zygote) -> TinyStudy:
    """The whole pipeline on a tiny study, run once for all processes that pytest-xdist starts."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "tiny-study"
    checkout, pristine, watched = (folder / name for name in ("checkout", "pristine", "watched"))
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        if not pristine.exists():
            pipeline.build(checkout, tiny_llama, tiny_encoder, zygote, watched)
            shutil.copytree(checkout, pristine, symlinks=True)
    return TinyStudy(pipeline.Project(checkout, zygote), pristine, watched)


@pytest.fixture(scope="session")
def zygote(tmp_path_factory) -> Iterator[pipeline.Zygote]:
    """What starts commands of the project without waiting for their imports."""
    zygote = pipeline.Zygote(tmp_path_factory.mktemp("zygote"))
    yield zygote
    zygote.stop()


@pytest.fixture(scope="session")
def tiny_teacher(tiny_llama) -> Callable[..., params.Teacher]:
    """Params of the tiny Llama as a teacher, with any field changed by keyword."""

    def teacher(**changes) -> params.Teacher:
        fields = {
            "model": str(tiny_llama),
            "revision": None,
            "prompt": tiny_models.PROMPT,
            "labels": (" Negative", " Positive"),
            "max_text_tokens": 48,
            "dtype": "float32",
        }
        return params.Teacher(**fields | changes)

    return teacher


@pytest.fixture(scope="module")
def local_cluster():
    """Ray on this machine alone, stopped when the module is done."""
    import ray

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RAY_ADDRESS", raising=False)
        yield
        ray.shutdown()


@pytest.fixture
def set_threads():
    """``torch.set_num_threads``, undone afterwards."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def labelling() -> params.Labelling:
    """Small batches, in this process."""
    return params.Labelling(engine="transformers", batch_tokens=256, ray_workers=0)


@pytest.fixture(scope="session")
def tiny_student(
    tiny_encoder, tiny_distilbert
) -> Callable[..., params.Bow | params.Cnn | params.Encoder]:
    """Params of a tiny student by name, with any field changed by keyword.

    Names: bow, cnn, tiny_encoder, tiny_distilbert.
    """
    training = {
        "epochs": 2,
        "batch_size": 4,
        "learning_rate": 0.01,
        "weight_decay": 0.0,
        "max_length": 24,
    }
    words = training | {
        "vocabulary_size": 100,
        "min_frequency": 1,
        "embedding_dim": 8,
        "dropout": 0.1,
    }
    convolutions = {"filter_widths": (2, 3, 5), "filters": 4}

    def student(name: str, **changes) -> params.Bow | params.Cnn | params.Encoder:
        if name == "bow":
            return params.Bow(**{"architecture": "bow"} | words | changes)
        if name == "cnn":
            return params.Cnn(**{"architecture": "cnn"} | words | convolutions | changes)
        folder = {"tiny_encoder": tiny_encoder, "tiny_distilbert": tiny_distilbert}[name]
        fields = {"architecture": "transformer", "model": str(folder), "revision": None}
        fields |= {"dtype": "float32"} | training
        return params.Encoder(**fields | changes)

    return student


@pytest.fixture(scope="session")
def sentences() -> list[str]:
    """A few sentences whose words both tiny tokenizers know."""
    return list(tiny_models.SENTENCES)
