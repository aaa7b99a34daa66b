"""Calibration of the teacher's labels: estimated on the training split, applied to every split.

Batch calibration takes the mean log-odds over a batch of inputs as the prompt's bias towards one label and removes it
(Zhou et al., "Batch Calibration", ICLR 2024, equation 4, with the training split as the batch).
"""

import numpy as np
import pandas as pd
from scipy.special import expit

from bias_transfer.errors import InputError


def log_odds(labels: pd.DataFrame) -> np.ndarray:
    """``log label_1 - log label_0``: above 0 the label is positive. Shape (rows,), float64; infinite at 0 and 1."""
    with np.errstate(divide="ignore"):
        return np.log(labels["label_1"].to_numpy()) - np.log(labels["label_0"].to_numpy())


def offset(train: pd.DataFrame, method: str) -> float:
    """Log-odds to subtract from every label of this teacher: 0 for ``none``, the training mean for ``batch``.

    Raises
    ------
    InputError
        If a training label is saturated at 0 or 1, so that the mean is not a number.
    """
    if method == "none":
        return 0.0
    values = log_odds(train)
    if saturated := int((~np.isfinite(values)).sum()):
        raise InputError(f"{saturated} training labels are exactly 0 or 1: use `calibration: none`")
    return float(values.mean())


def shift(labels: pd.DataFrame, by: float) -> pd.DataFrame:
    """The labels with ``by`` subtracted from their log-odds; ``label_mass`` is left as it is."""
    if by == 0:
        return labels
    shifted = log_odds(labels) - by
    return labels.assign(label_0=expit(-shifted), label_1=expit(shifted))


def align(labels: pd.DataFrame, ids: pd.Series, origin: str) -> np.ndarray:
    """Probabilities of ``ids``, in their order: shape (n, 2).

    Raises
    ------
    InputError
        If the teacher has no label for some of them.
    """
    missing = ids[~ids.isin(labels["id"])]
    if len(missing):
        raise InputError(
            f"{origin} lacks {len(missing)} of {len(ids)} reviews, the first with id {missing.iloc[0]}: run the "
            "`label` stage on these reviews"
        )
    return labels.set_index("id").loc[ids, ["label_0", "label_1"]].to_numpy()
