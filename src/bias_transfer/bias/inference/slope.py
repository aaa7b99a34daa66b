"""Least-squares slope of one system's pair differences on another's, two-way clustered.

CR2 for a regression (Bell and McCaffrey, 2002; Pustejovsky and Tipton, 2018, equations 6 and 11):
the residuals of cluster g are multiplied by (I - H_gg)^(-1/2), H being the hat matrix, before their
scores are squared. For a mean this is ``two_way.cr2_variance``.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bias_transfer.bias.inference.two_way import (
    ROUNDING,
    WAYS,
    Inference,
    cr2_variance,
    satterthwaite_df,
    standard_error,
    two_way_variance,
)
from bias_transfer.bias.pairs import FRAME, Contrast

INTERCEPT, SLOPE = "intercept", "slope"
_COEFFICIENTS = {INTERCEPT: np.array([1.0, 0.0]), SLOPE: np.array([0.0, 1.0])}


@dataclass(frozen=True)
class Line:
    """``difference = intercept + slope * teacher's difference + residual``, pair by pair."""

    intercept: Inference
    slope: Inference


def coefficients(x: Contrast, y: Contrast) -> np.ndarray:
    """Intercept and slope of ``y``'s differences on ``x``'s, shape (2,).

    NaN where ``x`` does not vary.
    """
    return line(*(each.pairs["difference"].to_numpy() for each in (x, y)))


