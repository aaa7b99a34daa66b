"""The gaps that an audit found."""

import textwrap

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from bias_transfer.report.figures.differences import AXIS_LABELS, AXIS_TITLES
from bias_transfer.report.figures.style import annotate, intervals, within
from bias_transfer.report.verdicts import beside

WIDTH = 7.2  # inches
OWN_TITLE = "Does one group score higher or lower than the other?"


def every_gap(bias: pd.DataFrame) -> Figure:
    """The gap of each system with its 95 % interval: one panel per axis, one below the other."""
    parts = [rows.reset_index(drop=True) for _, rows in bias.groupby("axis", sort=False)]
    heights = [1 + 0.42 * len(rows) for rows in parts]
    figure, panels = plt.subplots(
        len(parts),
        1,
        sharex=True,  # so that a small gap looks small
        figsize=(WIDTH, 0.6 + sum(heights)),
        height_ratios=heights,
        squeeze=False,
        layout="constrained",
    )
    for ax, rows in zip(panels[:, 0], parts, strict=True):
        axis = rows["axis"][0]
        shaded = within(ax, rows["margin"][0])
        intervals(ax, rows)
        for y, row in rows.iterrows():
            annotate(ax, beside(row), row["mean_difference"], y)
        ax.grid(axis="x", color="0.9")
        ax.set_axisbelow(True)
        sns.despine(ax=ax, left=True)
        title = textwrap.fill(AXIS_TITLES.get(axis, OWN_TITLE), _room(rows["system"]))
        ax.set_title(title, loc="left", size=10)
        label = AXIS_LABELS.get(axis, f"mean difference in P(positive), {axis}")
        ax.set_xlabel(label, size=9)
        ax.tick_params(labelbottom=True)
    figure.supxlabel(
        f"bars: 95 % interval, clustered by what the sentences share; {shaded}", size=9
    )
    return figure


def _room(names: pd.Series) -> int:
    """How many letters a title has beside the systems' names, at 12 to an inch."""
    return max(30, int(12 * (WIDTH - 0.09 * names.str.len().max())))
