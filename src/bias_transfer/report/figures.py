"""Frame in, figure out. One palette (Okabe and Ito): teacher black, baseline blue, distilled orange; controls."""

import re
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bias_transfer.bias.audit import NOT_MEASURABLE
from bias_transfer.bias.transfer import CHANGE, SLOPE
from bias_transfer.io import atomic
from bias_transfer.study import targets
from bias_transfer.study.systems import TEACHER, System, group_of
from bias_transfer.study.targets import BASELINE

matplotlib.use("Agg")
from matplotlib import pyplot as plt

TEACHER_LOOK = ("#000000", "s")
FLOOR = "0.85"
AXIS_TITLES = {
    "gender": "Do sentences about women score higher or lower than about men?",
    "race": "Do African-American names score higher or lower than European-American names?",
}
AXIS_LABELS = {
    "gender": "mean difference in P(positive), female - male",
    "race": "mean difference in P(positive), African-American - European-American",
}
DPI = 200


def look_of(system: str) -> tuple[str, str]:
    """Colour and marker of a system: those of its target, and of a baseline for your own."""
    target = System.parse(system).target
    return TEACHER_LOOK if target == TEACHER else look(target or BASELINE)


def look(target: str) -> tuple[str, str]:
    """Colour and marker of a target."""
    row, _ = targets.parse(target)
    return row.colour, row.marker


def names_by_seeds(systems: pd.Series) -> pd.Series:
    """Name of each system: without its seed where there are several of them."""
    groups = systems.map(group_of)
    return groups.where(groups.duplicated(keep=False), systems)


def gaps(bias: pd.DataFrame, axis: str) -> Figure:
    """Mean difference and two-way clustered 95 % interval of each system on one axis, top to bottom in given order."""
    rows = bias[bias["axis"] == axis].reset_index(drop=True)
    figure, ax = _canvas(height=1.4 + 0.42 * len(rows))
    _intervals(ax, rows)
    for y, row in rows.iterrows():
        label = (
            f"{row['mean_difference']:+.3f}"
            if row["verdict"] != "not measurable"
            else "not measurable"
        )
        _annotate(ax, label, row["mean_difference"], y)
    label = AXIS_LABELS.get(axis, f"mean difference in P(positive), {axis}")
    ax.set_xlabel(label + "\nbars: 95 % interval, clustered by template and by noun pair or name")
    _title(figure, AXIS_TITLES.get(axis, "Does one group score higher or lower than the other?"))
    return figure


def emotions(breakdown: pd.DataFrame) -> Figure:
    """Gaps in the sentences of one emotion each: a row of panels for each axis, a line for each system."""
    rows = breakdown[breakdown["by"] == "emotion"]
    axes, levels = (list(dict.fromkeys(rows[name])) for name in ("axis", "level"))
    systems = rows["system"].nunique()
    figure, panels = plt.subplots(
        len(axes), len(levels), figsize=(10, (0.7 + 0.28 * systems) * len(axes)), sharex="row", sharey=True,
        squeeze=False, layout="constrained",
    )  # fmt: skip
    for axis, line in zip(axes, panels, strict=True):
        for level, ax in zip(levels, line, strict=True):
            part = rows[(rows["axis"] == axis) & (rows["level"] == level)].reset_index(drop=True)
            _intervals(ax, part, size=5)
            ax.grid(axis="x", color="0.9")
            ax.set_title(f"{axis}, {level}", loc="left", size=9)
            sns.despine(ax=ax, left=True)
    _title(
        figure,
        "In which emotions' sentences does the gap arise? Mean difference in P(positive), 95 % "
        "intervals",
    )
    return figure


