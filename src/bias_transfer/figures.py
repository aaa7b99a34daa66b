"""Frame in, figure out. One palette: teacher black, baseline blue, distilled orange (Okabe and Ito)."""

from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from bias_transfer import tables

matplotlib.use("Agg")
from matplotlib import pyplot as plt

COLOURS = {"teacher": "#000000", "baseline": "#0072B2", "distilled": "#D55E00"}
MARKERS = {"teacher": "s", "baseline": "o", "distilled": "D"}
AXIS_TITLES = {
    "gender": "Do sentences about women score higher or lower than about men?",
    "race": "Do African-American names score higher or lower than European-American names?",
}
AXIS_LABELS = {
    "gender": "mean difference in P(positive), female - male",
    "race": "mean difference in P(positive), African-American - European-American",
}
DPI = 200


def target_of(system: str) -> str:
    """``teacher``, ``baseline`` or ``distilled``: what decides a system's colour."""
    return next((target for target in COLOURS if target in system.split("/")[0].split("-")), "baseline")


def gaps(bias: pd.DataFrame, axis: str) -> Figure:
    """Mean difference and two-way clustered 95 % interval of each system on one axis, top to bottom in given order."""
    rows = bias[bias["axis"] == axis].reset_index(drop=True)
    figure, ax = _canvas(height=1.4 + 0.42 * len(rows))
    ax.axvline(0, color="0.5", linewidth=1)
    for y, row in rows.iterrows():
        target = target_of(row["system"])
        ax.plot([row["ci_low"], row["ci_high"]], [y, y], color=COLOURS[target], linewidth=2, solid_capstyle="butt")
        ax.plot(row["mean_difference"], y, MARKERS[target], color=COLOURS[target], markersize=7)
        label = f"{row['mean_difference']:+.3f}" if row["verdict"] != "not measurable" else "not measurable"
        _annotate(ax, label, row["mean_difference"], y)
    ax.set_yticks(range(len(rows)), rows["system"])
    ax.set_ylim(len(rows) - 0.4, -0.7)
    ax.set_xlabel(AXIS_LABELS[axis] + "\nbars: 95 % interval, clustered by template and by noun pair or name")
    _title(figure, AXIS_TITLES[axis])
    return figure


def accuracy(table: pd.DataFrame) -> Figure:
    """Accuracy on the test reviews with its 95 % interval (Wilson), system by system."""
    from statsmodels.stats.proportion import proportion_confint

    figure, ax = _canvas(height=1.4 + 0.42 * len(table))
    for y, row in table.reset_index(drop=True).iterrows():
        target = target_of(row["system"])
        low, high = proportion_confint(round(row["accuracy"] * row["n"]), row["n"], method="wilson")
        ax.plot([low, high], [y, y], color=COLOURS[target], linewidth=2, solid_capstyle="butt")
        ax.plot(row["accuracy"], y, MARKERS[target], color=COLOURS[target], markersize=7)
        _annotate(ax, f"{row['accuracy']:.3f}", row["accuracy"], y)
    ax.set_yticks(range(len(table)), table["system"])
    ax.set_ylim(len(table) - 0.4, -0.7)
    ax.set_xlabel(f"accuracy on {int(table['n'].iloc[0]):,} test reviews, with 95 % interval")
    _title(figure, "How well does each system tell positive from negative?")
    return figure


def confusion(table: pd.DataFrame) -> Figure:
    """One confusion matrix a system: counts of true class (rows) by called class (columns)."""
    columns = min(4, len(table))
    rows = -(-len(table) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(2.2 * columns, 2.3 * rows), layout="constrained", squeeze=False)
    for ax in axes.flat[len(table) :]:
        ax.set_axis_off()
    for ax, (_, row) in zip(axes.flat, table.iterrows(), strict=False):
        cells = np.array(
            [[row["true_negative"], row["false_positive"]], [row["false_negative"], row["true_positive"]]], dtype=int
        )
        sns.heatmap(
            cells, annot=True, fmt="d", cmap="Greys", cbar=False, ax=ax, square=True,
            xticklabels=["neg", "pos"], yticklabels=["neg", "pos"], vmin=0, vmax=row["n"] / 2,
        )  # fmt: skip
        ax.set_title(row["system"], size=9)
        ax.set_xlabel("called")
        ax.set_ylabel("truly")
    return figure


def training(history: pd.DataFrame) -> Figure:
    """Validation log loss on hard labels by epoch, one panel a student, the chosen epoch marked."""
    names = history["system"].str.replace(r"-(baseline|distilled)/.*", "", regex=True)
    students = list(dict.fromkeys(names))
    figure, axes = plt.subplots(
        1, len(students), figsize=(2.9 * len(students), 2.8), layout="constrained", squeeze=False
    )
    for ax, student in zip(axes.flat, students, strict=True):
        for system, curve in history[names == student].groupby("system", sort=False):
            colour, marker = COLOURS[target_of(system)], MARKERS[target_of(system)]
            ax.plot(curve["epoch"], curve["validation_log_loss"], color=colour, marker=".", label=target_of(system))
            best = curve.loc[curve["validation_log_loss"].idxmin()]
            ax.plot(best["epoch"], best["validation_log_loss"], marker, color=colour, markersize=8)
        ax.set_title(student, loc="left")
        ax.set_xlabel("epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes.flat[0].set_ylabel("validation log loss (nats)")
    axes.flat[0].legend(frameon=False)
    return figure


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


def save(figure: Figure, path: Path) -> None:
    """Write a PNG at 200 dpi, whole or not at all and free of timestamps, and close the figure."""
    with tables.whole(path) as temporary:
        figure.savefig(temporary, dpi=DPI, format="png", metadata={"Software": None})
    plt.close(figure)
