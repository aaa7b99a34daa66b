"""Halves of the training reviews: other training sets, as far as one of them can tell."""

import numpy as np


def half(labels: np.ndarray, number: int) -> np.ndarray:
    """Half ``number`` of the rows, drawn without replacement from each class: bool, shape (rows,).

    ``labels`` are 0 or 1, shape (rows,). Of a class with an odd number of rows one less is drawn.
    """
    random = np.random.default_rng(number)
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        chosen[random.choice(rows, len(rows) // 2, replace=False)] = True
    return chosen
