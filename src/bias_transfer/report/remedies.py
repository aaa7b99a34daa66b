"""What each remedy costs in accuracy, and what it does to the gap."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from bias_transfer.bias.inference.halves import HIGH, LOW
from bias_transfer.bias.transfer import CHANGE
from bias_transfer.report.findings import of_corpus
from bias_transfer.study import targets
from bias_transfer.study.params import Study
from bias_transfer.study.systems import Arm

COLUMNS = (
    "student remedy without estimate ci_low ci_high ci_low_training_sets ci_high_training_sets "
    "verdict reason n_seeds accuracy_change accuracy_ci_low accuracy_ci_high"
).split()


def remedies(study: Study, accuracy: pd.DataFrame, transfer: pd.DataFrame) -> pd.DataFrame:
    """One row per student and remedy that the study has together with the target it mends.

    Parameters
    ----------
    accuracy, transfer
        ``accuracy.csv`` and ``transfer.csv``.

    Returns
    -------
    DataFrame
        ``estimate`` is the gap on swapped reviews that the remedy takes away, in log-odds: without
        it minus with it, with its 95 % interval and verdict. ``accuracy_change`` is with the remedy
        minus without it, the mean over seeds that have both; its interval is over these seeds
        (Student's t), on the test reviews at hand, and missing with one.
    """
    rows = of_corpus(transfer, "swaps")
    rows = rows[(rows["estimand"] == CHANGE) & (rows["scale"] == "log-odds")]
    mended = rows[[targets.remedied(name) == of for of, name in _arms(rows)]]
    right = accuracy.set_index("system")["accuracy"]
    found = [_row(study, row, right) for row in mended.to_dict("records")]
    return pd.DataFrame(found, columns=COLUMNS)


def _arms(rows: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(rows["target"], rows["reference"], strict=True))


def _row(study: Study, row: dict[Any, Any], right: pd.Series) -> dict[str, Any]:
    student, without, remedy = row["student"], row["target"], row["reference"]
    kept = ("student", "estimate", "ci_low", "ci_high", LOW, HIGH, "verdict", "reason", "n_seeds")
    seeds = study.seeds_of_both(student, remedy, without)
    change = np.array(
        [
            right[Arm(student, remedy, seed).system] - right[Arm(student, without, seed).system]
            for seed in seeds
        ]
    )
    low, high = _interval(change)
    cost = {
        "accuracy_change": change.mean(),
        "accuracy_ci_low": low,
        "accuracy_ci_high": high,
    }
    return {name: row[name] for name in kept} | {"remedy": remedy, "without": without} | cost


def _interval(values: np.ndarray) -> tuple[float, float]:
    if len(values) < 2:
        return np.nan, np.nan
    found = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    return float(found.low), float(found.high)
