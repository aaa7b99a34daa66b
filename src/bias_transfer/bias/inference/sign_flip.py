"""An exact cross-check of the clustered test that assumes no distribution."""

import numpy as np
import pandas as pd

MOST_TEMPLATES = 16


def sign_flip_p(pairs: pd.DataFrame) -> float:
    """Two-sided p of "differences are symmetric about 0 in every template", over all sign patterns of the templates.

    The statistic is the sum of all differences, since the estimand is their mean; each template's
    sum keeps or flips its sign as a whole, so pairs of a template need not be independent. With 11
    templates p is a multiple of 1/2048 and never below 1/1024: it cannot reach significance after a
    large correction, and checks rather than decides. NaN for more than 16 templates, whose patterns
    are too many to try.

    Parameters
    ----------
    pairs
        ``template`` and ``difference``, one row a pair.
    """
    sums = pairs.groupby("template")["difference"].sum().to_numpy()
    if len(sums) > MOST_TEMPLATES:
        return float("nan")
    patterns = 1 - 2 * (np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums)) & 1)
    flipped = np.abs(patterns @ sums)
    return float((flipped >= abs(sums.sum()) - 1e-12 * np.abs(sums).sum()).mean())
