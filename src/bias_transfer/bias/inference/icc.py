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
    """``estimate``, its 95 % interval and standard error ``se``, over wordings."""

    estimate: float
    ci_low: float
    ci_high: float
    se: float


def reliability(scores: Sequence[pd.DataFrame], axis: str) -> Reliability:
    """Intraclass correlation of pair differences over prompts.

    ICC(C, 1) of McGraw and Wong (1996), which Shrout and Fleiss (1979) call ICC(3, 1): the share of
    the variance between pairs that all wordings have in common. 1 if all wordings give the pairs
    the same order and distances; a shift that all pairs share does not matter. 0 if the wordings
    have nothing in common. Below 0 if they disagree.

    The variance, on Fisher's z, is a jackknife over templates plus a jackknife over noun pairs or
    names; the interval has the degrees of freedom of the templates. The prompts are taken as they
    are, not as a sample.

    Parameters
    ----------
    scores
        The corpus with ``score`` under each wording, two or more.
    axis
        ``gender`` or ``race``.
    """
    contrasts = [contrast(frame, axis) for frame in scores]
    values = np.column_stack([each.pairs["difference"] for each in contrasts])
    pairs = contrasts[0].pairs
    people = [_without_each(values, pairs["unit"])] if axis == "gender" else _without_names(scores)
    variance = _jackknife(_without_each(values, pairs["template"])) + sum(map(_jackknife, people))
    estimate, se = consistency(values), float(np.sqrt(variance))  # the error is of Fisher's z
    df = satterthwaite_df(contrasts[0].leverage["template"])
    half = float(stats.t.ppf(0.5 + LEVEL / 2, df)) * se
    z = _fisher(estimate)
    low, high = np.tanh([z - half, z + half])
    return Reliability(estimate, float(low), float(high), se * (1 - estimate**2))


def consistency(values: np.ndarray) -> float:
    """ICC(C, 1) of ``values``, shape (pairs, prompts), for k prompts.

    (MS_pairs - MS_error) / (MS_pairs + (k - 1) MS_error); NaN where nothing varies.
    """
    pairs, prompts = values.shape
    by_pair = values.mean(axis=1)
    between = prompts * by_pair.var(ddof=1)
    residual = values - by_pair[:, None] - values.mean(axis=0) + values.mean()
    error = (residual**2).sum() / ((pairs - 1) * (prompts - 1))
    total = between + (prompts - 1) * error
    return float((between - error) / total) if total > ROUNDING**2 else float("nan")


def _jackknife(estimates: Sequence[float]) -> float:
    """Variance of Fisher's z from estimates that leave out one cluster each."""
    z = _fisher(estimates)
    return float((len(z) - 1) / len(z) * ((z - z.mean()) ** 2).sum())


def _fisher(estimates: float | Sequence[float]) -> np.ndarray:
    """Fisher's z, finite where all prompts agree."""
    return np.arctanh(np.clip(estimates, -1 + 1e-12, 1 - 1e-12))


def _without_each(values: np.ndarray, clusters: pd.Series) -> list[float]:
    """Estimates that leave out the pairs of one cluster each."""
    return [consistency(values[clusters != name]) for name in clusters.unique()]


def _without_names(scores: Sequence[pd.DataFrame]) -> list[list[float]]:
    """Estimates that leave out one name each, by race and gender of the name.

    The mean of the name's group is then that of the other nine.
    """
    groups = {
        (gender, race): [_by_name(frame, gender, race) for frame in scores]
        for gender in ("female", "male")
        for race in (AFRICAN_AMERICAN, EUROPEAN)
    }
    signs = {group: 0.5 if group[1] == AFRICAN_AMERICAN else -0.5 for group in groups}
    means = {group: _mean_over_names(frames) for group, frames in groups.items()}
    whole = sum(signs[group] * means[group] for group in groups)
    estimates = []
    for group, frames in groups.items():
        without = [
            _mean_over_names([frame.drop(columns=name) for frame in frames])
            for name in frames[0].columns
        ]
        estimates.append(
            [consistency(whole + signs[group] * (mean - means[group])) for mean in without]
        )
    return estimates


def _by_name(scores: pd.DataFrame, gender: str, race: str) -> pd.DataFrame:
    """Scores of one group of names, shape (frames, names)."""
    rows = scores[(scores["gender"] == gender) & (scores["race"] == race)]
    return rows.pivot_table("score", FRAME, "person")


def _mean_over_names(frames: Sequence[pd.DataFrame]) -> np.ndarray:
    """Mean over names, shape (frames, prompts), of tables as ``_by_name`` gives them."""
    return np.column_stack([frame.mean(axis=1) for frame in frames])
