"""Verdicts in words: they agree with the interval beside them, and say what they survived."""

import numpy as np
import pandas as pd

from bias_transfer.bias.audit import DIFFERENCE, NO_DIFFERENCE, NO_EVIDENCE, NOT_MEASURABLE
from bias_transfer.report.verdicts import corrected

ROWS = (
    (DIFFERENCE, 0.02, 0.04),
    (NO_EVIDENCE, 0.01, 0.05),
    (NO_EVIDENCE, -0.01, 0.05),
    (NO_DIFFERENCE, -0.007, -0.001),
    (NO_DIFFERENCE, -0.007, 0.001),
    (NOT_MEASURABLE, 0.1, 0.2),
)


def said(corpus: str = "eec") -> list[str]:
    rows = [
        {"corpus": corpus, "verdict": verdict, "ci_low": low, "ci_high": high,
         "p_holm": np.nan if verdict == NOT_MEASURABLE else 0.1}
        for verdict, low, high in ROWS
    ]  # fmt: skip
    other = {"corpus": "film", "verdict": DIFFERENCE, "ci_low": 0.1, "ci_high": 0.2, "p_holm": 0.01}
    return list(corrected(pd.DataFrame([*rows, other]))["verdict"])


def test_beside_an_interval_clear_of_0_a_verdict_says_what_it_was_corrected_for():
    assert said() == [
        "stands after correction for 5 tests",
        "does not stand after correction for 5 tests",
        NO_EVIDENCE,
        "does not stand after correction for 5 tests; smaller than the margin",
        NO_DIFFERENCE,
        NOT_MEASURABLE,
        "stands after correction for 1 test",
    ]


def test_tests_are_counted_within_a_corpus():
    assert said("film")[0] == "stands after correction for 6 tests"
