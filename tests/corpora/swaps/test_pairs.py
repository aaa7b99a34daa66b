"""Pairs for ``audit --corpus``: found texts, counted rows, and a file that the audit takes."""

import pandas as pd
import pytest
import stubs_of_swaps as stubs

from bias_transfer.bias import custom
from bias_transfer.corpora import text_id
from bias_transfer.corpora.swaps import pairs, wordlist
from bias_transfer.io import tables
from bias_transfer.io.errors import InputError

TEXTS = ["She left her aunt.", "He wept.", "A slow film.", "He wept.", "The women, his men."]


def make(texts=TEXTS):
    return pairs.pairs(pd.Series(texts, dtype=object), wordlist.gendered(), stubs.tagger, "in.csv")


def test_columns_rows_and_counts():
    made = make()
    assert list(made.frame.columns) == pairs.COLUMNS
    assert made.counts == {"read": 5, "duplicates": 1, "without": 1, "repeated": 0, "swapped": 3}
    assert made.frame["group"].tolist() == ["female", "male"] * 3
    first = made.frame.iloc[:2]
    assert set(first[["pair_id", "template", "unit"]].stack()) == {text_id(TEXTS[0])}
    assert first["sentence"].tolist() == ["She left her aunt.", "He left his uncle."]
    assert made.frame["original"].tolist() == ["female"] * 2 + ["male"] * 2 + ["mixed"] * 2
    assert made.frame["n_edits"].tolist() == [3, 3, 1, 1, 3, 3]


@pytest.mark.parametrize("name", ["pairs.csv", "pairs.parquet"])
def test_the_audit_reads_what_is_written(tmp_path, name):
    texts = [*TEXTS, 'She said:\r\n"no,\nno" 🙂', "мужчина и his\ttaxi"]
    made = make(texts)
    tables.write(made.frame, tmp_path / name)
    corpus = custom.read(tmp_path / name)
    assert corpus["sentence"].tolist() == made.frame["sentence"].tolist()
    assert custom.axis(corpus) == "female - male"


def test_a_version_that_an_earlier_pair_has_is_left_out_and_counted():
    made = make(["He wept.", "She wept.", "He left."])
    assert made.counts["repeated"] == 1
    assert made.frame["sentence"].is_unique


def test_texts_that_mention_nobody_are_refused_all_together():
    with pytest.raises(InputError, match=r"in\.csv: none of the 2 texts .*'she' or 'he'"):
        make(["A slow film.", "", ""])


def test_one_text_is_too_few():
    with pytest.raises(InputError, match="one text"):
        make(["He wept.", "Rain."])


@pytest.mark.parametrize("name", ["text", "Review", " sentence "])
def test_the_text_column_is_found_by_its_name(name):
    frame = pd.DataFrame({"id": ["1"], name: ["He wept."]})
    assert pairs.text_column(frame, "in.csv").tolist() == ["He wept."]


def test_a_missing_text_column_names_those_that_would_do():
    with pytest.raises(InputError, match=r"in\.csv: no column .*'text' \(or review"):
        pairs.text_column(pd.DataFrame({"words": ["He wept."]}), "in.csv")


def test_two_text_columns_are_refused_with_their_names():
    with pytest.raises(InputError, match=r"in\.csv: columns 'text', 'review'"):
        pairs.text_column(pd.DataFrame({"text": ["a"], "review": ["b"]}), "in.csv")


@pytest.mark.parametrize("value", [None, 3.5, b"He"])
def test_a_value_that_is_no_text_is_refused_with_its_row(value):
    frame = pd.DataFrame({"text": pd.Series(["He wept.", value], dtype=object)})
    with pytest.raises(InputError, match=r"in\.csv, row 3, column 'text'"):
        pairs.text_column(frame, "in.csv")
