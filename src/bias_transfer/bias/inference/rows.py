"""Least squares whose clusters are its rows: CR2 and its degrees of freedom in closed form.

With one row per cluster CR2 is HC2 (MacKinnon and White, 1985): a residual is divided by the square
root of 1 minus its leverage. Degrees of freedom are Satterthwaite's, for independent errors of one
variance (Bell and McCaffrey, 2002). ``inference.slope.cr2`` gives the same in time and memory that
grow with the square of the rows.
"""

from dataclasses import dataclass

import numpy as np

from bias_transfer.bias.inference.two_way import Inference, standard_error

_ALONE = 1e-10  # 1 - leverage below this: the row alone decides a coefficient


@dataclass(frozen=True)
class Estimate:
    """``coefficient @ beta``: its value, each row's part of its error, and degrees of freedom.

    ``influence`` has shape (rows,), and the sum of its squares is the variance.
    """

    value: float
    influence: np.ndarray
    df: float

    @property
    def inference(self) -> Inference:
        """Value with standard error; no error where nothing varies."""
        variance = float((self.influence**2).sum())
        return Inference(self.value, standard_error(variance, self.value), self.df)


def estimate(design: np.ndarray, y: np.ndarray, coefficient: np.ndarray) -> Estimate:
    """``coefficient @ beta`` of the least squares of ``y`` on ``design``.

    Parameters
    ----------
    design
        Shape (n, k), of full rank.
    y
        Shape (n,).
    coefficient
        Shape (k,).
    """
    root, triangle = np.linalg.qr(design)
    beta = np.linalg.solve(triangle, root.T @ y)
    pull = root @ np.linalg.solve(triangle.T, coefficient)
    free = 1 - (root**2).sum(axis=1)
    alone = free < _ALONE
    scale = np.where(alone, 0, pull / np.sqrt(np.where(alone, 1, free)))
    # The Gram matrix of the rows' parts under independent errors is a_i a_j (1[i = j] - h_ij).
    squares = scale**2
    trace = float((squares * free).sum())
    inner = root.T @ (squares[:, None] * root)
    of_square = float((squares**2 * (2 * free - 1)).sum() + (inner**2).sum())
    return Estimate(
        float(coefficient @ beta),
        scale * (y - design @ beta),
        trace**2 / of_square if of_square > 0 else float("nan"),
    )


def mean(estimates: list[Estimate]) -> Estimate:
    """The mean of estimates on the same rows; the smallest of their degrees of freedom."""
    return Estimate(
        float(np.mean([one.value for one in estimates])),
        np.mean([one.influence for one in estimates], axis=0),
        min(one.df for one in estimates),
    )


def difference(first: Estimate, second: Estimate) -> Estimate:
    """``first`` minus ``second``, on the same rows."""
    return Estimate(
        first.value - second.value,
        first.influence - second.influence,
        min(first.df, second.df),
    )
