"""The rows of a report's tables, by the names that ``columns`` has for these."""

from typing import Any

import pandas as pd

from bias_transfer.bias.channel import COEFFICIENT, PARTIAL, PARTIAL_CHANGE
from bias_transfer.bias.transfer import CHANGE
from bias_transfer.io.declared import Declared
from bias_transfer.report import seeds
from bias_transfer.report.findings import of_corpus
from bias_transfer.report.remedies import remedies
from bias_transfer.report.verdicts import corrected
from bias_transfer.study.params import Params
from bias_transfer.study.systems import group_of
from bias_transfer.study.targets import BASELINE, DISTILLED

Row = dict[Any, Any]
Rows = list[Row]


def tables(
    params: Params,
    accuracy: pd.DataFrame,
    bias: pd.DataFrame,
    transfer: pd.DataFrame,
    tested: Declared,
) -> dict[str, Rows]:
    """Rows by table; ``all_`` and a name are those behind its fold, where they are more.

    ``accuracy``, ``bias`` (its primary rows) and ``transfer`` are the tables of that name.
    """
    compared, shown = transfer[transfer["target"] != ""], corrected(bias)
    on_eec, arrived = of_corpus(transfer, "eec"), _arrived(compared)
    found = {
        "declared": tested.rows,
        "arrived": arrived[_in_log_odds(arrived, COEFFICIENT)],
        "all_arrived": arrived,
        "changes": _changes(compared),
        "transfer": compared,
        "reliability": on_eec[on_eec["target"] == ""],
        "remedies": remedies(params.study, accuracy, transfer),
        "accuracy": seeds.average(accuracy),
        "all_accuracy": seeds.without_single(accuracy),
    }
    without_seed = {"others": of_corpus(shown, "swaps", "film"), "bias": of_corpus(shown, "eec")}
    return {name: table.to_dict("records") for name, table in found.items()} | {
        name: named(table) for name, table in without_seed.items()
    }


def named(table: pd.DataFrame) -> Rows:
    """Rows whose systems are called without a seed, which says nothing beside one seed."""
    return table.assign(system=table["system"].map(group_of)).to_dict("records")


def _arrived(transfer: pd.DataFrame) -> pd.DataFrame:
    """What is measured on swapped reviews alone."""
    rows = of_corpus(transfer, "swaps")
    return rows[rows["estimand"].isin((COEFFICIENT, PARTIAL, PARTIAL_CHANGE))]


def _changes(transfer: pd.DataFrame) -> pd.DataFrame:
    """One row per student, corpus and axis: from baseline to distilled, in log-odds."""
    arms = (transfer["target"] == DISTILLED) & (transfer["reference"] == BASELINE)
    return transfer[arms & _in_log_odds(transfer, CHANGE)]


def _in_log_odds(transfer: pd.DataFrame, estimand: str) -> pd.Series:
    return (transfer["estimand"] == estimand) & (transfer["scale"] == "log-odds")
