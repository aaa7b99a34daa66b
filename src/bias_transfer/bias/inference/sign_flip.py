"""An exact check of the clustered test that assumes no distribution."""

import numpy as np
import pandas as pd

MOST_TEMPLATES = 16


def sign_flip_p(pairs: pd.DataFrame) -> float:
    """Exact two-sided p of "the differences of every template are symmetric about 0".

    The statistic is the sum of all differences, since the estimand is their mean. Each template's
    sum keeps or flips its sign as a whole, so the pairs of a template need not be independent. All
    sign patterns are tried.

    With 11 templates p is a multiple of 1/2048 and never below 1/1024. It cannot be significant
    after a large correction: it checks the clustered test and decides nothing. NaN for more than
    16 templates, which have too many patterns to try.

    Parameters
    ----------
    pairs
        ``template`` and ``difference``, one row per pair.
    """
    sums = pairs.groupby("template")["difference"].sum().to_numpy()
    if len(sums) > MOST_TEMPLATES:
        return float("nan")
    patterns = 1 - 2 * (np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums)) & 1)
    flipped = np.abs(patterns @ sums)
    return float((flipped >= abs(sums.sum()) - 1e-12 * np.abs(sums).sum()).mean())
