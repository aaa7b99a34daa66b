"""What must hold for any content, drawn by hypothesis."""

import copy
import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bias_transfer.corpora import sources, splits, text_id
from bias_transfer.io import schemas, tables, user_tables
from bias_transfer.io.errors import InputError, printable
from bias_transfer.study import params
from bias_transfer.teacher.journal import Answer, Journal

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = (ROOT / "params.yaml").read_text(encoding="utf-8")
VALUES_SHIPPED = yaml.safe_load(SHIPPED)
OWN_FILES = params.parse(SHIPPED, "params.yaml").reviews["files"]

# A hostile file is read in a folder of its own, over and over.
settings.register_profile(
    "files",
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("files")

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
NEGATIVE_LOGS = st.floats(max_value=0, allow_nan=False, allow_infinity=False)
SEPARATORS = st.sampled_from(
    [b",", b"\n", b"\r", b'"', b"text,label\n", b",0\n", b",1\n", b"\xef\xbb\xbf", b"\0"]
)
CSVS = st.lists(st.one_of(st.binary(max_size=20), SEPARATORS), max_size=30).map(b"".join)


@given(texts=st.lists(TEXTS, min_size=1, unique=True), labels=st.data())
def test_reviews_read_back_as_they_were_written(tmp_path, texts, labels):
    """Quotes, commas, NULs, lone carriage returns, byte-order marks, and words like NA."""
    given_labels = labels.draw(
        st.lists(st.sampled_from([0, 1]), min_size=len(texts), max_size=len(texts))
    )
    frame = pd.DataFrame({"id": map(text_id, texts), "text": texts, "label": given_labels})
    tables.write(frame, tmp_path / "reviews.csv", schemas.REVIEWS)
    found = tables.read(tmp_path / "reviews.csv", schemas.REVIEWS)
    assert found.to_dict("list") == frame.to_dict("list")


@given(content=CSVS)
def test_any_bytes_are_a_table_or_one_clear_error(tmp_path, content):
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    entry = OWN_FILES.model_copy(update={"path": str(path)})
    for read in (
        lambda: sources.load(entry),
        lambda: tables.read(path, schemas.REVIEWS),
        lambda: user_tables.read(str(path)),
    ):
        try:
            read()
        except InputError as error:
            assert printable(str(error)).isprintable()
    assert path.read_bytes() == content


@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_parquet_file_or_one_clear_error(tmp_path, content):
    path = tmp_path / "any.parquet"
    path.write_bytes(b"PAR1" + content + b"PAR1")
    with pytest.raises(InputError, match=r"any\.parquet"):
        tables.read(path, schemas.PREDICTIONS)
    with pytest.raises(InputError, match=r"any\.parquet"):
        user_tables.read(str(path))


@given(place=st.integers(0, len(SHIPPED) - 1), piece=st.text(max_size=5), cut=st.integers(0, 20))
def test_params_with_a_piece_changed_are_params_or_one_clear_error(place, piece, cut):
    try:
        params.parse(SHIPPED[:place] + piece + SHIPPED[place + cut :], "params.yaml")
    except InputError as error:
        assert str(error).startswith("params.yaml")
        assert printable(str(error)).isprintable()


def nested(leaf):
    def around(inner):
        return st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)

    return st.recursive(leaf, around, max_leaves=6)


JSON = nested(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8))
VALUES = JSON | nested(st.dates())


def leaves(values, path=()):
    for key, value in values.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))


LEAVES = list(leaves(VALUES_SHIPPED))


@given(place=st.sampled_from(LEAVES), value=VALUES)
def test_any_value_at_any_key_is_valid_or_the_key_is_named(place, value):
    values = copy.deepcopy(VALUES_SHIPPED)
    inner = values
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    try:
        params.validate(values, "params.yaml")
    except InputError as error:
        assert str(error).startswith("params.yaml: ")
        assert len(str(error)) < 1000


@given(
    answers=st.dictionaries(
        st.from_regex(r"\A[0-9a-f]{16}\Z"),
        st.builds(Answer, NEGATIVE_LOGS, NEGATIVE_LOGS, st.integers(0, 9999)),
    ).filter(len),
    place=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 7),
)
def test_journal_with_a_bit_turned_gives_true_answers_or_none(tmp_path, answers, place, bit):
    """Whatever it gives is what was written; a line that is not is named or was torn."""
    path = tmp_path / "journal.jsonl"
    path.unlink(missing_ok=True)
    journal = Journal(path, "teacher")
    names = sorted(answers)
    for start in range(0, len(names), 3):
        journal.append({name: answers[name] for name in names[start : start + 3]})
    assert Journal(path, "teacher").answers == answers
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    path.write_bytes(content)
    try:
        found = Journal(path, "teacher").answers
    except InputError as error:
        assert "journal.jsonl" in str(error)
    else:
        assert found.items() <= answers.items()
    assert path.read_bytes() == content


@given(order=st.permutations(range(40)), seed=st.integers(0, 2**32 - 1))
def test_order_of_the_rows_decides_neither_split_nor_order(order, seed):
    frame = pd.DataFrame(
        {"text": [f"film {i}" for i in range(40)], "label": [i % 2 for i in range(40)], "split": ""}
    )
    first = splits.split(frame, 20, 10, seed, "refuse")
    second = splits.split(frame.iloc[order], 20, 10, seed, "refuse")
    assert first[2] == second[2]
    for one, other in zip(first[:2], second[:2], strict=True):
        pd.testing.assert_frame_equal(one, other)


@given(values=st.dictionaries(st.text(max_size=5), JSON))
def test_json_reads_back_without_nan_or_infinity(tmp_path, values):
    tables.write_json(values, tmp_path / "values.json")
    text = (tmp_path / "values.json").read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=pytest.fail) == tables.plain(values)
