"""Two-way clustered inference for a mean of paired differences.

Pairs share templates, and they share noun pairs or names, so they are not independent. Cameron, Gelbach and Miller
("Robust Inference with Multiway Clustering", 2011): V = V_template + V_unit - V_both, here never below either one-way
variance. Each one-way variance is CR2 (Bell and McCaffrey, 2002): a cluster's part is divided by 1 minus its leverage.
Degrees of freedom are Satterthwaite's for CR2 (Pustejovsky and Tipton, 2018), the smaller of the two ways.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from bias_transfer.bias.pairs import Contrast

LEVEL = 0.95


@dataclass(frozen=True)
class Inference:
    """A mean with its two-way clustered standard error, interval and two-sided p-value of "the mean is 0".

    NaN throughout but ``mean`` where nothing varies, so that no error can be estimated.
    """

    mean: float
    se: float
    df: float
    ci_low: float
    ci_high: float
    p_value: float


def infer(contrast: Contrast) -> Inference:
    """Two-way clustered inference for ``contrast.mean``."""
    by = {"template": ["template"], "unit": ["unit"], "both": ["template", "unit"]}
    variances = {
        name: cr2_variance(contrast.influence.groupby(columns)["influence"].sum(), contrast.leverage[name])
        for name, columns in by.items()
    }
    variance = max(
        variances["template"] + variances["unit"] - variances["both"], variances["template"], variances["unit"]
    )
    df = min(
        satterthwaite_df(contrast.leverage["template"]), satterthwaite_df(contrast.leverage["unit"], contrast.strata)
    )
    mean, se = contrast.mean, float(np.sqrt(variance))
    if se <= np.finfo(float).eps * max(1.0, abs(mean)):
        nan = float("nan")
        return Inference(mean, nan, df, nan, nan, nan)
    half = float(stats.t.ppf(0.5 + LEVEL / 2, df)) * se
    return Inference(mean, se, df, mean - half, mean + half, float(2 * stats.t.sf(abs(mean) / se, df)))


def cr2_variance(sums: pd.Series, leverage: pd.Series) -> float:
    """``sum(s² / (1 - h))`` over clusters with influence sum s and leverage h: the variance of the mean."""
    return float((sums**2 / (1 - leverage.loc[sums.index])).sum())


def satterthwaite_df(leverage: pd.Series, strata: pd.Series | None = None) -> float:
    """Degrees of freedom of the CR2 variance of a weighted mean whose clusters hold shares ``leverage`` of the weight.

    With G equal clusters it is G - 1. From M = (diag(h) - h h') / sqrt((1 - h)(1 - h)'): trace(M)² / trace(M²), the
    working model being independent errors of one variance. Where the estimate is a difference of means of two
    ``strata``, clusters of different strata share no mean, and h h' is 0 between them: 2 (G - 1) for G in each.
    """
    h = leverage.to_numpy()
    shared = 1.0 if strata is None else np.equal.outer(*[strata.loc[leverage.index].to_numpy()] * 2)
    scale = 1 / np.sqrt(1 - h)
    matrix = (np.diag(h) - np.outer(h, h) * shared) * np.outer(scale, scale)
    return float(np.trace(matrix) ** 2 / (matrix**2).sum())
