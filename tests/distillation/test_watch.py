"""The gap that is watched while a student is fitted: that of ``bias.swaps``, after each epoch."""

import numpy as np
import pandas as pd
import pytest
from swapped import versions

from bias_transfer.bias import swaps
from bias_transfer.distillation import watch
from bias_transfer.distillation.watch import COLUMN, Watch


class Reader:
    """A student whose P(positive) of a text is looked up."""

    def __init__(self, positive: dict[str, float]) -> None:
        self.positive = positive

    def predict_proba(self, texts: list[str]) -> np.ndarray:
        scores = np.array([self.positive[text] for text in texts])
        return np.column_stack([1 - scores, scores])


@pytest.fixture
def pairs() -> pd.DataFrame:
    """Seven pairs of both sides, and one that is mixed alone."""
    sides = ("female", "male", "female", "female", "male", "female", "female", "mixed")
    return versions(8, sides=sides)


@pytest.fixture
def scores(pairs) -> np.ndarray:
    return np.random.default_rng(0).uniform(0.1, 0.9, len(pairs))


def gap(pairs: pd.DataFrame, scores: np.ndarray) -> float:
    return Watch.of(pairs)(Reader(dict(zip(pairs["sentence"], scores, strict=True))))[COLUMN]


def test_it_is_the_gap_of_the_audit_in_log_odds(pairs, scores):
    both = swaps.pair_up(pairs, pd.Index(pairs["id"]))
    assert len(both) == 7  # the side of one pair is left out
    odds = pd.DataFrame({"log_odds": np.log(scores) - np.log(1 - scores)})
    expected = both.balanced.value(both.differences(odds, "log_odds"))
    assert gap(pairs, scores) == pytest.approx(expected, abs=1e-12)
    assert gap(pairs, np.where(pairs["group"] == "female", 0.6, 0.4)) > 0


def test_the_pairs_with_the_lowest_ids_are_watched(pairs, scores, monkeypatch):
    monkeypatch.setattr(watch, "MOST_PAIRS", 6)
    lowest = pairs["pair_id"].isin([f"p{i}" for i in range(6)]).to_numpy()
    shuffled = pd.concat([pairs[~lowest], pairs[lowest]])
    assert set(Watch.of(shuffled).texts) == set(pairs["sentence"][lowest])
    assert gap(pairs, scores) == pytest.approx(gap(pairs[lowest], scores[lowest]), abs=1e-12)


def test_it_is_missing_without_pairs_and_where_a_score_is_sure(pairs, scores):
    assert np.isnan(gap(pairs.head(0), scores[:0]))
    for sure in (0.0, 1.0):
        assert np.isnan(gap(pairs, np.where(np.arange(len(scores)) == 3, sure, scores)))
    both = np.where(np.arange(len(scores)) < 2, 1.0, scores)  # infinite minus infinite
    assert np.isnan(gap(pairs, both))
