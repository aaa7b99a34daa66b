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
class LinearEstimate:
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


class Plan:
    """``coefficient @ beta`` of least squares on one design, for any number of outcomes.

    Parameters
    ----------
    design
        Shape (n, k). Where it is not of full rank, nothing can be estimated.
    coefficient
        Shape (k,).
    """

    def __init__(self, design: np.ndarray, coefficient: np.ndarray) -> None:
        root, triangle = np.linalg.qr(design)
        size = np.abs(np.diag(triangle))
        self._determined = len(size) == design.shape[1] and size.min() > _ALONE * size.max()
        if not self._determined:
            self._nothing = np.full(len(design), np.nan)
            return
        self._root = root
        self._pull = root @ np.linalg.solve(triangle.T, coefficient)
        free = 1 - (root**2).sum(axis=1)
        alone = free < _ALONE
        self._scale = np.where(alone, 0, self._pull / np.sqrt(np.where(alone, 1, free)))
        # The Gram matrix of the rows' parts under independent errors is a_i a_j (1[i = j] - h_ij).
        squares = self._scale**2
        inner = root.T @ (squares[:, None] * root)
        of_square = float((squares**2 * (2 * free - 1)).sum() + (inner**2).sum())
        trace = float((squares * free).sum())
        self._df = trace**2 / of_square if of_square > 0 else float("nan")

    def value(self, y: np.ndarray) -> float:
        """The estimate alone; ``y`` has shape (n,)."""
        return float(self._pull @ y) if self._determined else float("nan")

    def estimate(self, y: np.ndarray) -> LinearEstimate:
        """The estimate with its error; ``y`` has shape (n,)."""
        if not self._determined:
            return LinearEstimate(float("nan"), self._nothing, float("nan"))
        residual = y - self._root @ (self._root.T @ y)
        return LinearEstimate(self.value(y), self._scale * residual, self._df)


def mean(estimates: list[LinearEstimate]) -> LinearEstimate:
    """The mean of estimates on the same rows; the smallest of their degrees of freedom."""
    return LinearEstimate(
        float(np.mean([one.value for one in estimates])),
        np.mean([one.influence for one in estimates], axis=0),
        min(one.df for one in estimates),
    )


def difference(first: LinearEstimate, second: LinearEstimate) -> LinearEstimate:
    """``first`` minus ``second``, on the same rows."""
    return LinearEstimate(
        first.value - second.value,
        first.influence - second.influence,
        min(first.df, second.df),
    )
