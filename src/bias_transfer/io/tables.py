"""Read and write what crosses a stage: checked against its schema, whole or not at all."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from bias_transfer.io import extras, schemas
from bias_transfer.io.atomic import atomic_write, refuse_odd
from bias_transfer.io.errors import InputError, LaterFormat

REPRO = "`dvc repro`"


def validate(
    frame: pd.DataFrame, schema: pa.DataFrameSchema, origin: str, first: int = 2
) -> pd.DataFrame:
    """Return ``frame`` if it fits ``schema``.

    Parameters
    ----------
    first
        What errors call the row of index 0: 2 below a CSV's header, as a spreadsheet shows it. A
        row whose index is no number is called by that.

    Raises
    ------
    InputError
        Naming ``origin``, the row, the column and the fault.
    """
    missing = [name for name in schema.columns if name not in frame.columns]
    if missing:
        raise InputError(
            f"{origin}: column {missing[0]!r} is missing (columns: "
            f"{', '.join(map(str, frame.columns))})"
        )
    if frame.empty:  # a CSV without rows says nothing of its types
        frame = frame.astype({name: column.dtype.type for name, column in schema.columns.items()})
    try:
        return schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        raise InputError(origin + _fault(errors.failure_cases, first)) from None


def _fault(cases: pd.DataFrame, first: int) -> str:
    # A check of the whole table fails because of what is wrong in a column, so the columns' own
    # faults come first.
    in_columns = cases[cases["schema_context"] == "Column"]
    fault = cases.iloc[0] if in_columns.empty else in_columns.iloc[0]
    row = _place(fault["index"], first)
    if fault["check"] == "column_in_schema":
        return f": column {fault['failure_case']!r} does not belong here"
    if in_columns.empty:
        return f"{row}: {fault['check']}"
    found = fault["failure_case"]
    shown = isinstance(found, str | int | float | np.number) and not pd.isna(found)
    value = f" ({found})" if shown else ""
    what = {"not_nullable": "is missing", "field_uniqueness": "stands twice"}.get(
        fault["check"], fault["check"]
    )
    what = what.removeprefix("coerce_").replace("dtype('", "must be of type ").replace("')", "")
    return f"{row}, column {fault['column']!r}: {what}{value}"


def _place(index: Any, first: int) -> str:
    if pd.isna(index):
        return ""
    return f", row {int(index) + first if isinstance(index, int | float | np.integer) else index}"


def read(path: Path, schema: pa.DataFrameSchema, made_by: str = REPRO) -> pd.DataFrame:
    """Read a CSV or parquet file and check it against ``schema``.

    ``made_by`` is what makes it, for the error of a file that is missing.

    Raises
    ------
    InputError
        If the file is missing, unreadable, or does not fit.
    """
    return validate(_load(path, schema, made_by), schema, str(path))


def _load(path: Path, schema: pa.DataFrameSchema, made_by: str) -> pd.DataFrame:
    refuse_odd(path)
    if path.suffix == ".parquet":
        extras.need_parquet(str(path))
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else _csv(path, schema)
    except FileNotFoundError:
        raise InputError(f"{path} is missing: {made_by} makes it") from None
    except (ValueError, OSError) as error:
        raise InputError(f"{path} cannot be read: {' '.join(str(error).split())}") from None
    # pandas takes a first column without a name for an index
    if not isinstance(frame.index, pd.RangeIndex):
        raise InputError(f"{path}: rows have more fields than the header")
    return frame


def _csv(path: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    texts = {
        name: str for name, column in schema.columns.items() if str(column.dtype).startswith("str")
    }
    return pd.read_csv(
        path,
        dtype=texts,
        keep_default_na=False,
        na_values={name: [""] for name in schema.columns if name not in texts},
        lineterminator="\n",  # else a lone carriage return in a text ends the row
    )


def write(frame: pd.DataFrame, path: Path, schema: pa.DataFrameSchema | None = None) -> None:
    """Check ``frame`` and write it whole or not at all.

    Floats keep every digit. A count that may be missing is written as a whole number or as nothing.

    Raises
    ------
    InputError
        If the frame does not fit ``schema`` or the folder cannot be written.
    """
    if schema is not None:
        frame = validate(frame, schema, str(path))[list(schema.columns)]
        frame = frame.astype(dict.fromkeys(_missing_counts(schema), "Int64"))
    if path.suffix == ".parquet":
        extras.need_parquet(str(path))
    with atomic_write(path) as temporary:
        if path.suffix == ".parquet":
            frame.to_parquet(temporary, index=False)
        else:
            frame.to_csv(temporary, index=False, lineterminator="\n")


def _missing_counts(schema: pa.DataFrameSchema) -> list[str]:
    """Columns of counts that may be missing: pandas holds them as floats."""
    return [
        name
        for name, column in schema.columns.items()
        if column.nullable and column.metadata and column.metadata["unit"] == schemas.COUNT
    ]


def write_text(text: str, path: Path) -> None:
    """Write ``text`` as UTF-8, whole or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(values: dict[str, Any], path: Path) -> None:
    """Write ``values`` whole or not at all, in their own order; NaN becomes null."""
    write_text(json.dumps(plain(values), indent=2, ensure_ascii=False) + "\n", path)


def plain(value: Any) -> Any:
    """``value`` as JSON gives it back.

    Numbers without NumPy, lists for tuples, None for NaN and the infinities.
    """
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def read_json(path: Path) -> dict[str, Any]:
    """Read what ``write_json`` wrote.

    Raises
    ------
    InputError
        If the file is missing, not JSON, or of a later format than this program knows.
    """
    refuse_odd(path)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} is missing: {REPRO} makes it") from None
    except ValueError as error:
        raise InputError(f"{path} is not valid JSON: {error}") from None
    if (
        isinstance(values, dict)
        and isinstance(form := values.get("format"), int)
        and form > schemas.FORMAT
    ):
        raise LaterFormat(
            f"{path} is of format {form}, which a later bias-transfer wrote; this one knows "
            f"{schemas.FORMAT}: update it (`git pull`, then `make setup`)"
        )
    return values
