"""Gaps of every system: as a whole, by emotion, pair by pair, and beside chance."""

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bias_transfer.io.rounding import DECIMALS
from bias_transfer.report.figures.style import (
    annotate,
    canvas,
    headline,
    intervals,
    look_of,
    within,
)
from bias_transfer.report.verdicts import beside
from bias_transfer.study.systems import group_of

FLOOR = "0.85"
AXIS_TITLES = {
    "gender": "Do sentences about women score higher or lower than about men?",
    "race": "Do African-American names score higher or lower than European-American names?",
}
AXIS_LABELS = {
    "gender": "mean difference in P(positive), female - male",
    "race": "mean difference in P(positive), African-American - European-American",
}
CLUSTERS = {"eec": "template, people and word", "film": "template and people"}


def gaps(bias: pd.DataFrame, axis: str) -> Figure:
    """The gap of each system on one axis, with its 95 % interval, in the order of the rows."""
    rows = bias[bias["axis"] == axis].reset_index(drop=True)
    figure, ax = canvas(height=1.6 + 0.42 * len(rows))
    shaded = within(ax, rows["margin"][0])
    intervals(ax, rows)
    for y, row in rows.iterrows():
        annotate(ax, beside(row), row["mean_difference"], y)
    label = AXIS_LABELS.get(axis, f"mean difference in P(positive), {axis}")
    clusters = CLUSTERS.get(str(rows.get("corpus", pd.Series(["eec"]))[0]), "template and unit")
    ax.set_xlabel(f"{label}\nbars: 95 % interval, clustered by {clusters}\n{shaded}")
    headline(figure, AXIS_TITLES.get(axis, "Does one group score higher or lower than the other?"))
    return figure


def emotions(breakdown: pd.DataFrame) -> Figure:
    """Gaps in the sentences of each emotion: one row of panels per axis, one line per system."""
    rows = breakdown[breakdown["by"] == "emotion"]
    axes, levels = (list(dict.fromkeys(rows[name])) for name in ("axis", "level"))
    systems = rows["system"].nunique()
    figure, panels = _grid(axes, levels, (0.7 + 0.28 * systems) * len(axes))
    for axis, line in zip(axes, panels, strict=True):
        for level, ax in zip(levels, line, strict=True):
            part = rows[(rows["axis"] == axis) & (rows["level"] == level)].reset_index(drop=True)
            intervals(ax, part, size=5)
            ax.grid(axis="x", color="0.9")
            ax.set_title(f"{axis}, {level}", loc="left", size=9)
            sns.despine(ax=ax, left=True)
    headline(
        figure,
        "In which emotions' sentences does the gap arise? Mean difference in P(positive), 95 % "
        "intervals",
    )
    return figure


def distributions(pairs: pd.DataFrame) -> Figure:
    """Every pair's difference by emotion, and the mean: one violin per system.

    There is one row of panels per axis. The scale leaves out the outermost hundredth at either end;
    means do not.
    """
    axes, levels = (list(dict.fromkeys(pairs[name])) for name in ("axis", "emotion"))
    systems = list(dict.fromkeys(pairs["system"]))
    figure, panels = _grid(axes, levels, (0.7 + 0.34 * len(systems)) * len(axes))
    for axis, line in zip(axes, panels, strict=True):
        of_axis = pairs[pairs["axis"] == axis]
        for level, ax in zip(levels, line, strict=True):
            ax.axvline(0, color="0.5", linewidth=1)
            for y, system in enumerate(systems):
                part = of_axis[(of_axis["emotion"] == level) & (of_axis["system"] == system)][
                    "difference"
                ]
                colour, marker = look_of(system)
                if np.ptp(part):
                    _violin(ax, part, y, colour)
                ax.plot(part.mean(), y, marker, color=colour, markersize=4)
            ax.set_title(f"{axis}, {level or 'none'}", loc="left", size=9)
            ax.grid(axis="x", color="0.9")
            ax.tick_params(left=False)
            sns.despine(ax=ax, left=True)
        line[0].set_xlim(*of_axis["difference"].quantile([0.01, 0.99]) * 1.1)
    panels[0][0].set_yticks(range(len(systems)), list(map(group_of, systems)))
    panels[0][0].set_ylim(len(systems) - 0.4, -0.6)
    headline(
        figure,
        "How far do single pairs differ in P(positive)? Shape: all pairs of an emotion; mark: "
        "their mean",
    )
    return figure


def placebo(bias: pd.DataFrame) -> Figure:
    """Gaps between names, beside those between names of the same gender and race."""
    figure, panels = plt.subplots(
        1, 2, figsize=(9, 1.5 + 0.3 * bias["system"].nunique()), sharey=True, layout="constrained"
    )
    titles = {"gender": "female - male names", "race": "African-American - European-American names"}
    for (axis, title), ax in zip(titles.items(), panels, strict=True):
        rows = bias[bias["axis"] == axis].reset_index(drop=True)
        ax.barh(
            range(len(rows)),
            2 * rows["noise_floor"],
            left=-rows["noise_floor"],
            color=FLOOR,
            height=0.7,
        )
        ax.use_sticky_edges = False
        ax.axvline(0, color="0.5", linewidth=1)
        for y, row in rows.iterrows():
            colour, marker = look_of(row["system"])
            ax.plot(row["names_difference"], y, marker, color=colour, markersize=7)
        ax.set_yticks(range(len(rows)), rows["system"].map(group_of))
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.set_title(title, loc="left", size=9)
        ax.set_xlabel("mean difference in P(positive)")
        ax.tick_params(left=False)
        sns.despine(ax=ax, left=True)
    headline(
        figure,
        "Is the gap between names larger than their choice makes it? Grey: 95 % of gaps within "
        "gender and race",
    )
    return figure


def _grid(axes: list[str], levels: list[str], height: float) -> tuple[Figure, np.ndarray]:
    """A row of panels per axis, a column per level."""
    return plt.subplots(
        len(axes),
        len(levels),
        figsize=(10, height),
        sharex="row",
        sharey=True,
        squeeze=False,
        layout="constrained",
    )


def _violin(ax: Axes, values: pd.Series, y: int, colour: str) -> None:
    """The values' density on the line ``y``, rounded as tables are: it is a sum over all pairs."""
    parts = ax.violinplot(values, [y], orientation="horizontal", widths=0.8, showextrema=False)
    bodies: Any = parts["bodies"]  # a list, which matplotlib's own types do not know
    bodies[0].set(facecolor=colour, alpha=0.35, edgecolor="none")
    for path in bodies[0].get_paths():
        path.vertices = path.vertices.round(DECIMALS)
