"""A column: its type, and what it means (description, unit, sign, and its name as a metric)."""

from collections.abc import Mapping
from typing import Any

import pandera.pandas as pa

COUNT, P_VALUE = "count", "p-value"
# Uses of a metric: in summary.csv; computed again by `verify`, as it rests on the scores of one
# system alone; and taken from the teacher's row without calibration, or with the study's.
IN_SUMMARY, OWN_SCORES = "summary", "own scores"
HEADLINE = "headline"  # the one number of a row, for `dvc metrics`
EEC = "eec"  # the corpus whose metrics have its name not in theirs
UNCALIBRATED, CHOSEN = "uncalibrated", "chosen"
_SHARE = pa.Check.in_range(0, 1, error="must be between 0 and 1")
_NOT_BELOW_0 = pa.Check.ge(0, error="must be 0 or more")


def column(
    kind: type,
    *checks: pa.Check,
    about: str,
    unit: str = "",
    sign: str = "",
    metric: str = "",
    marks: tuple[str, ...] = (),
    values: Mapping[str, str] | None = None,
    **options: Any,
) -> pa.Column:
    """A column of a schema.

    Parameters
    ----------
    kind
        ``str``, ``int``, ``float`` or ``bool``.
    checks
        What each value must be.
    about
        What the column holds.
    unit
        Of its numbers.
    sign
        What a number above 0 means, and what 0 means.
    metric
        The column's name as a metric in MLflow. ``{axis}`` in it is filled in from the row.
    marks
        Which uses of the metrics it belongs to (see ``metric_names``).
    values
        What each value of a text column means.
    options
        For pandera's ``Column``.
    """
    meaning = {"unit": unit, "sign": sign, "metric": metric, "marks": marks, "values": values or {}}
    return pa.Column(kind, list(checks), description=about, metadata=meaning, **options)


def text(about: str, **meaning: Any) -> pa.Column:
    """A text, which may be empty."""
    return column(str, about=about, **meaning)


def number(about: str, *checks: pa.Check, **meaning: Any) -> pa.Column:
    """A number, which may be missing."""
    return column(float, *checks, about=about, nullable=True, coerce=True, **meaning)


def share(about: str, **meaning: Any) -> pa.Column:
    """A number from 0 to 1, which may be missing."""
    return number(about, _SHARE, **{"unit": "0 to 1"} | meaning)


def size(about: str, **meaning: Any) -> pa.Column:
    """A number that has no sign, such as a standard error; it may be missing."""
    return number(about, _NOT_BELOW_0, **meaning)


def p_value(about: str, **meaning: Any) -> pa.Column:
    """A p-value, which may be missing."""
    return number(about, _SHARE, unit=P_VALUE, **meaning)


def count(about: str, *, missing: bool = False, **meaning: Any) -> pa.Column:
    """A count, which may be missing where that is said."""
    if missing:
        return size(about, unit=COUNT, **meaning)
    return column(int, _NOT_BELOW_0, about=about, unit=COUNT, **meaning)


def training_sets(estimate: str, **meaning: Any) -> dict[str, pa.Column]:
    """The ends of the interval of ``estimate`` over other training reviews.

    ``metric`` may hold ``{end}``.
    """
    return {
        f"ci_{end}_training_sets": number(
            f"The {word} end of the 95 % interval of {estimate} over other training reviews too: "
            "each seed learnt from a half of its own, and the variance between halves enters once, "
            "not over their number. Missing where `study.resample` is `none`, and with one seed.",
            **meaning | {"metric": meaning.get("metric", "").replace("{end}", end)},
        )
        for end, word in (("low", "lower"), ("high", "upper"))
    }


def metric_names(schema: pa.DataFrameSchema, mark: str = "", unit: str = "") -> dict[str, str]:
    """Name in MLflow of each column that is a metric; of those with this ``mark`` or ``unit``."""
    meanings = {name: found.metadata for name, found in schema.columns.items() if found.metadata}
    return {
        name: meaning["metric"]
        for name, meaning in meanings.items()
        if meaning["metric"]
        and (not mark or mark in meaning["marks"])
        and (not unit or unit == meaning["unit"])
    }


def metrics(
    schema: pa.DataFrameSchema, row: Mapping[Any, Any], mark: str = "", unit: str = ""
) -> dict[str, Any]:
    """The metrics of one row of a table, by their names in MLflow (see ``metric_names``)."""
    names = metric_names(schema, mark, unit)
    axis = {"axis": axis_of(row)} if "axis" in row else {}
    return {name.format(**{**row, **axis}): row[column] for column, name in names.items()}


def axis_of(row: Mapping[Any, Any]) -> str:
    """An axis as names of metrics have it: with its corpus in front, but for the EEC."""
    corpus = row.get("corpus", EEC)
    return row["axis"] if corpus == EEC else f"{corpus}_{row['axis']}"
