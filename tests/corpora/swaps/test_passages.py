"""The passage that every system reads: whole sentences around the first word, within a budget."""

import pytest

from bias_transfer.corpora.swaps import edits, passages
from bias_transfer.io.errors import InputError

REVIEW = (
    "One two three. Four five six! Seven he eight? Nine ten, eleven twelve. Thirteen his fourteen."
)
EDITS = [(REVIEW.index(" he ") + 1, 2, "she", "he"), (REVIEW.index("his"), 3, "her", "his")]


def words(limit):
    return lambda text: len(text.split()) <= limit


def cut(limit, text=REVIEW, found=EDITS):
    return passages.cut(text, found, words(limit))


def test_a_text_that_fits_is_whole():
    assert cut(16) == (REVIEW, EDITS)


@pytest.mark.parametrize(
    ("limit", "passage"),
    [
        (3, "Seven he eight?"),
        (6, "Four five six! Seven he eight?"),  # what follows is too long
        (7, "Seven he eight? Nine ten, eleven twelve."),  # what follows comes first
        (10, "Four five six! Seven he eight? Nine ten, eleven twelve."),
        (13, "Four five six! Seven he eight? Nine ten, eleven twelve. Thirteen his fourteen."),
    ],
)
def test_whole_sentences_are_added_in_turn(limit, passage):
    assert cut(limit)[0] == passage


def test_edits_move_with_the_passage():
    passage, found = cut(13)
    assert [passage[start : start + length] for start, length, *_ in found] == ["he", "his"]
    assert edits.versions(passage, found)[0].startswith("Four five six! Seven she eight?")


def test_clauses_then_words_where_a_sentence_is_too_long():
    text = "Some long words here, and then he went away quietly, which nobody much minded."
    found = [(text.index("he went"), 2, "she", "he")]
    assert cut(7, text, found)[0] == "and then he went away quietly,"
    assert cut(3, text, found)[0] == "then he went"


def test_both_versions_must_fit():
    text = "A. The hero waits. B."
    found = [(text.index("hero"), 4, "heroine", "hero")]
    assert cut_to(18, text, found) == "The hero waits."  # "The heroine waits." has 18 characters
    assert cut_to(17, text, found) == "hero waits. B."


def cut_to(length, text, found):
    return passages.cut(text, found, lambda part: len(part) <= length)[0]


def test_the_passage_is_the_same_whenever_it_is_cut_and_holds_the_first_word():
    for limit in range(1, 17):
        passage, found = cut(limit)
        assert (passage, found) == cut(limit)
        assert passage in REVIEW
        assert words(limit)(passage)
        assert found[0][2:] == ("she", "he")


def test_markup_and_quotes_stay_with_their_sentences():
    text = 'He said "no." Then more words came.<br /><br />A new line with many more words.'
    found = [(0, 2, "She", "He")]
    assert cut(3, text, found)[0] == 'He said "no."'
    assert cut(8, text, found)[0] == 'He said "no." Then more words came.'


def test_odd_characters_are_cut_between():
    text = "Ü\x00ber 🙂🙂 она he ждёт.\nEnd"
    found = [(text.index("he"), 2, "she", "he")]
    passage, moved = cut(2, text, found)
    assert passage[moved[0][0] :].startswith("he")


def test_a_budget_below_one_word_is_refused():
    with pytest.raises(InputError, match=r"budget.*'he'"):
        cut(0)
