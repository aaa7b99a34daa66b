"""Which reviews mention more women than men, by hand."""

import pandas as pd
import pytest

from bias_transfer.corpora import eec
from bias_transfer.corpora.mentions import FEMALE, MALE, mentions_more_women


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("She saves him, and her sister too.", True),
        ("SHE'S a woman's woman", True),
        ("He loves her.", False),  # one each
        ("his wife, her husband, his mother, and him", False),
        ("The man and the women: she is good.", True),
        ("A sheriff, a shepherd and other heroes", False),  # no word of either list
        ("", False),
    ],
)
def test_reviews_that_mention_more_women(text, more):
    assert mentions_more_women(pd.Series([text])).tolist() == [more]


def test_many_texts_are_answered_in_their_order():
    found = mentions_more_women(pd.Series(["her", "his", "her and his", "her and hers"]))
    assert found.tolist() == [True, False, False, True]
    assert found.dtype == bool


def test_the_words_hold_the_corpus_and_no_word_is_on_both_sides():
    phrases = [*eec.NOUN_PAIRS, *zip(*eec.PRONOUNS.values(), strict=True)]
    assert {male.split()[-1] for male, _ in phrases} <= MALE
    assert {female.split()[-1] for _, female in phrases} <= FEMALE
    assert not MALE & FEMALE
