"""Schemas of every table that crosses a stage.

What a column means is said here alone: its description, unit and sign, and its name as a metric.
``docs/columns.md`` is made from them.
"""

from bias_transfer.io.schemas.bias import BIAS, BREAKDOWN, PAIRS
from bias_transfer.io.schemas.columns import (
    CHOSEN,
    COUNT,
    HEADLINE,
    IN_SUMMARY,
    OWN_SCORES,
    P_VALUE,
    UNCALIBRATED,
    axis_of,
    metric_names,
    metrics,
)
from bias_transfer.io.schemas.data import (
    EDITS,
    EEC,
    FILM,
    HISTORY,
    LABELS,
    PLACEBO,
    PREDICTIONS,
    PROBABILITIES,
    REVIEWS,
    SHEET,
    SWAPS,
    VARIANTS,
)
from bias_transfer.io.schemas.hypotheses import HYPOTHESES
from bias_transfer.io.schemas.report import ACCURACY, CALIBRATION, HISTORIES, SUMMARY
from bias_transfer.io.schemas.transfer import TRANSFER

# Of the JSON that stages write. Raised when a reader of the old form would misread the new.
FORMAT = 1

__all__ = [
    "ACCURACY",
    "BIAS",
    "BREAKDOWN",
    "CALIBRATION",
    "CHOSEN",
    "COUNT",
    "EDITS",
    "EEC",
    "FILM",
    "FORMAT",
    "HEADLINE",
    "HISTORIES",
    "HISTORY",
    "HYPOTHESES",
    "IN_SUMMARY",
    "LABELS",
    "OWN_SCORES",
    "PAIRS",
    "PLACEBO",
    "PREDICTIONS",
    "PROBABILITIES",
    "P_VALUE",
    "REVIEWS",
    "SHEET",
    "SUMMARY",
    "SWAPS",
    "TRANSFER",
    "UNCALIBRATED",
    "VARIANTS",
    "axis_of",
    "metric_names",
    "metrics",
]
