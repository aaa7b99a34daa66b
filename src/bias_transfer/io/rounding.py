"""Rounded figures, so that the same predictions give the same bytes on every processor.

Two processors add the same numbers in different orders, and so differ in the last digits of a
float64. Figures are kept to 9 decimals, p-values to 6 significant digits.

Two things would still differ. A zero has no sign here, since what rounds to 0 may have come from
either side of it. And what ends in an exact 5, as means of numbers of 9 decimals often do, is
always rounded away from 0.
"""

import math
from typing import Any

import numpy as np
import pandas as pd

DECIMALS = 9
P_DIGITS = 6
_HALVES = 1e-13  # above what the order of a sum changes, and far below the last decimal


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with its floats rounded."""
    floats = frame.select_dtypes("float")
    return frame.assign(
        **{
            name: column.map(p_value) if is_p_value(name) else _decimals(column)
            for name, column in floats.items()
        }
    )


def is_p_value(name: str) -> bool:
    """Whether a column or figure is a p-value: ``p_holm`` and ``bow/gender_p_holm`` are."""
    own = name.rpartition("/")[2]  # before it stands a system, of any name
    return own.startswith("p_") or "_p_" in own


def p_value(value: float) -> float:
    """Rounded to significant digits, so that the tiny ones stay what they are."""
    return float(f"{value:.{P_DIGITS}g}")


def figure(name: str, value: float) -> float:
    """A figure rounded as its name asks for."""
    return p_value(value) if is_p_value(name) else values(value)


def same(name: str, first: float, second: float) -> bool:
    """Whether two rounded figures are equal or one step of rounding apart.

    The last digit of another processor can lie on the other side of a step.
    """
    if is_p_value(name):
        return math.isclose(first, second, rel_tol=1.5 * 10 ** (1 - P_DIGITS))
    return math.isclose(first, second, rel_tol=0, abs_tol=1.5 * 10**-DECIMALS)


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
    return float(_decimals(value)) if isinstance(value, float) else value


def _decimals(numbers: Any) -> Any:
    """A float or a column of them to 9 decimals."""
    return np.round(numbers + np.copysign(_HALVES, numbers), DECIMALS) + 0.0
