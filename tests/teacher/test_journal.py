"""Answers survive a kill at any byte and a full disk, to the digit, and are of one teacher."""

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bias_transfer.io.errors import InputError
from bias_transfer.teacher.journal import Answer, Journal

TEACHER = "ab" * 32
BATCHES = [
    {"00000000000000aa": Answer(-0.1, -2.5, 0)},
    {
        "00000000000000bb": Answer(-1 / 3, -1e-17, 7),
        "00000000000000cc": Answer(-123.456789012345678, -0.7, 0),
    },
    {"00000000000000dd": Answer(-2.25, -0.5, 12), "00000000000000ee": Answer(-0.75, -3.0, 0)},
]


def add(path: Path, *batches: dict[str, Answer]) -> Journal:
    journal = Journal(path, TEACHER)
    with journal.alone():
        for batch in batches:
            journal.append(batch)
    return journal


def together(*batches: dict[str, Answer]) -> dict[str, Answer]:
    return {name: answer for batch in batches for name, answer in batch.items()}


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.fixture
def complete(path) -> bytes:
    """All of a journal; it lies at ``path`` too."""
    add(path, *BATCHES)
    return path.read_bytes()


def test_batch_torn_at_any_byte_is_dropped_whole_and_asked_again(path, complete):
    start = complete[:-1].rfind(b"\n") + 1
    assert 0 < start < len(complete) - 60
    for size in range(start, len(complete)):
        path.write_bytes(complete[:size])
        assert Journal(path, TEACHER).answers == together(*BATCHES[:2]), size
        assert add(path, BATCHES[2]).answers == together(*BATCHES), size
        assert path.read_bytes() == complete, size


def test_header_torn_at_any_byte_counts_as_none(path, complete):
    for size in range(complete.index(b"\n") + 1):
        path.write_bytes(complete[:size])
        assert Journal(path, TEACHER).answers == {}
        add(path, *BATCHES)
        assert path.read_bytes() == complete, size


def test_complete_journal_is_read_whole_and_left_alone(path, complete):
    journal = Journal(path, TEACHER)
    assert journal.answers == together(*BATCHES)
    assert {type(answer) for answer in journal.answers.values()} == {Answer}
    assert path.read_bytes() == complete
    assert complete.count(b"\n") == 1 + len(BATCHES)


def test_journal_that_is_not_there_is_empty_and_made_on_the_first_answer(tmp_path):
    path = tmp_path / "new" / "journal.jsonl"
    assert Journal(path, TEACHER).answers == {}
    assert not path.exists()
    add(path, *BATCHES)
    assert Journal(path, TEACHER).answers == together(*BATCHES)


def test_half_a_line_that_another_run_is_writing_is_left_to_it(path, complete):
    """A second run reads the journal before it learns that it is not alone."""
    with Journal(path, TEACHER).alone():
        path.write_bytes(complete[:-5])
        Journal(path, TEACHER)
        assert path.read_bytes() == complete[:-5]


@pytest.mark.parametrize(
    "header",
    [
        b'{"journal": 2, "fingerprint": "' + b"cd" * 32 + b'"}\n',
        b'{"journal": 1, "fingerprint": "' + TEACHER.encode() + b'"}\n',
        b'["00000000000000aa", -0.1, -2.5]\n',
        b"\xff\xfe\n",
    ],
    ids=["another teacher", "another version", "before there was a header", "not even text"],
)
def test_journal_of_another_teacher_or_version_is_refused_and_left_alone(path, complete, header):
    found = header + complete[complete.index(b"\n") + 1 : -3]
    path.write_bytes(found)
    with pytest.raises(InputError, match="move it away") as caught:
        Journal(path, TEACHER)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == found


@pytest.mark.parametrize(
    "garbage",
    [
        b"\0\0\0\0",
        b"[[",
        b"5",
        b'{"a": 1}',
        b'[["00000000000000aa", -0.1, -2.5]]',
        b'[["00000000000000aa", "x", 0, 0]]',
    ],
)
def test_line_in_the_middle_that_holds_no_answers_is_named(path, complete, garbage):
    lines = complete.splitlines()
    path.write_bytes(b"\n".join([*lines[:2], garbage, *lines[3:], b""]))
    with pytest.raises(InputError, match=r"journal\.jsonl, line 3: damaged"):
        Journal(path, TEACHER)


def test_floats_round_trip_exactly(path):
    random = np.random.default_rng(0)
    pairs = -random.exponential(10.0 ** random.integers(-12, 4, (500, 1)), (500, 2))
    answers = {
        f"{i:016x}": Answer(*pair, i) for i, pair in enumerate([*pairs.tolist(), (-5e-324, -0.0)])
    }
    add(path, answers)
    found = Journal(path, TEACHER).answers
    assert list(found) == list(answers)
    assert np.array(list(found.values())).tobytes() == np.array(list(answers.values())).tobytes()


def test_full_disk_says_so_and_keeps_what_is_there(path, complete):
    """A limit on the size of files, which leaves half a line behind as a full disk does."""
    path.write_bytes(complete)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    new = {"00000000000000ff": Answer(-1.0, -1.0, 0)}
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(complete) + 10, limits[1]))
    try:
        with pytest.raises(
            InputError, match=r"cannot write .*journal\.jsonl: .*5 answers are safe there"
        ):
            add(path, new)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert len(complete) < path.stat().st_size < len(complete) + 20
    assert Journal(path, TEACHER).answers == together(*BATCHES)
    assert add(path, new).answers == together(*BATCHES, new)


def test_answers_that_do_not_reach_the_disk_do_not_count(path, monkeypatch):
    journal = add(path, BATCHES[0])

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        journal.append(BATCHES[1])
    assert journal.answers == BATCHES[0]


HOLDS = f"""
import sys
from pathlib import Path
from bias_transfer.teacher.journal import Journal
with Journal(Path(sys.argv[1]), "{TEACHER}").alone():
    print("alone", flush=True)
    sys.stdin.read()
"""


def test_second_run_is_refused_until_the_first_is_gone(path, complete):
    """Killed, it leaves no lock behind."""
    first = subprocess.Popen(  # noqa: S603  our own code
        [sys.executable, "-c", HOLDS, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with first:
        assert first.stdout.readline() == b"alone\n"
        with pytest.raises(InputError, match=r"another run is writing .*journal\.jsonl"):
            add(path, BATCHES[0])
        assert path.read_bytes() == complete
        first.kill()
    assert add(path, {}).answers == together(*BATCHES)
