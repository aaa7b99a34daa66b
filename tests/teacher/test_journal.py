"""Answers survive a kill at any byte, digit for digit."""

import numpy as np
import pytest

from bias_transfer.teacher.journal import Journal

IDS = ["00000000000000aa", "00000000000000bb", "00000000000000cc"]
PAIRS = np.array([[-0.1, -2.5], [-1 / 3, -1e-17], [-123.456789012345678, -0.7]])


def written(path) -> bytes:
    for name, pair in zip(IDS, PAIRS, strict=True):
        Journal(path).append([name], pair[None])
    return path.read_bytes()


def expected(n: int) -> dict[str, tuple[float, float]]:
    return {name: tuple(pair) for name, pair in zip(IDS[:n], PAIRS[:n].tolist(), strict=True)}


def test_resumes_wherever_the_last_record_was_torn(tmp_path):
    complete = written(tmp_path / "complete.jsonl")
    start_of_last = complete[:-1].rfind(b"\n") + 1
    assert 0 < start_of_last < len(complete) - 40
    for size in range(start_of_last, len(complete)):
        path = tmp_path / f"{size}.jsonl"
        path.write_bytes(complete[:size])
        journal = Journal(path)
        assert journal.answers == expected(2), size
        journal.append(IDS[2:], PAIRS[2:])
        assert journal.answers == expected(3), size
        assert path.read_bytes() == complete, size


def test_complete_journal_is_read_whole_and_left_alone(tmp_path):
    complete = written(tmp_path / "journal.jsonl")
    assert Journal(tmp_path / "journal.jsonl").answers == expected(3)
    assert (tmp_path / "journal.jsonl").read_bytes() == complete


def test_journal_that_is_not_there_is_empty_and_made_on_the_first_answer(tmp_path):
    path = tmp_path / "new" / "journal.jsonl"
    journal = Journal(path)
    assert journal.answers == {}
    assert not path.exists()
    journal.append(IDS, PAIRS)
    assert Journal(path).answers == expected(3)


def test_file_of_one_torn_record_counts_as_empty(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'["00000000000000aa", -0.')
    assert Journal(path).answers == {}
    assert path.read_bytes() == b""


def test_floats_round_trip_exactly(tmp_path):
    random = np.random.default_rng(0)
    pairs = np.concatenate(
        [-random.exponential(10.0 ** random.integers(-12, 4, (500, 1)), (500, 2)), [[-5e-324, -0.0]]]
    )
    ids = [f"{i:016x}" for i in range(len(pairs))]
    Journal(tmp_path / "journal.jsonl").append(ids, pairs)
    answers = Journal(tmp_path / "journal.jsonl").answers
    assert list(answers) == ids
    assert np.array(list(answers.values())).tobytes() == pairs.tobytes()


def test_answers_and_ids_of_different_number_are_refused_before_anything_is_written(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    with pytest.raises(ValueError):
        journal.append(IDS, PAIRS[:2])
    assert journal.answers == {}
    assert not journal.path.exists()
