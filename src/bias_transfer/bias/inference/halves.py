"""Other training reviews: the delete-half jackknife.

An interval over held-out reviews and seeds takes the training reviews as given. How much an
estimate would differ with others is seen where it is made anew from halves of them (Shao and Wu, "A
General Theory for Jackknife Variance Estimation", 1989). Of n reviews d are left out: the variance
of the whole sample's estimate is (n - d) / d times the mean square of the parts' estimates around
their mean, and for halves the factor is 1.
"""

import numpy as np
import pandas as pd

from bias_transfer.bias.inference.two_way import Either, Inference

LOW, HIGH = "ci_low_training_sets", "ci_high_training_sets"


def with_training_sets(inference: Inference, by_half: np.ndarray) -> Inference:
    """Add the variance over training sets to the inference for one training set.

    Parameters
    ----------
    inference
        Of the estimate from all training reviews, with the error of held-out reviews and seeds.
    by_half
        The same estimate from each half, on the same held-out reviews, by a fit with a seed of its
        own: shape (halves,), two or more.

    Returns
    -------
    Inference
        The variance between halves enters once: it is no mean that gets surer with more of them.
        It holds that of seeds too, which errs on the safe side. Degrees of freedom are
        Satterthwaite's for the sum. Never surer than ``inference``.
    """
    return _wider(inference, float(by_half.std(ddof=1)), len(by_half))


def over_training_sets(
    table: pd.DataFrame, estimate: str = "estimate", se: str = "se", df: str = "df"
) -> pd.DataFrame:
    """Add the ends of the 95 % interval over training sets, ``LOW`` and ``HIGH``.

    Each seed learnt from a half of its own. So ``se`` has the variance between halves over their
    number, as that of their mean, and here it enters once more, whole. Missing with one seed, and
    where a row has no error.

    Parameters
    ----------
    table
        Estimates with the error of held-out reviews and seeds: ``seed_sd`` and ``n_seeds``, and
        columns of these names.
    """
    columns = [estimate, se, df, "seed_sd", "n_seeds"]
    ends = [_ends(*row) for row in table[columns].itertuples(index=False)]
    low, high = np.array(ends).reshape(-1, 2).T
    return table.assign(**{LOW: low, HIGH: high})


def _ends(mean: float, se: float, df: float, spread: float, halves: float) -> tuple[float, float]:
    if not halves > 1:
        return np.nan, np.nan
    found = _wider(Inference(mean, se, df), spread, halves)
    return found.ci_low, found.ci_high


def _wider(inference: Inference, spread: float, halves: float) -> Inference:
    """With the variance between halves, whose standard deviation is ``spread``."""
    between = spread**2
    variance = inference.se**2 + between
    df = variance**2 / (inference.se**4 / inference.df + between**2 / (halves - 1))
    return Either.of(inference, Inference(inference.mean, float(np.sqrt(variance)), float(df)))
