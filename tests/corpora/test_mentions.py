"""Which reviews mention more women than men, by hand; and what that makes of swapped texts."""

import pandas as pd
import pytest
import stubs_of_swaps as stubs

from bias_transfer.corpora.mentions import mentions_more_women
from bias_transfer.corpora.swaps import edits, wordlist


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("She saves him, and her sister too.", True),
        ("SHE'S a woman's woman", True),
        ("He loves her.", False),  # one each
        ("his wife, her husband, his mother, and him", False),
        ("The man and the women: she is good.", True),
        ("A sheriff, a shepherd and other heroes", False),  # no word of either side
        ("The leading lady and her chick flick", True),  # her alone: the phrases are left alone
        ("A chick flick", False),
        ("", False),
    ],
)
def test_reviews_that_mention_more_women(text, more):
    assert mentions_more_women(pd.Series([text])).tolist() == [more]


def test_many_texts_are_answered_in_their_order():
    found = mentions_more_women(pd.Series(["her", "his", "her and hers", "no one"]))
    assert found.tolist() == [True, False, True, False]
    assert found.dtype == bool


@pytest.mark.parametrize("pair", wordlist.gendered().pairs, ids=lambda pair: "/".join(pair.words))
def test_the_version_about_women_mentions_more_of_them_and_the_other_does_not(pair):
    """So what a dose plants on a pair is the dose."""
    side = 0 if pair.found in ("both", "female") else 1
    text = f"It is about {pair.words[side]} today"
    found = edits.find(pd.Series([text]), wordlist.gendered(), stubs.tagger)
    made = edits.apply(pd.DataFrame({"id": found["id"].head(1), "text": [text]}), found)
    both = pd.concat([made["female"], made["male"]])
    assert mentions_more_women(both).tolist() == [True, False]
