"""Holm's correction for several tests (Holm, Scandinavian Journal of Statistics, 1979)."""

import numpy as np
import pandas as pd


def holm(p_values: pd.Series) -> pd.Series:
    """Holm's step-down adjustment. A missing p-value stays missing and does not count as a test.

    The smallest of n p-values is multiplied by n, the next by n - 1, and so on. None is below the
    one before it, or above 1.
    """
    adjusted = p_values.to_numpy(dtype=float, copy=True)
    tests = np.flatnonzero(~np.isnan(adjusted))
    order = tests[np.argsort(adjusted[tests])]
    steps = adjusted[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return pd.Series(adjusted, index=p_values.index)
