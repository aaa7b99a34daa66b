"""Schemas of every table that crosses a stage.

What a column means is said here alone: its description, unit and sign, and its name as a metric.
``docs/columns.md`` is made from them.
"""

from bias_transfer.io.schemas.bias import BIAS, BREAKDOWN, PAIRS
from bias_transfer.io.schemas.columns import (
    CHOSEN,
    COUNT,
    IN_SUMMARY,
    OWN_SCORES,
    P_VALUE,
    UNCALIBRATED,
    metric_names,
    metrics,
)
from bias_transfer.io.schemas.data import (
    EEC,
    FILM,
    HISTORY,
    LABELS,
    PREDICTIONS,
    PROBABILITIES,
    REVIEWS,
    VARIANTS,
)
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
    "EEC",
    "FILM",
    "FORMAT",
    "HISTORIES",
    "HISTORY",
    "IN_SUMMARY",
    "LABELS",
    "OWN_SCORES",
    "PAIRS",
    "PREDICTIONS",
    "PROBABILITIES",
    "P_VALUE",
    "REVIEWS",
    "SUMMARY",
    "TRANSFER",
    "UNCALIBRATED",
    "VARIANTS",
    "metric_names",
    "metrics",
]
