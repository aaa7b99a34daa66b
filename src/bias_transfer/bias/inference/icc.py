"""How far a teacher's pair differences depend on the wording of its prompt."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from bias_transfer.bias.inference.two_way import LEVEL, ROUNDING, satterthwaite_df
from bias_transfer.bias.pairs import FRAME, contrast
from bias_transfer.corpora.eec import AFRICAN_AMERICAN, EUROPEAN


@dataclass(frozen=True)
class Reliability:
    """``estimate`` with its 95 % interval, over ``n_prompts`` wordings; ``se`` is its standard error."""

    estimate: float
    ci_low: float
    ci_high: float
    se: float
    n_prompts: int


def reliability(scores: Sequence[pd.DataFrame], axis: str) -> Reliability:
    """Intraclass correlation of pair differences over prompts: ICC(C, 1) of Shrout and Fleiss (1979, case 3).

    The share of variance between pairs that stands under every wording: 1 if all wordings order and
    space the pairs alike (a shift common to all pairs does not matter), 0 if they have nothing in
    common.

    Interval: jackknife over templates plus jackknife over noun pairs or names, on Fisher's z, with
    the degrees of freedom of the templates. The prompts are taken as they are, not as a sample.

    Parameters
    ----------
    scores
        The corpus with ``score`` under each wording, two or more.
    axis
        ``gender`` or ``race``.
    """
    contrasts = [contrast(frame, axis) for frame in scores]
    values = np.column_stack([each.pairs["difference"] for each in contrasts])
    estimate = consistency(values)
    pairs = contrasts[0].pairs
    templates = [
        consistency(values[pairs["template"] != name]) for name in pairs["template"].unique()
    ]
    variance = _jackknife(templates)
    if axis == "gender":
        variance += _jackknife(
            [consistency(values[pairs["unit"] != name]) for name in pairs["unit"].unique()]
        )
    else:
        variance += sum(map(_jackknife, _without_each_name(scores)))
    se = float(np.sqrt(variance))  # of Fisher's z
    half = (
        float(stats.t.ppf(0.5 + LEVEL / 2, satterthwaite_df(contrasts[0].leverage["template"])))
        * se
    )
    z = _fisher(estimate)
    low, high = np.tanh([z - half, z + half])
    return Reliability(estimate, float(low), float(high), se * (1 - estimate**2), len(scores))


def consistency(values: np.ndarray) -> float:
    """ICC(C, 1) of ``values``, shape (pairs, prompts): (MS_pairs - MS_error) / (MS_pairs + (k - 1) MS_error).

    NaN where nothing varies.
    """
    pairs, prompts = values.shape
    by_pair = values.mean(axis=1)
    between = prompts * by_pair.var(ddof=1)
    residual = values - by_pair[:, None] - values.mean(axis=0) + values.mean()
    error = (residual**2).sum() / ((pairs - 1) * (prompts - 1))
    total = between + (prompts - 1) * error
    return float((between - error) / total) if total > ROUNDING**2 else float("nan")


def _jackknife(estimates: Sequence[float]) -> float:
    """Variance of Fisher's z from the estimates that leave out one cluster each."""
    z = _fisher(estimates)
    return float((len(z) - 1) / len(z) * ((z - z.mean()) ** 2).sum())


def _fisher(estimates: float | Sequence[float]) -> np.ndarray:
    """Fisher's z, finite where all prompts agree."""
    return np.arctanh(np.clip(estimates, -1 + 1e-12, 1 - 1e-12))


def _without_each_name(scores: Sequence[pd.DataFrame]) -> list[list[float]]:
    """Estimates without one name each, by race and gender of the name; its group's mean is that of the other nine."""
    groups = {
        (gender, race): [
            frame[(frame["gender"] == gender) & (frame["race"] == race)].pivot_table(
                "score", FRAME, "person"
            )
            for frame in scores
        ]
        for gender in ("female", "male")
        for race in (AFRICAN_AMERICAN, EUROPEAN)
    }
    means = {
        group: np.column_stack([frame.mean(axis=1) for frame in frames])
        for group, frames in groups.items()
    }
    signs = {group: 0.5 if group[1] == AFRICAN_AMERICAN else -0.5 for group in groups}
    whole = sum(signs[group] * means[group] for group in groups)
    estimates = []
    for group, frames in groups.items():
        without = {
            name: np.column_stack([frame.drop(columns=name).mean(axis=1) for frame in frames])
            for name in frames[0].columns
        }
        estimates.append(
            [consistency(whole + signs[group] * (mean - means[group])) for mean in without.values()]
        )
    return estimates
