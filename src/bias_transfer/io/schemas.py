"""Schemas of every table that crosses a stage."""

from typing import Any

import pandera.pandas as pa

FORMAT = 1  # of what stages write, said in its JSON; raised when a reader of the old form would misread the new
PROBABILITIES = ["label_0", "label_1"]
_SUM_TOLERANCE = 1e-6


def _column(kind: type, *checks: pa.Check, **options: Any) -> pa.Column:
    return pa.Column(kind, list(checks), **options)


_ID = _column(
    str,
    pa.Check.str_matches(r"^[0-9a-f]{16}$", error="must be 16 hexadecimal digits"),
    unique=True,
)
_PROBABILITY = _column(float, pa.Check.in_range(0, 1, error="must be between 0 and 1"))
_SUM_TO_ONE = pa.Check(
    lambda frame: (frame["label_0"] + frame["label_1"] - 1).abs() <= _SUM_TOLERANCE,
    error="label_0 and label_1 must sum to 1",
)

REVIEWS = pa.DataFrameSchema(
    {
        "id": _ID,
        "text": _column(str, pa.Check(lambda text: text.str.strip() != "", error="is empty")),
        "label": _column(int, pa.Check.isin([0, 1], error="must be 0 (negative) or 1 (positive)")),
    },
    strict=True,
)
EEC = pa.DataFrameSchema(
    {
        "id": _ID,
        **{
            name: _column(str)
            for name in (
                "sentence",
                "template",
                "person",
                "gender",
                "race",
                "emotion",
                "emotion_word",
            )
        },
    },
    strict=True,
)
LABELS = pa.DataFrameSchema(
    {
        "id": _ID,
        "label_0": _PROBABILITY,
        "label_1": _PROBABILITY,
        "label_mass": _column(
            float, pa.Check.in_range(0, 1 + _SUM_TOLERANCE, error="must be between 0 and 1")
        ),
    },
    checks=_SUM_TO_ONE,
    strict=True,
)
_EMPTY_VARIANTS = {
    "id": str,
    "variant": int,
    "label_0": float,
    "label_1": float,
    "label_mass": float,
}
VARIANTS = pa.DataFrameSchema(
    {
        "id": _column(str, *_ID.checks),  # once a variant
        "variant": _column(int, pa.Check.ge(1, error="must be 1 or more")),
    }
    | {name: column for name, column in LABELS.columns.items() if name != "id"},
    checks=_SUM_TO_ONE,
    # Without rows, as of a teacher without variants, a CSV says nothing of its types.
    parsers=pa.Parser(lambda frame: frame if len(frame) else frame.astype(_EMPTY_VARIANTS)),
    strict=True,
    unique=["variant", "id"],
)
PREDICTIONS = pa.DataFrameSchema(
    {"id": _ID, "label_0": _PROBABILITY, "label_1": _PROBABILITY}, checks=_SUM_TO_ONE, strict=True
)
HISTORY = pa.DataFrameSchema(
    {
        "epoch": _column(int),
        "train_loss": _column(float),
        "validation_log_loss": _column(float),
        "validation_accuracy": _column(float),
        "learning_rate": _column(float),
    },
    strict=True,
)
