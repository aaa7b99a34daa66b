"""Rounded figures: what a processor's own order of summation decides never reaches a file.

Two processors add the same numbers up to the last digits of a float64. Figures are kept to 9
decimals, p-values to 6 significant digits, so that the same predictions give the same bytes.
"""

from typing import Any

import pandas as pd

DECIMALS = 9
P_DIGITS = 6


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with its floats rounded; columns of p-values are those with ``p_`` in their name."""
    floats = frame.select_dtypes("float").columns
    p_values = [name for name in floats if is_p_value(str(name))]
    rounded = frame.round(dict.fromkeys(floats.difference(p_values), DECIMALS))
    return rounded.assign(**{name: rounded[name].map(p_value) for name in p_values})


def is_p_value(name: str) -> bool:
    """Whether a column or figure of this name is a p-value, as ``p_holm`` and ``gender_p_holm`` are."""
    return name.startswith("p_") or "_p_" in name


def p_value(value: float) -> float:
    """Rounded to significant digits, so that the tiny ones stay what they are."""
    return float(f"{value:.{P_DIGITS}g}")


def probabilities(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with its floats at 9 significant digits, so that one near 0 stays above it."""
    floats = frame.select_dtypes("float")
    return frame.assign(**{name: [float(f"{x:.9g}") for x in floats[name]] for name in floats})


def values(value: Any) -> Any:
    """What JSON can hold, with its floats rounded."""
    if isinstance(value, dict):
        return {key: values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [values(item) for item in value]
    return round(value, DECIMALS) if isinstance(value, float) else value