def line(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """``coefficients`` of differences at hand, both of shape (pairs,)."""
    if np.ptp(x) <= ROUNDING:
        return np.full(2, np.nan)
    return np.linalg.lstsq(np.column_stack([np.ones_like(x), x]), y, rcond=None)[0]


def regress(x: Contrast, y: Contrast) -> Line:
    """Intercept and slope of ``y``'s pair differences on ``x``'s (see ``infer_coefficient``)."""
    return Line(infer_coefficient(x, y, INTERCEPT), infer_coefficient(x, y, SLOPE))


def infer_coefficient(x: Contrast, y: Contrast, name: str) -> Inference:
    """Two-way clustered inference for one coefficient of ``y``'s pair differences on ``x``'s.

    NaN where ``x`` does not vary. Where a pair is a mean over names (race), the names' part of the
    error comes from the line's linearisation in the scores of each name, of both systems.

    Parameters
    ----------
    x, y
        Contrasts of the same pairs.
    name
        ``INTERCEPT`` or ``SLOPE``.
    """
    estimate = float(coefficients(x, y)[list(_COEFFICIENTS).index(name)])
    if np.isnan(estimate):
        return Inference(float("nan"), float("nan"), float("nan"))
    variance, df = _over_pairs(x, y, name) if y.strata is None else _over_names(x, y, name)
    return Inference(estimate, standard_error(variance, estimate), df)


def _over_pairs(x: Contrast, y: Contrast, name: str) -> tuple[float, float]:
    """Variance and degrees of freedom where each pair is of one unit."""
    design, residual = _design(x), _residual(x, y)
    ways = {by: cr2(design, residual, _codes(y.pairs, by), _COEFFICIENTS[name]) for by in WAYS}
    variance = two_way_variance(*(ways[by][0] for by in WAYS))
    return variance, min(ways["template"][1], ways["unit"][1])


def _over_names(x: Contrast, y: Contrast, name: str) -> tuple[float, float]:
    """Variance and degrees of freedom where each pair is a mean over names."""
    template, df = cr2(
        _design(x), _residual(x, y), _codes(y.pairs, "template"), _COEFFICIENTS[name]
    )
    influence = y.influence.assign(influence=_name_influence(x, y)[name])
    unit, both = (
        cr2_variance(influence.groupby(WAYS[by])["influence"].sum(), y.leverage[by])
        for by in ("unit", "both")
    )
    variance = two_way_variance(template, unit, both)
    return variance, min(df, satterthwaite_df(y.leverage["unit"], y.strata))


def _name_influence(x: Contrast, y: Contrast) -> dict[str, np.ndarray]:
    """What each score of a name adds to the error of intercept and slope.

    Summed over a frame it is the pair's own part.
    """
    frames = len(y.pairs)
    share = _share(y)
    slope = coefficients(x, y)[1]
    rows = _pair_of_score(y)
    t, residual = x.pairs["difference"].to_numpy(), _residual(x, y)
    centred = t - t.mean()
    spread = (centred**2).sum()
    weight = centred / spread
    own_x, own_y = (_own_part(each, rows, share) for each in (x, y))
    of_slope = (
        weight[rows] * (own_y - slope * own_x)
        + residual[rows] / spread * own_x
        + weight[rows] * residual[rows] * share
    )
    of_mean = (own_y - slope * own_x + residual[rows] * share) / frames
    return {SLOPE: of_slope, INTERCEPT: of_mean - t.mean() * of_slope}


def _pair_of_score(contrast: Contrast) -> np.ndarray:
    """Row of the pair that each row of ``influence`` belongs to."""
    frame = [name for name in FRAME if name in contrast.pairs]
    frame_of_pair, frame_of_score = (
        pd.MultiIndex.from_frame(table[frame]) for table in (contrast.pairs, contrast.influence)
    )
    return frame_of_pair.get_indexer(frame_of_score)


def _share(contrast: Contrast) -> np.ndarray:
    """Each score's share of its frame: they sum to 1 in a frame."""
    scores = len(contrast.influence)
    if "share" in contrast.influence:
        return contrast.influence["share"].to_numpy()
    return np.full(scores, len(contrast.pairs) / scores)


def _own_part(contrast: Contrast, rows: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Each name's score against the mean of its side, as part of its frame's difference.

    ``rows`` is ``_pair_of_score``, ``share`` is ``_share``.
    """
    difference = contrast.pairs["difference"].to_numpy()
    pair_part = (difference - difference.mean())[rows] * share
    return contrast.influence["influence"].to_numpy() * len(difference) - pair_part


def cr2(
    design: np.ndarray, residual: np.ndarray, clusters: np.ndarray, coefficient: np.ndarray
) -> tuple[float, float]:
    """Variance and Satterthwaite degrees of freedom of ``coefficient @ beta`` in least squares.

    Parameters
    ----------
    design
        Shape (n, k), of full rank.
    residual
        Shape (n,).
    clusters
        Cluster of each row, integers from 0, shape (n,).
    coefficient
        Shape (k,).
    """
    root, triangle = np.linalg.qr(design)  # the hat matrix is root @ root.T
    pull = root @ np.linalg.solve(triangle.T, coefficient)
    scores, columns = [], []
    for cluster in range(clusters.max() + 1):
        rows = np.flatnonzero(clusters == cluster)
        adjusted = _adjusted(root[rows], pull[rows])
        scores.append(adjusted @ residual[rows])
        column = -root @ (root[rows].T @ adjusted)
        column[rows] += adjusted
        columns.append(column)
    errors = np.array(columns)
    gram = errors @ errors.T
    return float(np.square(scores).sum()), float(np.trace(gram) ** 2 / (gram**2).sum())


def _adjusted(root: np.ndarray, pull: np.ndarray) -> np.ndarray:
    """(I - root root')^(-1/2) ``pull``, of one cluster's rows.

    Where 1 - singular² is 0, the cluster alone decides a coefficient, and its residual there is 0.
    """
    left, singular, _ = np.linalg.svd(root, full_matrices=False)
    kept = 1 - singular**2 > 1e-10
    scale = np.where(kept, 1 / np.sqrt(np.where(kept, 1 - singular**2, 1)), 0)
    return pull + left @ ((scale - 1) * (left.T @ pull))


def _design(x: Contrast) -> np.ndarray:
    difference = x.pairs["difference"].to_numpy()
    return np.column_stack([np.ones_like(difference), difference])


def _residual(x: Contrast, y: Contrast) -> np.ndarray:
    return y.pairs["difference"].to_numpy() - _design(x) @ coefficients(x, y)


def _codes(pairs: pd.DataFrame, by: str) -> np.ndarray:
    return pairs.groupby(WAYS[by], sort=False).ngroup().to_numpy()
