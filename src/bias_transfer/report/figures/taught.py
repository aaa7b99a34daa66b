"""Students of several teachers: whose gap they show, and whose differences they follow."""

import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bias_transfer.report.figures.style import HOLLOW, TEACHER_LOOK, headline, look
from bias_transfer.report.several_teachers import Compared, Interval
from bias_transfer.study.targets import BASELINE, DISTILLED

OFFSET = 0.14


def several_teachers(compared: list[Compared]) -> Figure:
    """One line per student and teacher; left gaps in log-odds, right slopes."""
    rows = [row for one in compared for row in one.rows]
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(7.2, 1.9 + 0.5 * len(rows)), sharey=True, layout="constrained"
    )
    own, other = look(DISTILLED), (look(BASELINE)[0], "o")
    for y, row in enumerate(rows):
        _mark(left, row.teachers_gap, y - OFFSET, TEACHER_LOOK, "teacher's own gap" * (not y))
        _mark(left, row.change, y + OFFSET, own, "what its opinion adds to the student's" * (not y))
        _mark(right, row.own, y - OFFSET, own, "its own teacher's" * (not y))
        _mark(right, row.others, y + OFFSET, other, "the other teachers'" * (not y), HOLLOW)
    left.set_title("gap, women minus men (log-odds)", loc="left", size=9)
    right.set_title("slope on teachers' differences", loc="left", size=9)
    left.set_yticks(range(len(rows)), [f"{row.student} of\n{row.teacher}" for row in rows], size=8)
    left.set_ylim(len(rows) - 0.5, -0.5)
    for ax in (left, right):
        ax.axvline(0, color="0.5", linewidth=1)
        ax.grid(axis="x", color="0.9")
        ax.set_axisbelow(True)
        ax.tick_params(left=False, labelsize=8)
        ax.set_xlabel("95 % intervals", size=8)
        ax.legend(
            loc="upper left", bbox_to_anchor=(0, -0.16), frameon=False, fontsize=8,
            borderaxespad=0.6,
        )  # fmt: skip
        sns.despine(ax=ax, left=True)
    headline(figure, "Does a student take after its own teacher, or after any teacher?")
    return figure


def _mark(
    ax: Axes, found: Interval, y: float, look: tuple[str, str], label: str, face: str = ""
) -> None:
    colour, marker = look
    ax.plot([found.low, found.high], [y, y], color=colour, linewidth=2, solid_capstyle="butt")
    ax.plot(
        found.value, y, marker, color=colour, markersize=6, markerfacecolor=face or colour,
        label=label or None,
    )  # fmt: skip
