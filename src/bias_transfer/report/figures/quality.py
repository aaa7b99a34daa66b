"""How well systems tell positive from negative, and how they were trained."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bias_transfer.report.figures.style import (
    TEACHER_LOOK,
    annotate,
    canvas,
    headline,
    look_of,
)
from bias_transfer.study.systems import System, group_of


def accuracy(table: pd.DataFrame) -> Figure:
    """Accuracy on the test reviews with its 95 % interval (Wilson): one line per system.

    Of several seeds it is the mean, with a dot for each seed. The interval is that of the test
    reviews alone.
    """
    from statsmodels.stats.proportion import proportion_confint

    names = table["system"].map(group_of)
    systems = list(dict.fromkeys(names))
    figure, ax = canvas(height=1.4 + 0.42 * len(systems))
    for y, system in enumerate(systems):
        seeds = table[names == system]
        colour, marker = look_of(system)
        n, mean = seeds["n"].iloc[0], seeds["accuracy"].mean()
        ends = proportion_confint(round(mean * n), n, method="wilson")
        ax.plot(ends, [y, y], color=colour, linewidth=2, solid_capstyle="butt")
        ax.plot(mean, y, marker, color=colour, markersize=7)
        if len(seeds) > 1:
            ax.plot(seeds["accuracy"], [y + 0.3] * len(seeds), ".", color=colour, markersize=4)
        annotate(ax, f"{mean:.3f}", mean, y)
    ax.set_yticks(range(len(systems)), systems)
    ax.set_ylim(len(systems) - 0.4, -0.7)
    label = f"accuracy on {table['n'].iloc[-1]:,} test reviews, with 95 % interval"
    if (sample := table["n"].iloc[0]) != table["n"].iloc[-1]:
        label += f"; the teacher's on {sample:,} of them"
    ax.set_xlabel(label + ("\nsmall dots: single seeds" if len(systems) < len(table) else ""))
    headline(figure, "How well does each system tell positive from negative?")
    return figure


def calibration_plot(bins: pd.DataFrame, chosen: str) -> Figure:
    """Share of positive reviews against the teacher's score in each bin, by calibration."""
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
    axes.flat[0].set_ylabel("share of positive reviews")
    figure.supxlabel("teacher's P(positive)", size=9)
    headline(figure, "Is the teacher right as often as it says?")
    return figure


def confusion(table: pd.DataFrame) -> Figure:
    """One confusion matrix per system: counts of true class (rows) by predicted class (columns).

    Of several seeds it is the mean.
    """
    names = table["system"].map(group_of)
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
    """Validation log loss on hard labels by epoch: one panel per student, one line per arm.

    The epoch that was picked is marked.
    """
    return _by_epoch(history, "validation_log_loss", "validation log loss (nats)")


def gap_by_epoch(history: pd.DataFrame) -> Figure:
    """The gender gap on swapped reviews by epoch, of students with more than one.

    One panel per student, one line per arm; the epoch that was picked is marked.
    """
    longest = history.groupby(_students(history))["epoch"].transform("max")
    figure = _by_epoch(history[longest > 1], "epoch_gender_gap", "gender gap (log-odds)")
    for ax in figure.axes:
        ax.axhline(0, color="0.5", linewidth=1, zorder=0)
    headline(figure, "When does the gap arise?")
    return figure


def _students(history: pd.DataFrame) -> pd.Series:
    return history["system"].map(lambda system: System.parse(system).student)


def _by_epoch(history: pd.DataFrame, column: str, label: str) -> Figure:
    names = _students(history)
    students = list(dict.fromkeys(names))
    figure, axes = plt.subplots(
        1, len(students), figsize=(2.9 * len(students) + 1.5, 2.8), layout="constrained",
        squeeze=False,
    )  # fmt: skip
    arms: dict[str, Line2D] = {}
    for ax, student in zip(axes.flat, students, strict=True):
        for system, curve in history[names == student].groupby("system", sort=False):
            colour, marker = look_of(system)
            (line,) = ax.plot(curve["epoch"], curve[column], ".-", color=colour, linewidth=0.8)
            arms.setdefault(System.parse(system).target, line)
            best = curve.loc[curve["validation_log_loss"].idxmin()]
            ax.plot(best["epoch"], best[column], marker, color=colour, markersize=7)
        ax.set_title(student, loc="left")
        ax.set_xlabel("epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes.flat[0].set_ylabel(label)
    figure.legend(
        list(arms.values()), list(arms), loc="outside right center", frameon=False, fontsize=8
    )
    return figure
