"""The pairs' differences of the EEC as what they are, linear in the scores: in a moment.

``bias.pairs.contrast`` gives the same, with the tables that an error needs. Of a single seed only
the estimate is wanted.
"""

import numpy as np
import pandas as pd

from bias_transfer.bias.pairs import AXES, FRAME, SIDES, contrast, unit_of


class Differences:
    """Differences of the pairs of one axis, for any scores of ``corpus`` in its order."""

    def __init__(self, corpus: pd.DataFrame, axis: str) -> None:
        if axis not in AXES:
            raise ValueError(f"unknown axis {axis!r}")
        pairs = contrast(corpus.assign(score=0.0), axis).pairs
        key = [*FRAME, "unit"] if axis == "gender" else FRAME
        rows = corpus.assign(unit=unit_of(corpus))
        if axis == "race":
            rows = rows[rows["race"] != ""]
        self._rows = corpus.index.get_indexer(rows.index)
        self._pair = pd.MultiIndex.from_frame(pairs[key]).get_indexer(
            pd.MultiIndex.from_frame(rows[key])
        )
        side = (rows[axis] == SIDES[axis][0]).to_numpy()
        cell = self._pair * 2 + side
        self._weight = np.where(side, 1.0, -1.0) / np.bincount(cell)[cell]

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Shape (sentences,) to (pairs,), in the order of ``contrast(...).pairs``."""
        return np.bincount(self._pair, self._weight * scores[self._rows])
