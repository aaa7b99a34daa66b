"""Verdicts on gaps in words that agree with the interval and the marker beside them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bias_transfer.bias.audit import DIFFERENCE, NO_DIFFERENCE, NO_EVIDENCE, NOT_MEASURABLE
from bias_transfer.bias.estimates import ONE_SEED
from bias_transfer.bias.hypotheses import FAILS, STANDS
from bias_transfer.report.formats import signed

_SHORT = {
    DIFFERENCE: STANDS,
    NO_DIFFERENCE: "smaller than the margin",
    NO_EVIDENCE: FAILS,
    ONE_SEED: "no verdict from one seed",
}


def corrected(bias: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``bias.csv`` whose verdicts say what they were corrected for.

    ``no evidence of a difference`` beside an interval that leaves 0 out reads as a slip. It is
    Holm's correction, over all tests of the corpus, that such a gap does not stand. So does a gap
    that stands say for how many tests it was corrected.
    """
    n_tests = bias["p_holm"].notna().groupby(bias["corpus"]).transform("sum")
    said = [_corrected(row, n) for row, n in zip(bias.to_dict("records"), n_tests, strict=True)]
    return bias.assign(verdict=said)


def beside(row: Mapping[Any, Any]) -> str:
    """A label for a mark in a figure: gap in P(positive) and verdict."""
    if row["verdict"] == NOT_MEASURABLE:
        return NOT_MEASURABLE
    return ", ".join(filter(None, (signed(row["mean_difference"], 3), _SHORT.get(row["verdict"]))))


def tag(row: Mapping[Any, Any]) -> str:
    """One row in a few words: gap and interval in P(positive), verdict, corpus, and seeds."""
    seeds = f", {row['n_seeds']} seeds" if row["n_seeds"] > 1 else ""
    if row["verdict"] == NOT_MEASURABLE:
        return f"{NOT_MEASURABLE}: {row['reason']}; {row['corpus']}{seeds}"
    gap, low, high = (signed(row[name], 3) for name in ("mean_difference", "ci_low", "ci_high"))
    return f"{gap} ({low} to {high}), {_SHORT[row['verdict']]}; {row['corpus']}{seeds}"


def _corrected(row: Mapping[Any, Any], n: int) -> str:
    verdict, clear = str(row["verdict"]), row["ci_low"] * row["ci_high"] > 0
    after = f"after correction for {n} test{'s' * (n != 1)}"
    if verdict == DIFFERENCE:
        return f"{STANDS} {after}"
    if clear and verdict == NO_EVIDENCE:
        return f"{FAILS} {after}"
    if clear and verdict == NO_DIFFERENCE:
        return f"{FAILS} {after}; smaller than the margin"
    return verdict
