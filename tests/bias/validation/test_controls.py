"""Placebo and partial slope on pairs where nothing is: rates, and what is drawn."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from swapped import pairs, scored

from bias_transfer.bias.channel import Arms
from bias_transfer.bias.swaps import Pairs
from bias_transfer.bias.validation import controls
from bias_transfer.bias.validation.controls import BY_REVIEW, BY_WORD, Alike

DRAWS = 80


@pytest.fixture(scope="module")
def neutral() -> Pairs:
    """Placebo pairs of many words."""
    made = pairs(300, sides=("female", "female", "male", "mixed"))
    words = np.random.default_rng(7).integers(0, 25, len(made)).astype(str)
    sides = made.table["original"].replace({"female": "first", "male": "second"})
    return Pairs(made.table.assign(word=words, original=sides), made.first, made.second)


def rates(neutral, differences, **options):
    table = controls.placebo(neutral, differences, DRAWS, **options)
    return table.set_index(["control", "test"])["rate"]


def test_each_test_holds_under_its_own_draw(neutral):
    word = neutral.table["word"].astype(int).to_numpy()
    own = np.random.default_rng(1).normal(size=25)[word]
    found = rates(neutral, own + np.random.default_rng(2).normal(0, 0.3, len(neutral)))
    most = stats.binom.ppf(0.999, DRAWS, 0.06) / DRAWS
    assert found[BY_REVIEW, "p_clustered"] <= most
    assert found[BY_WORD, "p_word"] <= most
    assert found[BY_WORD, "p_clustered"] > 0.3  # reviews of a word are not independent then


def test_dislike_of_edited_text_is_no_placebo_gap(neutral):
    natural = neutral.table["original"].map({"first": 1.0, "second": -1.0, "mixed": 0.0})
    noise = np.random.default_rng(3).normal(0, 0.5, len(neutral))
    assert rates(neutral, natural + noise)[BY_REVIEW, "p_clustered"] < 0.12


def test_a_sample_holds_no_pair_without_weight(neutral, monkeypatch):
    sampled = []
    monkeypatch.setattr(
        controls.swaps, "gap", lambda order, _: sampled.append(order) or _Inferred()
    )
    monkeypatch.setattr(controls.swaps, "by_word", lambda *_: _Inferred().inference)
    weights = np.where(np.arange(len(neutral)) < 100, 0.01, 0)
    controls.placebo(neutral, np.ones(len(neutral)), 3, Alike(40, weights))
    assert [len(order) for order in sampled] == [40] * 6
    wanted = set(neutral.table["pair_id"][:100])
    assert all(set(order.table["pair_id"]) <= wanted for order in sampled)


class _Inferred:
    inference = pd.Series({"p_value": 1.0})


def test_differences_are_dealt_within_word_and_side():
    made = pairs(120)
    teacher = scored((made, np.random.default_rng(0).normal(size=len(made))))
    dealt = controls.dealt(made, teacher, np.random.default_rng(1))
    key = made.table["word"] + made.table["original"]
    for column in ("log_odds", "score"):
        before, after = (pd.Series(made.differences(s, column)) for s in (teacher, dealt))
        assert not np.allclose(before, after)
        for part in key.unique():
            own = np.sort(before[key == part]), np.sort(after[key == part])
            np.testing.assert_allclose(*own)


def test_slopes_on_dealt_differences_are_found_in_one_of_twenty():
    made = pairs(200)
    random = np.random.default_rng(4)
    teacher = scored((made, random.normal(size=len(made))))
    own = made.differences(teacher, "log_odds")

    def students(slope):
        return {s: scored((made, slope * own + random.normal(size=len(made)))) for s in (0, 1)}

    baseline, permuted, distilled = students(0), students(0), students(0.5)
    arms = [
        Arms("bow", "distilled", "baseline", distilled, baseline),
        Arms("bow", "distilled", "permuted", distilled, permuted),
    ]
    table = controls.slopes(arms, baseline, teacher, made, 100)
    assert table["reference"].tolist() == ["baseline", "permuted"]
    assert table["rate"].max() <= stats.binom.ppf(0.999, 100, 0.06) / 100
