"""Figures of a report: each takes a table and gives a figure."""

import matplotlib

matplotlib.use("Agg")
from bias_transfer.report.figures.answered import answer
from bias_transfer.report.figures.differences import distributions, emotions, gaps, placebo
from bias_transfer.report.figures.distilling import changes, transfer
from bias_transfer.report.figures.quality import (
    accuracy,
    calibration_plot,
    confusion,
    gap_by_epoch,
    training,
)
from bias_transfer.report.figures.remedied import pareto
from bias_transfer.report.figures.style import save
from bias_transfer.report.figures.swapped import swaps
from bias_transfer.report.figures.taught import several_teachers

__all__ = [
    "accuracy",
    "answer",
    "calibration_plot",
    "changes",
    "confusion",
    "distributions",
    "emotions",
    "gap_by_epoch",
    "gaps",
    "pareto",
    "placebo",
    "save",
    "several_teachers",
    "swaps",
    "training",
    "transfer",
]
