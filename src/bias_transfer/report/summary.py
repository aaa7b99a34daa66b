"""A study's figures by name: what MLflow gets as metrics of the run ``report``, and what ``results`` prints."""

import re

import pandas as pd

from bias_transfer.io.rounding import DECIMALS, is_p_value
from bias_transfer.study.systems import group_of

QUALITY = ("n", "accuracy", "precision", "recall", "f1", "log_loss", "brier", "auc", "ece")
_GAP = {
    "mean_difference": "gap",
    "ci_low": "gap_ci_low",
    "ci_high": "gap_ci_high",
    "p_clustered": "p_clustered",
}
_GAP |= {"p_holm": "p_holm", "seed_sd": "gap_sd", "log_odds_difference": "log_odds_gap"}
_ESTIMATE = ("estimate", "ci_low", "ci_high")


def summarise(accuracy: pd.DataFrame, bias: pd.DataFrame, transfer: pd.DataFrame) -> pd.DataFrame:
    """One row a figure: ``name`` and ``value``; a figure that is missing has no row.

    Names are ``bow-distilled/accuracy`` and the like, the mean over seeds, with ``_sd`` their
    standard deviation where there are two or more and ``/n_seeds`` their number;
    ``bow-distilled/gender_gap`` (with ``_ci_low``, ``_ci_high``, ``_sd``, ``p_clustered``,
    ``p_holm``), of all seeds together; and
    ``bow/distilled-baseline/gender/log-odds/change_in_gap``.

    Parameters
    ----------
    accuracy
        ``accuracy.csv``: one row a system.
    bias
        The primary rows of ``bias.csv``: one for each group of seeds and axis.
    transfer
        ``transfer.csv``.
    """
    figures: dict[str, float] = {}
    for group, rows in accuracy.groupby(accuracy["system"].map(group_of), sort=False):
        figures[f"{group}/n_seeds"] = len(rows)
        for name in QUALITY:
            figures[f"{group}/{name}"] = rows[name].mean()
            if name != "n":
                figures[f"{group}/{name}_sd"] = rows[name].std()
    for row in bias.to_dict("records"):
        for column, name in _GAP.items():
            figures[f"{group_of(row['system'])}/{row['axis']}_{name}"] = row[column]
    for row in transfer.to_dict("records"):
        for column in _ESTIMATE:
            figures[estimate_name(row, column)] = row[column]
    table = pd.DataFrame(figures.items(), columns=["name", "value"])
    table = table.dropna(ignore_index=True).astype({"value": float})
    sizes = ~table["name"].map(is_p_value)  # p-values are rounded where they are made
    return table.assign(value=table["value"].where(~sizes, table["value"].round(DECIMALS)))


def estimate_name(row: dict, column: str) -> str:
    """Name of one number of a row of ``transfer.csv``."""
    arms = f"{row['target']}-{row['reference']}/" if row["target"] else ""
    suffix = "" if column == "estimate" else f"_{column}"
    estimand = re.sub(r"[^a-z0-9]+", "_", row["estimand"].replace("'s", "s"))
    return f"{row['student']}/{arms}{row['axis']}/{row['scale']}/{estimand}{suffix}"
