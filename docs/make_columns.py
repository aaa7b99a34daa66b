"""Write ``docs/columns.md`` from the schemas in ``src/bias_transfer/io/schemas``.

python docs/make_columns.py
"""

from pathlib import Path

import pandera.pandas as pa

from bias_transfer.io import schemas

PAGE = Path(__file__).with_name("columns.md")
TABLES = (
    schemas.REVIEWS,
    schemas.EEC,
    schemas.FILM,
    schemas.EDITS,
    schemas.SWAPS,
    schemas.PLACEBO,
    schemas.SHEET,
    schemas.LABELS,
    schemas.VARIANTS,
    schemas.HISTORY,
    schemas.PREDICTIONS,
    schemas.BIAS,
    schemas.BREAKDOWN,
    schemas.TRANSFER,
    schemas.HYPOTHESES,
    schemas.PAIRS,
    schemas.ACCURACY,
    schemas.CALIBRATION,
    schemas.HISTORIES,
    schemas.SUMMARY,
)
HEAD = """# Columns

Every table that crosses a stage, column by column. Made by `python docs/make_columns.py` from
`src/bias_transfer/io/schemas`, by which stages check what they write and what they read.

A figure that is missing is empty in a CSV. What `bias` and `report` write is rounded: to 9
decimals, p-values to 6 significant digits. A metric is what MLflow calls the column; `{axis}` is
`gender` or `race`.
"""
TYPES = {"str": "text", "int": "whole number", "flo": "number", "boo": "true or false"}


def page() -> str:
    """The whole page."""
    told: set[str] = set()
    return "\n".join([HEAD, *(section(schema, told) for schema in TABLES)])


def section(schema: pa.DataFrameSchema, told: set[str]) -> str:
    """One table: its file, what a row is, its columns, and the values of its texts.

    Values that an earlier table has ``told`` are left out.
    """
    files = ", ".join(f"`{name}`" for name in str(schema.name).split(", "))
    parts = [f"## {files}", str(schema.description), table(schema)]
    for name, column in schema.columns.items():
        lines = [f"- `{value}`: {what}" for value, what in column.metadata["values"].items()]
        values = "\n".join(lines)
        if values and values not in told:
            parts.append(f"Values of `{name}`:\n\n{values}")
            told.add(values)
    return "\n\n".join(parts) + "\n"


def table(schema: pa.DataFrameSchema) -> str:
    """The columns as a Markdown table; what no column has is left out."""
    rows = [
        {
            "column": f"`{name}`",
            "type": kind(column),
            "what": column.description,
            "unit": column.metadata["unit"],
            "sign": column.metadata["sign"],
            "metric": f"`{column.metadata['metric']}`" if column.metadata["metric"] else "",
        }
        for name, column in schema.columns.items()
    ]
    used = [name for name in rows[0] if any(row[name] for row in rows)]
    lines = [used, ["---"] * len(used), *([row[name] for name in used] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def kind(column: pa.Column) -> str:
    """Type of a column in words; a count that may be missing is a float to pandas."""
    is_count = column.metadata["unit"] == schemas.COUNT
    return TYPES["int" if is_count else str(column.dtype)[:3]]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
