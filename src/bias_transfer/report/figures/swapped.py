"""Gaps on swapped reviews, beside what edits without social meaning make."""

import pandas as pd
from matplotlib.figure import Figure

from bias_transfer.report.figures.style import annotate, canvas, headline, intervals
from bias_transfer.report.verdicts import beside

FLOOR = "0.85"


def swaps(bias: pd.DataFrame) -> Figure:
    """The gap of each system on swapped reviews with its 95 % interval, in the order of the rows.

    Grey is the size that 95 % of gaps between words without social meaning stay below.
    """
    rows = bias[bias["corpus"] == "swaps"].reset_index(drop=True)
    figure, ax = canvas(height=1.8 + 0.42 * max(1, len(rows)))
    floor = rows["placebo_word_floor"]
    ax.barh(range(len(rows)), 2 * floor, left=-floor, color=FLOOR, height=0.8)
    ax.use_sticky_edges = False
    intervals(ax, rows)
    for y, row in rows.iterrows():
        annotate(ax, beside(row), row["mean_difference"], y)
    ax.set_xlabel(
        "mean difference in P(positive), female - male version\nbars: 95 % interval over reviews\n"
        "grey: gaps between words such as film and movie"
    )
    headline(figure, "Does a review about women score higher or lower than the same about men?")
    return figure
