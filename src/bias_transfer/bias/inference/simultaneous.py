"""Intervals that hold all at once: Bonferroni's, each at 95 % over their number."""

import pandas as pd
from scipy import stats

from bias_transfer.bias.inference.two_way import LEVEL

LOW, HIGH = "ci_low_simultaneous", "ci_high_simultaneous"


def all_at_once(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The ends of the simultaneous intervals, ``LOW`` and ``HIGH``, row by row.

    Parameters
    ----------
    table
        ``estimate``, ``se`` and ``df``. A row without an error has no interval and does not count.
    by
        Columns whose values name a family: intervals hold together within one.
    """
    measured = table[table["se"].notna()]
    number = measured.groupby(by)["se"].transform("size")
    reach = measured["se"] * stats.t.ppf(1 - (1 - LEVEL) / 2 / number, measured["df"])
    ends = pd.DataFrame({LOW: measured["estimate"] - reach, HIGH: measured["estimate"] + reach})
    return ends.reindex(table.index)