def distributions(pairs: pd.DataFrame) -> Figure:
    """Every pair's difference by emotion: a row of panels for each axis, a violin for each system, its mean marked.

    The scale leaves out the outermost hundredth at either end; means do not.
    """
    axes, levels = (list(dict.fromkeys(pairs[name])) for name in ("axis", "emotion"))
    systems = list(dict.fromkeys(pairs["system"]))
    figure, panels = plt.subplots(
        len(axes), len(levels), figsize=(10, (0.7 + 0.34 * len(systems)) * len(axes)), sharex="row", sharey=True,
        squeeze=False, layout="constrained",
    )  # fmt: skip
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
                    body = ax.violinplot(
                        part, [y], orientation="horizontal", widths=0.8, showextrema=False
                    )["bodies"][0]
                    body.set(facecolor=colour, alpha=0.35, edgecolor="none")
                ax.plot(part.mean(), y, marker, color=colour, markersize=4)
            ax.set_title(f"{axis}, {level or 'none'}", loc="left", size=9)
            ax.grid(axis="x", color="0.9")
            ax.tick_params(left=False)
            sns.despine(ax=ax, left=True)
        line[0].set_xlim(*of_axis["difference"].quantile([0.01, 0.99]) * 1.1)
    panels[0][0].set_yticks(range(len(systems)), systems)
    panels[0][0].set_ylim(len(systems) - 0.4, -0.6)
    _title(
        figure,
        "How far do single pairs differ in P(positive)? Shape: all pairs of an emotion; mark: "
        "their mean",
    )
    return figure


