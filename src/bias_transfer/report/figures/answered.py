"""The one figure beside a study's answer: its declared tests."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bias_transfer.report.figures.style import MARKS, annotate, headline, interval, look
from bias_transfer.report.formats import signed

SHADE = "0.9"


def answer(rows: pd.DataFrame) -> Figure:
    """Each declared test with its 95 % interval and its verdict: one panel per contrast.

    ``rows`` are those of ``hypotheses.json``. The margin is shaded. A dashed line is the teacher's
    own gap, where it is clear of 0.
    """
    parts = [part for _, part in rows.groupby("contrast", sort=False)]
    heights = [0.7 + 0.62 * len(part) for part in parts]
    figure, panels = plt.subplots(
        len(parts), 1, figsize=(6.4, 0.7 + sum(heights)), height_ratios=heights, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for part, ax in zip(parts, panels[:, 0], strict=True):
        _panel(ax, part.reset_index(drop=True))
    figure.supxlabel(f"95 % intervals; {MARKS}\ngrey: too small to matter", size=9)
    headline(figure, "Does a student take over what its teacher makes of women and men?")
    return figure


def _panel(ax: Axes, rows: pd.DataFrame) -> None:
    first = rows.iloc[0]
    ax.axvspan(-first["margin"], first["margin"], color=SHADE, zorder=0)
    ax.axvline(0, color="0.5", linewidth=1, zorder=1)
    clear = rows[np.isfinite(rows["p_share"])]  # missing where the teacher's gap is unclear
    if len(clear):
        gap = clear["teacher_gap"].iloc[0]
        ax.axvline(gap, color="black", linewidth=1, linestyle="--", zorder=1)
        ax.annotate(
            "teacher's gap", (gap, 1), xycoords=("data", "axes fraction"), ha="center",
            va="bottom", size=8,
        )  # fmt: skip
    for y, row in rows.iterrows():
        interval(ax, row, float(str(y)), "estimate", look(row["target"]))
        if np.isfinite(row["estimate"]):
            annotate(ax, signed(row["estimate"], 3), row["estimate"], y)
    names = [f"{row['student']}\n{_folded(row['verdict'])}" for _, row in rows.iterrows()]
    ax.set_yticks(range(len(rows)), names, size=8)
    ax.set_ylim(len(rows) - 0.4, -0.7)
    unit = f" ({first['scale']})" if first["estimand"] == "change in gap" else ""
    ax.set_xlabel(f"{first['estimand']}{unit}\n{first['target']} - {first['reference']}", size=8)
    ax.tick_params(left=False)
    sns.despine(ax=ax, left=True)


def _folded(verdict: str) -> str:
    """A verdict on two lines, to be read at the width of a phone."""
    return verdict.replace(" after ", "\nafter ").replace(", ", ",\n")
