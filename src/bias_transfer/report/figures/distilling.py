"""What distilling changed, and how far it follows the teacher."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bias_transfer.bias.transfer import CHANGE, SLOPE
from bias_transfer.io.rounding import DECIMALS
from bias_transfer.report.figures.style import MARKS, annotate, headline, interval, look
from bias_transfer.report.formats import signed
from bias_transfer.study.systems import group_of
from bias_transfer.study.targets import BASELINE, DISTILLED


def changes(transfer: pd.DataFrame) -> Figure:
    """What distilling changed, in log-odds: the gap, and how far it follows the teacher's pairs.

    There is one line per student, axis and comparison, with its 95 % interval.
    """
    rows = transfer[(transfer["scale"] == "log-odds") & (transfer["target"] != "")]
    titles = {CHANGE: "change in gap", SLOPE: "slope on the teacher's differences"}
    lines = rows[rows["estimand"] == CHANGE]
    figure, panels = plt.subplots(
        1, 2, figsize=(9, 1.4 + 0.42 * len(lines)), sharey=True, squeeze=False, layout="constrained"
    )
    for (estimand, title), ax in zip(titles.items(), panels[0], strict=True):
        ax.axvline(0, color="0.5", linewidth=1)
        for y, (_, row) in enumerate(rows[rows["estimand"] == estimand].iterrows()):
            interval(ax, row, y, "estimate", look(row["target"]))
            annotate(ax, signed(row["estimate"], 2), row["estimate"], y)
        ax.set_title(title, loc="left", size=9)
        ax.grid(axis="x", color="0.9")
        ax.set_axisbelow(True)
        ax.tick_params(left=False)
        sns.despine(ax=ax, left=True)
    names = [f"{r.student}, {r.axis}: {r.target} - {r.reference}" for r in lines.itertuples()]
    panels[0][0].set_yticks(range(len(lines)), names)
    panels[0][0].set_ylim(len(lines) - 0.4, -0.7)
    figure.supxlabel(f"log-odds, 95 % intervals; {MARKS}", size=9)
    headline(figure, "Did distilling move the students' gaps, and towards the teacher's?")
    return figure


def transfer(pairs: pd.DataFrame, teacher: str, students: list[str]) -> Figure:
    """Each student's pair differences against its teacher's, in log-odds, with fitted lines.

    The arms are the baseline and the distilled one. ``pairs`` are those of ``pairs.parquet``.
    """
    axes = list(dict.fromkeys(pairs["axis"]))
    groups = pairs["system"].map({name: group_of(name) for name in pairs["system"].unique()})
    figure, panels = plt.subplots(
        len(students),
        len(axes),
        figsize=(4.2 * len(axes), 2.9 * len(students)),
        squeeze=False,
        layout="constrained",
    )
    for student, line in zip(students, panels, strict=True):
        for axis, ax in zip(axes, line, strict=True):
            of_axis, differences = pairs["axis"] == axis, pairs["log_odds_difference"]
            x = differences[of_axis & (groups == teacher)].to_numpy()
            for target in (BASELINE, DISTILLED):
                y = differences[of_axis & (groups == f"{student}-{target}")].to_numpy()
                if len(y) and np.isfinite(x).all() and np.isfinite(y).all():
                    _points(ax, x, y, target)
            ax.axhline(0, color="0.7", linewidth=0.8)
            ax.axvline(0, color="0.7", linewidth=0.8)
            ax.xaxis.set_major_locator(MaxNLocator(5))
            ax.set_title(f"{student}, {axis}", loc="left", size=9)
            if ax.get_legend_handles_labels()[0]:
                ax.legend(frameon=False, fontsize=8)
            sns.despine(ax=ax)
        line[0].set_ylabel("student's difference (log-odds)")
    for ax in panels[-1]:
        ax.set_xlabel("teacher's difference (log-odds)")
    headline(figure, "Do the students tell apart the pairs that their teacher tells apart?")
    return figure


def _points(ax: Axes, x: np.ndarray, y: np.ndarray, target: str) -> None:
    """One point per pair, and their least-squares line."""
    colour, marker = look(target)
    # Rounded as tables are: the line is made from sums over all pairs.
    line = np.polyfit(x, y, 1).round(DECIMALS) if np.ptp(x) else np.array([np.nan, np.nan])
    ax.plot(
        x, y, marker, color=colour, markersize=2, alpha=0.35, markeredgewidth=0, rasterized=True
    )
    ends = np.array([x.min(), x.max()])
    label = f"{target}, slope {signed(line[0], 2)}"
    ax.plot(ends, line[1] + line[0] * ends, color=colour, label=label)