def changes(transfer: pd.DataFrame) -> Figure:
    """What distilling changed, in log-odds: the gap (left), and how far it follows the teacher's pairs (right).

    One line a student and axis of each comparison, with its 95 % interval; hollow where it cannot
    be measured.
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
            colour, marker = look(row["target"])
            hollow = row["verdict"] == NOT_MEASURABLE
            ax.plot(
                [row["ci_low"], row["ci_high"]],
                [y, y],
                color=colour,
                linewidth=2,
                alpha=0.4 if hollow else 1,
            )
            ax.plot(
                row["estimate"], y, marker, color=colour, markersize=7,
                markerfacecolor="white" if hollow else colour,
            )  # fmt: skip
            _annotate(ax, f"{row['estimate']:+.2f}", row["estimate"], y)
        ax.set_title(title, loc="left", size=9)
        ax.grid(axis="x", color="0.9")
        ax.set_axisbelow(True)
        ax.tick_params(left=False)
        sns.despine(ax=ax, left=True)
    names = [f"{r.student}, {r.axis}: {r.target} - {r.reference}" for r in lines.itertuples()]
    panels[0][0].set_yticks(range(len(lines)), names)
    panels[0][0].set_ylim(len(lines) - 0.4, -0.7)
    figure.supxlabel("log-odds, 95 % intervals; hollow: cannot be measured", size=9)
    _title(figure, "Did distilling move the students' gaps, and towards the teacher's?")
    return figure


def placebo(bias: pd.DataFrame) -> Figure:
    """Differences between names beside the size that differences between names alike in gender and race reach."""
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
        ax.set_yticks(range(len(rows)), rows["system"])
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.set_title(title, loc="left", size=9)
        ax.set_xlabel("mean difference in P(positive)")
        ax.tick_params(left=False)
        sns.despine(ax=ax, left=True)
    _title(
        figure,
        "Is the gap between names larger than their choice makes it? Grey: 95 % of gaps within "
        "gender and race",
    )
    return figure


def transfer(pairs: pd.DataFrame, teacher: str, students: list[str]) -> Figure:
    """Each student's pair differences against its teacher's, in log-odds, both arms, with least-squares lines.

    ``pairs`` are those of the teacher and of the systems whose names start with a student's and end
    with their target.
    """
    axes = list(dict.fromkeys(pairs["axis"]))
    figure, panels = plt.subplots(
        len(students),
        len(axes),
        figsize=(4.2 * len(axes), 2.9 * len(students)),
        squeeze=False,
        layout="constrained",
    )
    for student, line in zip(students, panels, strict=True):
        for axis, ax in zip(axes, line, strict=True):
            rows = pairs[pairs["axis"] == axis]
            x = rows.loc[rows["system"] == teacher, "log_odds_difference"].to_numpy()
            for target in ("baseline", "distilled"):
                of_arm = rows["system"].str.fullmatch(rf"{re.escape(student)}-{target}(/seed-\d+)?")
                y = rows.loc[of_arm, "log_odds_difference"].to_numpy()
                if not len(y) or not (np.isfinite(x).all() and np.isfinite(y).all()):
                    continue
                colour, marker = look(target)
                slope, intercept = np.polyfit(x, y, 1) if np.ptp(x) else (np.nan, np.nan)
                ax.plot(
                    x, y, marker, color=colour, markersize=2, alpha=0.35, markeredgewidth=0,
                    rasterized=True,
                )  # fmt: skip
                ends = np.array([x.min(), x.max()])
                ax.plot(
                    ends,
                    intercept + slope * ends,
                    color=colour,
                    label=f"{target}, slope {slope:+.2f}",
                )
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
    _title(figure, "Do the students tell apart the pairs that their teacher tells apart?")
    return figure


def accuracy(table: pd.DataFrame) -> Figure:
    """Accuracy on the test reviews with its 95 % interval (Wilson): a line for each system, a dot for each seed.

    Of several seeds it is the mean and the interval around it, which is that of the test reviews
    alone.
    """
    from statsmodels.stats.proportion import proportion_confint

    names = names_by_seeds(table["system"])
    systems = list(dict.fromkeys(names))
    figure, ax = _canvas(height=1.4 + 0.42 * len(systems))
    for y, system in enumerate(systems):
        seeds = table[names == system]
        colour, marker = look_of(system)
        n, mean = seeds["n"].iloc[0], seeds["accuracy"].mean()
        ends = proportion_confint(round(mean * n), n, method="wilson")
        ax.plot(ends, [y, y], color=colour, linewidth=2, solid_capstyle="butt")
        ax.plot(mean, y, marker, color=colour, markersize=7)
        if len(seeds) > 1:
            ax.plot(seeds["accuracy"], [y + 0.3] * len(seeds), ".", color=colour, markersize=4)
        _annotate(ax, f"{mean:.3f}", mean, y)
    ax.set_yticks(range(len(systems)), systems)
    ax.set_ylim(len(systems) - 0.4, -0.7)
    label = f"accuracy on {table['n'].iloc[-1]:,} test reviews, with 95 % interval"
    if (sample := table["n"].iloc[0]) != table["n"].iloc[-1]:
        label += f"; the teacher's on {sample:,} of them"
    ax.set_xlabel(label + ("\nsmall dots: single seeds" if len(systems) < len(table) else ""))
    _title(figure, "How well does each system tell positive from negative?")
    return figure


def calibration_plot(bins: pd.DataFrame, chosen: str) -> Figure:
    """Share of positive reviews against the teacher's score in each bin, a panel for each calibration."""
    from statsmodels.stats.proportion import proportion_confint

    methods = list(dict.fromkeys(bins["method"]))
    figure, axes = plt.subplots(
        1,
        len(methods),
        figsize=(2.6 * len(methods), 3),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for ax, method in zip(axes.flat, methods, strict=True):
        rows = bins[bins["method"] == method]
        ax.plot([0, 1], [0, 1], color="0.5", linewidth=1)
        ends = proportion_confint(
            (rows["share_positive"] * rows["n"]).round(), rows["n"], method="wilson"
        )
        colour, marker = TEACHER_LOOK
        ax.vlines(rows["score"], *ends, color=colour, linewidth=2)
        ax.plot(
            rows["score"],
            rows["share_positive"],
            marker,
            color=colour,
            markersize=4,
        )
        ax.set_title(f"{method}, this study's" if method == chosen else method, loc="left", size=9)
        ax.set_aspect("equal")
        sns.despine(ax=ax)
    axes.flat[0].set_ylabel("share truly positive")
    figure.supxlabel("teacher's P(positive)", size=9)
    _title(figure, "Is the teacher right as often as it says?")
    return figure


def confusion(table: pd.DataFrame) -> Figure:
    """One confusion matrix a system: counts of true class (rows) by called class (columns), the mean of its seeds."""
    names = names_by_seeds(table["system"])
    table = table.drop(columns="system").groupby(names, sort=False).mean().round().reset_index()
    columns = min(4, len(table))
    rows = -(-len(table) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(2.2 * columns, 2.3 * rows), layout="constrained", squeeze=False
    )
    for ax in axes.flat[len(table) :]:
        ax.set_axis_off()
    for ax, (_, row) in zip(axes.flat, table.iterrows(), strict=False):
        cells = np.array(
            [
                [row["true_negative"], row["false_positive"]],
                [row["false_negative"], row["true_positive"]],
            ],
            dtype=int,
        )
        sns.heatmap(
            cells, annot=True, fmt="d", cmap="Greys", cbar=False, ax=ax, square=True,
            xticklabels=["neg", "pos"], yticklabels=["neg", "pos"], vmin=0, vmax=row["n"] / 2,
        )  # fmt: skip
        ax.set_title(row["system"], size=9)
        ax.set_xlabel("predicted")
        ax.set_ylabel("true")
    return figure


def training(history: pd.DataFrame) -> Figure:
    """Validation log loss on hard labels by epoch: one panel a student, one line an arm, the chosen epoch marked."""
    names = history["system"].map(lambda system: System.parse(system).student)
    students = list(dict.fromkeys(names))
    figure, axes = plt.subplots(
        1, len(students), figsize=(2.9 * len(students), 2.8), layout="constrained", squeeze=False
    )
    for ax, student in zip(axes.flat, students, strict=True):
        for system, curve in history[names == student].groupby("system", sort=False):
            colour, marker = look_of(system)
            label: str | None = System.parse(system).target
            if label in ax.get_legend_handles_labels()[1]:
                label = None
            ax.plot(
                curve["epoch"],
                curve["validation_log_loss"],
                color=colour,
                marker=".",
                linewidth=1,
                label=label,
            )
            best = curve.loc[curve["validation_log_loss"].idxmin()]
            ax.plot(best["epoch"], best["validation_log_loss"], marker, color=colour, markersize=7)
        ax.set_title(student, loc="left")
        ax.set_xlabel("epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes.flat[0].set_ylabel("validation log loss (nats)")
    axes.flat[0].legend(frameon=False)
    return figure


def _intervals(ax: plt.Axes, rows: pd.DataFrame, size: float = 7) -> None:
    """A line for each row, top to bottom: its mean difference, 95 % interval and system."""
    ax.axvline(0, color="0.5", linewidth=1)
    for y, row in rows.iterrows():
        colour, marker = look_of(row["system"])
        ax.plot(
            [row["ci_low"], row["ci_high"]],
            [y, y],
            color=colour,
            linewidth=2,
            solid_capstyle="butt",
        )
        ax.plot(row["mean_difference"], y, marker, color=colour, markersize=size)
    ax.set_yticks(range(len(rows)), rows["system"])
    ax.set_ylim(len(rows) - 0.4, -0.7)
    ax.tick_params(left=False)


def _canvas(height: float) -> tuple[Figure, plt.Axes]:
    figure, ax = plt.subplots(figsize=(7.2, height), layout="constrained")
    sns.despine(ax=ax, left=True)
    ax.tick_params(left=False)
    ax.grid(axis="x", color="0.9")
    ax.set_axisbelow(True)
    return figure, ax


def _title(figure: Figure, question: str) -> None:
    figure.suptitle(question, x=0.01, ha="left", size=11)


def _annotate(ax: plt.Axes, label: str, x: float, y: float) -> None:
    ax.annotate(label, (x, y), xytext=(0, 7), textcoords="offset points", ha="center", size=8)


def save(figure: Figure, *paths: Path, dpi: int = DPI) -> None:
    """Write PNG or SVG by suffix, each whole or not at all and free of timestamps, and close the figure."""
    for path in paths:
        kind = path.suffix.removeprefix(".")
        with atomic.atomic_write(path) as temporary, plt.rc_context({"svg.hashsalt": path.name}):
            figure.savefig(
                temporary,
                dpi=dpi,
                format=kind,
                metadata={"Date" if kind == "svg" else "Software": None},
            )
    plt.close(figure)
