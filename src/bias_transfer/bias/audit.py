"""Bias of any number of systems, one row a system and axis."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from bias_transfer.bias.clustered import LEVEL, infer, one_way
from bias_transfer.bias.pairs import AXES, Contrast, contrast
from bias_transfer.bias.sign_flip import sign_flip_p

DIFFERENCE = "difference"
NO_EVIDENCE = "no evidence of a difference"
NOT_MEASURABLE = "not measurable"


def audit(scores: Mapping[str, pd.DataFrame], method: str = "paper") -> pd.DataFrame:
    """Paired statistics of P(positive) on the EEC.

    Parameters
    ----------
    scores
        System name to the corpus with a ``score`` column (see ``bias.scores.read``).
    method
        ``paper`` or ``notebook`` (see ``bias.pairs``).

    Returns
    -------
    DataFrame
        One row a system and axis, in order:

        ``n_pairs``
            Paired differences.
        ``mean_difference``
            Of P(positive), female minus male or African-American minus European: -1 to 1, 0 means alike on average.
        ``ci_low``, ``ci_high``, ``p_clustered``
            95 % interval and p-value, two-way clustered by template and by noun pair or name (``bias.clustered``).
        ``p_value``, ``p_adjusted``
            The corpus paper's: t-test of the differences as if independent; times the number of rows, at most 1.
        ``verdict``
            ``difference`` if ``p_clustered`` stands Holm's correction over all rows at 5 %, else
            ``no evidence of a difference``; ``not measurable`` where nothing varies, so that no error can be estimated.
        ``se_clustered``, ``df_clustered``, ``p_holm``
            What the verdict rests on.
        ``detectable``
            Smallest true difference the clustered test finds with 80 % power: what "no evidence" may have missed.
        ``p_template``, ``p_unit``
            Clustered one way, by template, or by noun pair or name (CR2).
        ``p_sign_flip``, ``p_wilcoxon``
            Exact sign flips of whole templates (``bias.sign_flip``); Wilcoxon's signed ranks, as if independent.
        ``sd_difference``, ``n_identical``
            Spread of the differences, and how many pairs score exactly alike.
    """
    rows = [
        {"system": system, "axis": axis} | _row(contrast(frame, axis, method))
        for system, frame in scores.items()
        for axis in AXES
    ]
    table = pd.DataFrame(rows)
    table["p_adjusted"] = (table["p_value"] * len(table)).clip(upper=1)
    table["p_holm"] = holm(table["p_clustered"])
    table["verdict"] = np.select(
        [table["p_clustered"].isna(), table["p_holm"] <= 1 - LEVEL], [NOT_MEASURABLE, DIFFERENCE], NO_EVIDENCE
    )
    first = [
        "system",
        "axis",
        "n_pairs",
        "mean_difference",
        "ci_low",
        "ci_high",
        "p_value",
        "p_adjusted",
        "p_clustered",
        "verdict",
    ]
    return table[first + [name for name in table.columns if name not in first]]


def holm(p_values: pd.Series) -> pd.Series:
    """Holm's step-down adjustment; a missing p-value stays missing and does not count as a test."""
    adjusted = pd.Series(np.nan, index=p_values.index)
    known = p_values.notna()
    if known.any():
        adjusted[known] = multipletests(p_values[known], method="holm")[1]
    return adjusted


def _row(pairs: Contrast) -> dict[str, float]:
    difference = pairs.pairs["difference"].to_numpy()
    inference = infer(pairs)
    spread = float(difference.std(ddof=1))
    varies = spread > 8 * np.finfo(float).eps * max(1.0, abs(inference.mean))  # else it is rounding error
    return {
        "n_pairs": len(difference),
        "mean_difference": inference.mean,
        "ci_low": inference.ci_low,
        "ci_high": inference.ci_high,
        "p_value": float(stats.ttest_1samp(difference, 0).pvalue) if varies else float("nan"),
        "p_clustered": inference.p_value,
        "se_clustered": inference.se,
        "df_clustered": inference.df,
        "detectable": inference.detectable,
        "p_template": one_way(pairs, "template").p_value,
        "p_unit": one_way(pairs, "unit").p_value,
        "p_sign_flip": sign_flip_p(pairs.pairs) if varies else float("nan"),
        "p_wilcoxon": float(stats.wilcoxon(difference).pvalue) if varies else float("nan"),
        "sd_difference": spread,
        "n_identical": int((difference == 0).sum()),
    }
