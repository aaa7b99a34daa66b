"""What the choice of names alone does to a gap.

A placebo contrast says how large a gap is when there is no effect. A permutation test for race is
exact.
"""

from functools import cache

import numpy as np
import pandas as pd

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
    """Differences between names of the same gender and race: gaps where there is no effect.

    Each of the four groups of ten names is split 5/5 at random. The halves are pooled to 20 names
    against 20, as in the race contrast and in the names pair of the gender contrast. Shape
    (10,000,), symmetric about 0. The splits are always the same.
    """
    return _signs() @ np.concatenate([means[group] for group in GROUPS]) / 20


@cache
def _signs() -> np.ndarray:
    order = np.random.default_rng(0).random((SPLITS, len(GROUPS), 10)).argsort(axis=2)
    return np.where(order < 5, 1.0, -1.0).reshape(SPLITS, -1)


def noise_floor(means: dict[tuple[str, str], np.ndarray]) -> float:
    """The size that 95 % of placebo differences stay below; 0 or more, in the unit of the scores.

    A gap below it could come from the choice of names.
    """
    return float(np.quantile(np.abs(placebo(means)), 0.95))


def permutation_p(means: dict[tuple[str, str], np.ndarray]) -> float:
    """Exact two-sided p of "the names of a gender are exchangeable between the races".

    The statistic is the race gap. Ten of the twenty names of a gender are taken for
    African-American in every possible way, for both genders together: 184,756² assignments. The
    names vary; the templates are taken as they are.
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
    # Only the male half must be sorted; with both sorted the search is five times as fast.
    female, male = np.sort(halves["female"]), np.sort(halves["male"])
    scale = max(np.abs(female).max(), np.abs(male).max())
    least = abs(gap) - 1e-9 * scale  # ties with the observed gap count
    if least <= 0:
        return 1.0
    # Both sets are symmetric about 0, so the two tails are alike.
    at_least = len(male) - np.searchsorted(male, least - female, side="left")
    return float(2 * at_least.sum(dtype=float) / (len(female) * len(male)))


def _differences(values: np.ndarray) -> np.ndarray:
    """Mean of ten values minus mean of the other ten, for every choice: shape (184756,)."""
    chosen = np.concatenate(
        [np.add.outer(first, second).ravel() for first, second in _halves(values)]
    )
    return (2 * chosen - values.sum()) / 10


def _halves(values: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """For k of 0 to 10: every sum of k of the first ten values, and of 10 - k of the last ten."""
    masks = (np.arange(1024)[:, None] >> np.arange(10)) & 1
    sizes, first, second = masks.sum(axis=1), masks @ values[:10], masks @ values[10:]
    return [(first[sizes == k], second[sizes == 10 - k]) for k in range(11)]
