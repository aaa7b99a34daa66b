"""What the choice of names alone does to a gap: a placebo contrast, and an exact permutation test for race."""

from functools import cache

import numpy as np
import pandas as pd
from scipy.special import comb

from bias_transfer.corpora.eec import AFRICAN_AMERICAN, EUROPEAN

GROUPS = tuple(
    (gender, race) for gender in ("female", "male") for race in (AFRICAN_AMERICAN, EUROPEAN)
)
SPLITS = 10_000


def name_means(scores: pd.DataFrame) -> dict[tuple[str, str], np.ndarray]:
    """Mean score of each name over its frames, shape (10,), by (gender, race)."""
    named = scores[scores["race"] != ""]
    means = named.groupby(["gender", "race", "person"])["score"].mean()
    return {group: means.loc[group].to_numpy() for group in GROUPS}


def placebo(means: dict[tuple[str, str], np.ndarray]) -> np.ndarray:
    """Differences between names that differ in neither gender nor race: the shape of a gap under no effect.

    Each of the four groups of ten names is split 5/5 at random and the halves pooled, 20 names
    against 20, as in the race contrast (and in the names pair of the gender contrast). Shape
    (10,000,), symmetric about 0, always the same splits.
    """
    return _signs() @ np.concatenate([means[group] for group in GROUPS]) / 20


@cache
def _signs() -> np.ndarray:
    order = np.random.default_rng(0).random((SPLITS, len(GROUPS), 10)).argsort(axis=2)
    return np.where(order < 5, 1.0, -1.0).reshape(SPLITS, -1)


def noise_floor(means: dict[tuple[str, str], np.ndarray]) -> float:
    """95 % of placebo differences are smaller than this in size; a gap below it could be the choice of names."""
    return float(np.quantile(np.abs(placebo(means)), 0.95))


def permutation_p(means: dict[tuple[str, str], np.ndarray]) -> float:
    """Two-sided p of "the names of one gender are exchangeable between the races", over all assignments.

    Exact: every way to call ten of the twenty names of a gender African-American, for both genders
    together, that is 184,756² assignments; the statistic is the race gap. Names are drawn,
    templates are taken as they are.
    """
    halves = {
        gender: _differences(
            np.concatenate([means[gender, race] for race in (AFRICAN_AMERICAN, EUROPEAN)])
        )
        for gender in ("female", "male")
    }
    gap = sum(
        means[gender, AFRICAN_AMERICAN].mean() - means[gender, EUROPEAN].mean() for gender in halves
    )
    female, male = halves["female"], np.sort(halves["male"])
    scale = max(np.abs(female).max(), np.abs(male).max())
    least = abs(gap) - 1e-9 * scale  # ties with the observed gap count
    if least <= 0:
        return 1.0
    # Both sets are symmetric about 0, so the two tails are alike.
    at_least = len(male) - np.searchsorted(male, least - female, side="left")
    return float(2 * at_least.sum(dtype=float) / (len(female) * len(male)))


def _differences(values: np.ndarray) -> np.ndarray:
    """Mean of ten minus mean of the other ten, for every choice of ten among twenty: shape (184756,)."""
    chosen = np.concatenate(
        [np.add.outer(first, second).ravel() for first, second in _halves(values)]
    )
    assert len(chosen) == comb(20, 10, exact=True)
    return (2 * chosen - values.sum()) / 10


def _halves(values: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    masks = (np.arange(1024)[:, None] >> np.arange(10)) & 1
    sizes, first, second = masks.sum(axis=1), masks @ values[:10], masks @ values[10:]
    return [(first[sizes == k], second[sizes == 10 - k]) for k in range(11)]
