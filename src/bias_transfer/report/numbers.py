"""What MLflow shows of a run in numbers, and in the tags that say its gaps: one map from files.

``publish`` writes what this gives, and ``verify`` holds MLflow to it.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bias_transfer.bias.audit import NOT_MEASURABLE
from bias_transfer.bias.pairs import AXES
from bias_transfer.io import schemas, tables
from bias_transfer.report import verdicts
from bias_transfer.report.findings import of_corpus, primary
from bias_transfer.study.systems import group_of

# Kinds of files that a run's numbers are read from.
QUALITY, GAPS, LABELS, CALIBRATIONS, SUMMARY, CURVES = (
    "quality", "gaps", "labels", "calibrations", "summary", "curves",
)  # fmt: skip
_FIRST = "accuracy"  # MLflow compares runs by the metric that was logged first
_PREFERRED = ("swaps", "eec")  # which corpus a tag is of: the first on which the axis is measured
Sources = Mapping[str, Path]


def metrics(system: str, sources: Sources) -> dict[str, float]:
    """Every metric of a run, accuracy first, but for curves; what is undefined is left out.

    Parameters
    ----------
    system
        The run's name: a system with its seed, or ``report``.
    sources
        The files by kind; a run need not have every kind.

    Returns
    -------
    dict
        A gap that is not measurable has no numbers here but counts: it would stand in a column
        beside those that can be read. Its tag says why (``tags``).

    Raises
    ------
    InputError
        If a file is missing or not as its schema has it.
    """
    found: dict[str, Any] = {_FIRST: None}
    if QUALITY in sources:
        found |= tables.read_json(sources[QUALITY])
    if GAPS in sources:
        found |= _gaps(system, sources[GAPS])
    if LABELS in sources:
        parts = tables.read_json(sources[LABELS])["parts"]
        found |= {f"{part}_label_mass": of["mean_label_mass"] for part, of in parts.items()}
    if CALIBRATIONS in sources:
        found |= _calibrations(sources[CALIBRATIONS])
    if SUMMARY in sources:
        table = tables.read(sources[SUMMARY], schemas.SUMMARY)
        found |= dict(zip(table["name"], table["value"], strict=True))
    return {
        name: float(value)
        for name, value in found.items()
        if value is not None and math.isfinite(value)
    }


def curves(sources: Sources) -> pd.DataFrame | None:
    """A student's metrics by ``epoch``, one column each; None for other runs."""
    return tables.read(sources[CURVES], schemas.HISTORY) if CURVES in sources else None


def tags(system: str, sources: Sources) -> dict[str, str]:
    """Each axis of a system's gaps in words, such as ``+0.009 (+0.004 to +0.014), stands; eec``.

    They are of all its seeds together, as verdicts are, in P(positive). The corpus is swapped
    reviews where the axis is measured on them, else the Equity Evaluation Corpus.
    """
    if GAPS not in sources:
        return {}
    rows = primary(tables.read(sources[GAPS], schemas.BIAS))
    rows = rows[rows["system"].map(group_of) == group_of(system)]
    found = {}
    for axis in AXES:
        of_axis = rows[rows["axis"] == axis]
        for corpus in _PREFERRED:
            if axis not in found and len(row := of_corpus(of_axis, corpus)):
                found[axis] = verdicts.tag(row.iloc[0])
    return found


def _gaps(system: str, path: Path) -> dict[str, Any]:
    bias = tables.read(path, schemas.BIAS)
    group = bias["system"].map(group_of) == group_of(system)
    hidden = bias[group & (bias["verdict"] == NOT_MEASURABLE)]
    unread = set(zip(hidden["corpus"], hidden["axis"], strict=True))
    found: dict[str, Any] = {}
    for row in bias[bias["system"] == system].to_dict("records"):
        unit = schemas.COUNT if (row["corpus"], row["axis"]) in unread else ""
        found |= schemas.metrics(schemas.BIAS, row, unit=unit)
    return found


def _calibrations(path: Path) -> dict[str, Any]:
    table = tables.read(path, schemas.CALIBRATION)
    found: dict[str, Any] = {}
    for rows, mark in (
        (table[table["method"] == "none"], schemas.UNCALIBRATED),
        (table[table["chosen"]], schemas.CHOSEN),
    ):
        for row in rows.to_dict("records"):
            found |= schemas.metrics(schemas.CALIBRATION, row, mark)
    return found
