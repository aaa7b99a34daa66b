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


POWER = 0.80


@dataclass(frozen=True)
class Inference:
    """A mean, its standard error and degrees of freedom; the rest follows from Student's t.

    All is NaN but ``mean`` and ``df`` where nothing varies, so that no error can be estimated.
    """

    mean: float
    se: float
    df: float

    @property
    def ci_low(self) -> float:
        """Lower end of the 95 % interval."""
        return self.mean - self._half

    @property
    def ci_high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.mean + self._half

    @property
    def p_value(self) -> float:
        """Two-sided p of "the mean is 0"."""
        return float(2 * stats.t.sf(abs(self.mean) / self.se, self.df))

    @property
    def detectable(self) -> float:
        """Smallest true mean that a two-sided test at 5 % finds with 80 % power: ``(t_.975 + t_.80) * se``.

        In the units of the mean; what a "no evidence" could have missed (Bloom, 1995, with t in place of z).
        """
        return float(stats.t.ppf(0.5 + LEVEL / 2, self.df) + stats.t.ppf(POWER, self.df)) * self.se

    @property
    def _half(self) -> float:
        return float(stats.t.ppf(0.5 + LEVEL / 2, self.df)) * self.se


def infer(contrast: Contrast) -> Inference:
    """Two-way clustered inference for ``contrast.mean``."""
    template, unit, both = (_variance(contrast, by) for by in ("template", "unit", "both"))
    variance = max(template + unit - both, template, unit)
    return Inference(contrast.mean, _se(variance, contrast.mean), min(_df(contrast, "template"), _df(contrast, "unit")))


def one_way(contrast: Contrast, by: str) -> Inference:
    """Inference for ``contrast.mean`` clustered one way, ``by`` template or unit: CR2 with Satterthwaite's df."""
    return Inference(contrast.mean, _se(_variance(contrast, by), contrast.mean), _df(contrast, by))


def _df(contrast: Contrast, by: str) -> float:
    return satterthwaite_df(contrast.leverage[by], contrast.strata if by == "unit" else None)


def _variance(contrast: Contrast, by: str) -> float:
    columns = {"template": ["template"], "unit": ["unit"], "both": ["template", "unit"]}[by]
    return cr2_variance(contrast.influence.groupby(columns)["influence"].sum(), contrast.leverage[by])


def _se(variance: float, mean: float) -> float:
    """Square root, NaN where it is no more than rounding error."""
    se = float(np.sqrt(variance))
    return se if se > np.finfo(float).eps * max(1.0, abs(mean)) else float("nan")


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
