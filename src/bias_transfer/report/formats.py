"""How the report writes numbers."""

import pandas as pd


def signed(value: float, digits: int = 4) -> str:
    """A number with its sign, + where it rounds to 0; a dash where it is missing."""
    if pd.isna(value):
        return "-"
    said = f"{value:+.{digits}f}"
    return said if float(said) else said.replace("-", "+")


def percent(value: float) -> str:
    """A share of 1 as a whole percentage, without a sign where it rounds to 0."""
    return f"{value:.0%}".replace("-0%", "0%").replace("%", " %")
