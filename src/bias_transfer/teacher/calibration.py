"""Calibration of the teacher's labels: estimated once, applied to every split when labels are read.

`batch` is estimated on the training split, `temperature` on a slice of it, and `contextual` on
texts without content.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import expit

from bias_transfer.corpora import text_id
from bias_transfer.io.errors import InputError

METHODS = ("none", "contextual", "batch", "temperature")
_TEXTS = ("N/A", "[MASK]", "")  # Zhao et al. (2021), section 5
CONTENT_FREE = pd.DataFrame({"id": map(text_id, _TEXTS), "text": _TEXTS})


@dataclass(frozen=True)
class Calibration:
    """Log-odds become ``(log-odds - offset) / temperature``."""

    offset: float = 0.0
    temperature: float = 1.0

    def apply(self, labels: pd.DataFrame) -> pd.DataFrame:
        """The labels with their log-odds calibrated; ``label_mass`` is left as it is."""
        if self == Calibration():
            return labels
        values = (log_odds(labels) - self.offset) / self.temperature
        return labels.assign(label_0=expit(-values), label_1=expit(values))


def contextual(content_free: pd.DataFrame) -> Calibration:
    """Remove the log-odds of the mean answer to ``CONTENT_FREE``.

    The mean is of the probabilities as answered, before the two labels are made to sum to 1. After
    Zhao et al., "Calibrate Before Use", ICML 2021, section 5.

    Raises
    ------
    InputError
        Here and below: if a label is exactly 0 or 1, so that its log-odds are infinite.
    """
    as_answered = content_free[["label_0", "label_1"]].mul(content_free["label_mass"], axis=0)
    mean = as_answered.mean().to_frame().T
    return Calibration(offset=float(_finite(mean, "content-free", "contextual")[0]))


def batch(train: pd.DataFrame) -> Calibration:
    """Remove the mean log-odds of the training split, which presumes balanced classes.

    After Zhou et al., "Batch Calibration", ICLR 2024, with the training split as the batch.
    """
    return Calibration(offset=float(_finite(train, "training", "batch").mean()))


def temperature(validation: pd.DataFrame, hard: np.ndarray) -> Calibration:
    """Divide by the temperature that has the lowest log loss on a slice with hard labels (0 or 1).

    No label crosses 0.5. After Guo et al., "On Calibration of Modern Neural Networks", ICML 2017,
    section 4.2.
    """
    margins = _finite(validation, "validation", "temperature") * (2 * hard - 1)
    best = minimize_scalar(
        lambda x: np.logaddexp(0, -margins * np.exp(-x)).mean(), bounds=(-5, 5), method="bounded"
    )
    return Calibration(temperature=float(np.exp(best.x)))


def _finite(labels: pd.DataFrame, what: str, method: str) -> np.ndarray:
    values = log_odds(labels)
    if saturated := int((~np.isfinite(values)).sum()):
        raise InputError(
            f"{saturated} {what} labels are exactly 0 or 1, where `calibration: {method}` is not "
            "defined: use `calibration: none`"
        )
    return values


def log_odds(labels: pd.DataFrame) -> np.ndarray:
    """``log label_1 - log label_0``: above 0 the label is positive, and infinite at 0 and 1.

    Shape (rows,), float64.
    """
    with np.errstate(divide="ignore"):
        return np.log(labels["label_1"].to_numpy()) - np.log(labels["label_0"].to_numpy())


def align(labels: pd.DataFrame, ids: pd.Series, origin: str) -> np.ndarray:
    """The labels of ``ids``, in their order: shape (n, 2).

    Raises
    ------
    InputError
        If the teacher has no label for some of them.
    """
    missing = ids[~ids.isin(labels["id"])]
    if len(missing):
        raise InputError(
            f"{origin} lacks {len(missing)} of {len(ids)} reviews, the first with id "
            f"{missing.iloc[0]}: run the `label` stage on these reviews"
        )
    return labels.set_index("id").loc[ids, ["label_0", "label_1"]].to_numpy()
