"""A reader's sheet: what is marked, what is drawn, and what is counted."""

import pandas as pd
import pytest

from bias_transfer.bias.validation import reading
from bias_transfer.corpora.swaps import wordlist
from bias_transfer.io.errors import InputError

WORDS = wordlist.gendered()
TEXT = "Oh man, she saw Her brother and the X-Men; it was her idea to follow her."
EDITS = [
    (8, 3, "she", "he"),
    (16, 3, "Her", "His"),
    (20, 7, "sister", "brother"),
    (50, 3, "her", "his"),
    (69, 3, "her", "him"),
]
RULES = (
    "left alone: phrase; pronoun; her as possessive; kin; left alone: compound; "
    "her as possessive; her as object"
)


def sheet(*wrong: str, rules: str = RULES) -> pd.DataFrame:
    ids = [f"{place:016x}" for place in range(len(wrong))]
    return pd.DataFrame({"round": 7, "pair_id": ids, "rules": rules, "wrong": wrong})


def test_each_word_of_the_list_is_numbered_and_shown_as_it_is_treated():
    text, rules = reading.marked(TEXT, EDITS, WORDS)

    assert text == (
        "Oh {1 man}, [2 she>he] saw [3 Her>His] [4 brother>sister] and the X-{5 Men}; "
        "it was [6 her>his] idea to follow [7 her>him]."
    )
    assert rules == RULES


def test_so_many_pairs_hold_her_and_none_is_drawn_twice():
    texts = ["I saw her."] * 4 + ["He left."] * 20
    edits = [[(6, 3, "her", "him")]] * 4 + [[(0, 2, "She", "He")]] * 20
    passages = pd.DataFrame({"pair_id": range(24), "text": texts, "edits": edits})

    drawn = reading.draw(passages, 10, 3, number=5)

    assert drawn["pair_id"].nunique() == len(drawn) == 10
    assert drawn["text"].str.contains("her").sum() >= 3
    assert drawn.equals(reading.draw(passages, 10, 3, number=5))
    assert not drawn.equals(reading.draw(passages, 10, 3, number=6))


@pytest.mark.parametrize(("size", "with_her"), [(3, 1), (2, 2), (1, 2)])
def test_too_few_pairs_are_an_error(size, with_her):
    passages = pd.DataFrame(
        {
            "text": ["I saw her.", "He left."],
            "edits": [[(6, 3, "her", "him")], [(0, 2, "She", "He")]],
        }
    )
    with pytest.raises(InputError, match="there are 2 pairs, 1 of them with `her`"):
        reading.draw(passages, size, with_her, number=1)


def test_a_pair_is_wrong_where_one_word_is():
    found = reading.counts(sheet("0", "3 7", "2"), "mine.csv").set_index("rule")

    expected = {"pair": (3, 1), "pair with her": (3, 1), "pronoun": (3, 2), "kin": (3, 3)}
    expected |= {"her as possessive": (6, 5), "her as object": (3, 2)}
    for rule, figures in expected.items():
        assert tuple(found.loc[rule, ["read", "right"]]) == figures
    assert (found["round"] == 7).all()


def test_the_interval_is_wilsons():
    found = reading.counts(sheet(*["0"] * 97, *["1"] * 3, rules="pronoun"), "mine.csv").iloc[0]

    # Wilson (1927): (p + z2/2n -+ z sqrt(p(1-p)/n + z2/4n2)) / (1 + z2/n), p = .97, n = 100
    assert found["ci_low"] == pytest.approx(0.91548, abs=1e-5)
    assert found["ci_high"] == pytest.approx(0.98975, abs=1e-5)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("", "row 3, column 'wrong': must be the numbers .* or 0 for none [(]empty"),
        ("two", "row 3, column 'wrong': must be the numbers .* or 0 for none [(]two"),
        ("8", "row 3, column 'wrong': the pair has 7 words [(]8"),
    ],
)
def test_a_judgement_that_is_missing_or_odd_is_named(wrong, message):
    with pytest.raises(InputError, match=f"mine.csv, {message}"):
        reading.counts(sheet("0", wrong), "mine.csv")


def test_two_readers_are_alike_where_they_judged_alike():
    same = reading.alike(sheet("0", "3"), sheet("0", "3, 7"), ("a.csv", "b.csv"))

    assert same["pair"] == 2
    assert same["her as object"] == 1
    assert same["her as possessive"] == 4


def test_readings_of_other_pairs_are_not_compared():
    with pytest.raises(InputError, match="are not readings of the same pairs"):
        reading.alike(sheet("0"), sheet("0", "0"), ("a.csv", "b.csv"))
