"""A study's figures by name: metrics of the run ``report``, and what ``results`` prints."""

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from bias_transfer.io import rounding, schemas
from bias_transfer.study.systems import group_of

QUALITY = schemas.metric_names(schemas.ACCURACY, schemas.IN_SUMMARY)
_ESTIMATE = schemas.metric_names(schemas.TRANSFER, schemas.IN_SUMMARY)


def summarise(accuracy: pd.DataFrame, bias: pd.DataFrame, transfer: pd.DataFrame) -> pd.DataFrame:
    """One row per figure: ``name`` and ``value`` (``io.schemas.SUMMARY``).

    Parameters
    ----------
    accuracy
        ``accuracy.csv``: one row per system.
    bias
        The primary rows of ``bias.csv``: one per group of seeds and axis.
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
        group = group_of(row["system"])
        gaps = schemas.metrics(schemas.BIAS, row, schemas.IN_SUMMARY)
        figures |= {f"{group}/{name}": value for name, value in gaps.items()}
    for row in transfer.to_dict("records"):
        for column in _ESTIMATE:
            figures[estimate_name(row, column)] = row[column]
    rounded = {
        name: rounding.figure(name, float(value))
        for name, value in figures.items()
        if pd.notna(value)
    }
    return pd.DataFrame(rounded.items(), columns=["name", "value"]).astype({"value": float})


def estimate_name(row: Mapping[Any, Any], column: str) -> str:
    """Name of one number of a row of ``transfer.csv``."""
    arms = f"{row['target']}-{row['reference']}/" if row["target"] else ""
    estimand = re.sub(r"[^a-z0-9]+", "_", row["estimand"].replace("'s", "s"))
    figure = _ESTIMATE[column].format(estimand=estimand)
    return f"{row['student']}/{arms}{schemas.axis_of(row)}/{row['scale']}/{figure}"
