"""One arm of a study: split its reviews, build the student and fit it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bias_transfer import devices
from bias_transfer.corpora.splits import hold_out
from bias_transfer.distillation.fit import Examples, fit
from bias_transfer.params import Bow, Cnn, Distillation, Encoder
from bias_transfer.students import student as students


@dataclass(frozen=True)
class Fitted:
    """A trained student, its ``history`` (see ``fit``), and the rows of the reviews it was fitted and validated on."""

    student: students.Student
    history: pd.DataFrame
    precision: str
    fitting: np.ndarray
    validation: np.ndarray


def fit_arm(
    reviews: pd.DataFrame,
    soft: np.ndarray,
    training: Bow | Cnn | Encoder,
    shared: Distillation,
    *,
    alpha: float,
    seed: int,
    device: str,
    name: str,
) -> Fitted:
    """Train a student on ``reviews`` (``text``, ``label``) and soft labels of shape (reviews, 2).

    ``seed`` decides the validation slice, the start and the order, and nothing else does: arms of one seed differ in
    ``soft`` and ``alpha`` alone.
    """
    rows = hold_out(reviews["label"], shared.validation_share, seed)
    fitting, validation = (
        Examples(reviews["text"].iloc[part].tolist(), reviews["label"].iloc[part].to_numpy(), soft[part])
        for part in rows
    )
    student = students.build(training, fitting.texts, seed)
    precision = devices.fastest_precision(device) if isinstance(training, Encoder) else "float32"
    history = fit(
        student,
        fitting,
        validation,
        training,
        alpha=alpha,
        temperature=shared.temperature,
        warmup_share=shared.warmup_share,
        patience=shared.patience,
        seed=seed,
        device=device,
        precision=precision,
        name=name,
    )
    return Fitted(student, history, precision, *rows)
