"""Accuracy against the size of the gap: what a remedy costs, and what it brings."""

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from bias_transfer.report.figures.style import headline, look
from bias_transfer.study.systems import TEACHER, System


def pareto(accuracy: pd.DataFrame, bias: pd.DataFrame) -> Figure:
    """One panel per student, one colour per target: a pale mark per seed, a solid one for the mean.

    The mean's gap is the size of the mean, not the mean of the sizes, which noise would enlarge.

    Parameters
    ----------
    accuracy
        ``accuracy.csv``.
    bias
        All rows of ``bias.csv``, those of single seeds too. The gap is that on swapped reviews.
    """
    on_swaps = bias[bias["corpus"] == "swaps"].set_index("system")["log_odds_difference"]
    points = accuracy[["system", "accuracy"]].assign(gap=accuracy["system"].map(on_swaps))
    names = [System.parse(system) for system in points["system"]]
    points = points.assign(student=[s.student for s in names], target=[s.target for s in names])
    points = points[points["target"] != TEACHER].dropna(subset="gap")
    students = list(dict.fromkeys(points["student"]))
    figure, axes = plt.subplots(
        1, max(1, len(students)), figsize=(7.2, 3.6), squeeze=False, layout="constrained"
    )
    for student, ax in zip(students, axes[0], strict=False):
        for target, seeds in points[points["student"] == student].groupby("target", sort=False):
            colour, marker = look(str(target))
            sizes = seeds["gap"].abs()
            ax.plot(sizes, seeds["accuracy"], marker, color=colour, alpha=0.35, markersize=4)
            mean = abs(seeds["gap"].mean()), seeds["accuracy"].mean()
            ax.plot(*mean, marker, color=colour, markersize=8, label=target)
        ax.set_title(student, loc="left", size=10)
        ax.set_xlim(left=0)
        ax.set_xlabel("size of the gap (log-odds)", size=8)
        ax.tick_params(labelsize=8)
    axes[0, 0].set_ylabel("accuracy on test reviews", size=8)
    handles = {
        label: handle
        for ax in axes[0]
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        handles.values(), handles.keys(), loc="outside lower center", ncols=3, fontsize=8,
        frameon=False,
    )  # fmt: skip
    headline(figure, "What does a smaller gap cost? Up is better, left is better")
    return figure
