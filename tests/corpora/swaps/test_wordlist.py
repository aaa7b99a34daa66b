"""The closed lists: what they hold, and what a list must not hold."""

import pytest

from bias_transfer.corpora.swaps import wordlist
from bias_transfer.io import user_tables
from bias_transfer.io.errors import InputError


def read(tmp_path, rows, header="female,male,kind,use,found"):
    path = tmp_path / "words.csv"
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return wordlist.read(path)


def test_the_gendered_list_has_thirty_or_more_pairs_of_words_and_its_phrases():
    words = wordlist.gendered()
    assert words.sides == ("female", "male")
    singular = [pair for pair in words.pairs if not pair.words[0].endswith("s")]
    assert len(singular) >= 28
    assert {pair.kind for pair in words.pairs} == {"pronoun", "kin", "noun"}
    assert {"leading man", "oh man", "men in black"} <= set(words.phrases)


def test_the_placebo_has_fifteen_or_more_pairs_and_no_gendered_word():
    words = wordlist.placebo()
    assert len(words.pairs) >= 15
    assert not set(words.partners) & set(wordlist.gendered().partners)
    assert all(len(entries) == 1 for entries in words.entries.values())


def test_words_that_were_considered_and_not_taken_are_not_taken():
    left = user_tables.read(str(wordlist.FOLDER / "left.csv"), dtype=str)
    assert not set(left["word"]) & set(wordlist.gendered().entries)
    assert left["word"].is_unique


@pytest.mark.parametrize("name", ["words", "placebo", "phrases", "placebo_phrases", "left"])
def test_every_row_of_every_list_has_a_reason_and_none_stands_twice(name):
    frame = user_tables.read(str(wordlist.FOLDER / f"{name}.csv"), dtype=str, keep_default_na=False)
    assert (frame["reason"].str.strip() != "").all()
    assert not frame.duplicated().any()


def test_a_word_with_two_partners_has_a_use_for_each():
    uses = {pair.use for pair in wordlist.gendered().entries["her"]}
    assert uses == {"object", "possessive"}


def test_a_pair_may_be_looked_for_from_one_side_alone():
    words = wordlist.gendered()
    assert "actress" in words.entries
    assert "actor" not in words.entries
    assert words.partners["actor"] == {"actress"}


def test_a_phrase_with_female_words_is_left_alone_with_male_ones_too_and_not_the_other_way():
    phrases = set(wordlist.gendered().phrases)
    assert {"call girl", "call boy"} <= phrases
    assert "leading man" in phrases
    assert "pretty boy" in phrases
    assert "pretty girl" not in phrases


@pytest.mark.parametrize(
    ("rows", "parts"),
    [
        (["she,he", "he,it"], ["row 3", "'he'", "female side", "male side in row 2"]),
        (["she,she"], ["row 2", "'she'", "side"]),
        (["she,he", "aunt,uncle", "she,he"], ["row 4", "she/he", "row 2"]),
        (["she,he", "SHE , He"], ["row 3", "she/he", "row 2"]),
        (["she,"], ["row 2", "male side is empty"]),
        ([" ,he"], ["row 2", "female side is empty"]),
        (["old lady,old man"], ["row 2", "'old lady'", "one word"]),
        (["her,him,,object", "her,his"], ["row 3", "'her'", "row 2", "'use'"]),
        (["her,him", "her,his,,possessive"], ["row 3", "'her'", "row 2"]),
        (["her,him,,object", "her,his,,object"], ["row 3", "'her'", "row 2"]),
        (["mom,dad", "mum,dad"], ["row 3", "'dad'", "row 2", "'found'"]),
        (["actress,actor,,,women"], ["row 2", "found", "'women'"]),
    ],
)
def test_a_faulty_list_is_refused_in_one_line_with_file_and_row(tmp_path, rows, parts):
    with pytest.raises(InputError) as error:
        read(tmp_path, rows)
    message = str(error.value)
    assert "\n" not in message
    assert str(tmp_path / "words.csv") in message
    assert all(part in message for part in parts), message


def test_a_list_needs_two_columns(tmp_path):
    with pytest.raises(InputError, match="two sides"):
        read(tmp_path, ["she"], header="female")


def test_an_empty_phrase_and_a_file_without_phrases_are_refused(tmp_path):
    words = wordlist.FOLDER / "words.csv"
    path = tmp_path / "phrases.csv"
    path.write_text('phrase,reason\n"",none\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"row 2.*empty"):
        wordlist.read(words, path)
    path.write_text("words,reason\nleading man,trade\n", encoding="utf-8")
    with pytest.raises(InputError, match="column 'phrase' is missing"):
        wordlist.read(words, path)
