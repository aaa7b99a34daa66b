"""Other training reviews: the delete-half jackknife.

An interval over held-out reviews and seeds takes the training reviews as given. How much an
estimate would differ with others is seen where it is made anew from halves of them (Shao and Wu, "A
General Theory for Jackknife Variance Estimation", 1989). Of n reviews d are left out: the variance
of the whole sample's estimate is (n - d) / d times the mean square of the parts' estimates around
their mean, and for halves the factor is 1.
"""

import numpy as np

from bias_transfer.bias.inference.two_way import Either, Inference


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
    between = float(by_half.var(ddof=1))
    variance = inference.se**2 + between
    df = variance**2 / (inference.se**4 / inference.df + between**2 / (len(by_half) - 1))
    return Either.of(inference, Inference(inference.mean, float(np.sqrt(variance)), float(df)))
