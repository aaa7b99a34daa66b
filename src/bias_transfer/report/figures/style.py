"""How every figure looks: colours, markers, titles, intervals, and how it is saved.

One palette (Okabe and Ito): the teacher is black, and each target has the colour of its row in
``study/targets.py``.
"""

from pathlib import Path
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bias_transfer.bias.audit import NO_DIFFERENCE, NOT_MEASURABLE
from bias_transfer.bias.audit import NO_EVIDENCE as NO_EVIDENCE_OF_DIFFERENCE
from bias_transfer.bias.channel import NOT_SEEN, NOTHING
from bias_transfer.bias.estimates import NO_CHANGE, NO_EVIDENCE, ONE_SEED
from bias_transfer.bias.hypotheses import FAILS
from bias_transfer.bias.inference.halves import HIGH, LOW
from bias_transfer.bias.transfer import NO_SLOPE, NO_TEACHER_GAP, SMALL, UNCLEAR
from bias_transfer.io import atomic
from bias_transfer.study import targets
from bias_transfer.study.systems import TEACHER, System, group_of
from bias_transfer.study.targets import BASELINE

TEACHER_LOOK = ("#000000", "s")
DPI = 200
HOLLOW, PALE = "white", 0.4
BAND = "0.94"
MARKS = "solid: stands; hollow: does not; pale: not measurable"
_STANDS_NOT = {
    *(NO_DIFFERENCE, NO_EVIDENCE_OF_DIFFERENCE, NO_CHANGE, NO_EVIDENCE, SMALL, NO_TEACHER_GAP),
    *(NO_SLOPE, UNCLEAR, NOTHING, NOT_SEEN, ONE_SEED),
}


def look_of(system: str) -> tuple[str, str]:
    """Colour and marker of a system: those of its target, and of a baseline for your own."""
    target = System.parse(system).target
    return TEACHER_LOOK if target == TEACHER else look(target or BASELINE)


def look(target: str) -> tuple[str, str]:
    """Colour and marker of a target."""
    row, _ = targets.parse(target)
    return row.colour, row.marker


def canvas(height: float) -> tuple[Figure, Axes]:
    """A figure of one panel for horizontal lines."""
    figure, ax = plt.subplots(figsize=(7.2, height), layout="constrained")
    sns.despine(ax=ax, left=True)
    ax.tick_params(left=False)
    ax.grid(axis="x", color="0.9")
    ax.set_axisbelow(True)
    return figure, ax


def headline(figure: Figure, question: str) -> None:
    """Set the question that the figure answers above it."""
    figure.suptitle(question, x=0.01, ha="left", size=11)


def annotate(ax: Axes, label: str, x: float, y: float) -> None:
    """Write a label above a mark, on white where a line runs below it."""
    ground = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
    ax.annotate(
        label, (x, y), xytext=(0, 7), textcoords="offset points", ha="center", size=8, bbox=ground
    )  # fmt: skip


def interval(
    ax: Axes, row: Any, y: float, column: str, look: tuple[str, str], size: float = 7
) -> None:
    """One estimate with its 95 % interval on the line ``y``.

    Its marker is solid where the row's verdict stands and hollow where it does not; all is pale
    where nothing can be measured. A thin line is its interval over other training sets, where there
    is one.
    """
    (colour, marker), verdict = look, row.get("verdict", "")
    hollow = verdict in _STANDS_NOT or verdict.startswith(FAILS)
    pale = verdict == NOT_MEASURABLE
    opacity = PALE if pale else 1.0
    ends = [row["ci_low"], row["ci_high"]]
    ax.plot(ends, [y, y], color=colour, linewidth=2, solid_capstyle="butt", alpha=opacity, zorder=2)
    if pd.notna(row.get(LOW)):
        ax.plot([row[LOW], row[HIGH]], [y, y], color=colour, linewidth=0.8, alpha=opacity, zorder=1)
    face = HOLLOW if hollow or pale else colour
    ax.plot(
        row[column], y, marker, color=colour, markersize=size, markerfacecolor=face,
        alpha=opacity, zorder=3,
    )  # fmt: skip


def within(ax: Axes, margin: float) -> str:
    """Shade the gaps that are smaller than the margin; the words for it."""
    ax.axvspan(-margin, margin, color=BAND, linewidth=0, zorder=0)
    return f"shaded: smaller than the margin of {margin:g}"


def intervals(ax: Axes, rows: pd.DataFrame, size: float = 7) -> None:
    """One line per row, top to bottom: its mean difference, 95 % interval and system."""
    ax.axvline(0, color="0.5", linewidth=1)
    for y, row in rows.iterrows():
        interval(ax, row, y, "mean_difference", look_of(row["system"]), size)
    ax.set_yticks(range(len(rows)), rows["system"].map(group_of))
    ax.set_ylim(len(rows) - 0.4, -0.7)
    ax.tick_params(left=False)


def save(figure: Figure, *paths: Path, dpi: int = DPI) -> None:
    """Write PNG or SVG by suffix, without a timestamp, and close the figure.

    Its parts are placed once, for the first of ``paths``.
    """
    for path in paths:
        kind = path.suffix.removeprefix(".")
        with atomic.atomic_write(path) as temporary, plt.rc_context({"svg.hashsalt": path.name}):
            figure.savefig(
                temporary,
                dpi=dpi,
                format=kind,
                metadata={"Date" if kind == "svg" else "Software": None},
            )
        figure.set_layout_engine("none")
    plt.close(figure)
