"""One arm of a study: split its reviews, build the student and fit it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bias_transfer.corpora.splits import hold_out
from bias_transfer.distillation.fit import LabelledTexts, Setting, fit
from bias_transfer.students import student as students
from bias_transfer.study.params import Bow, Cnn, Distillation, Encoder


@dataclass(frozen=True)
class Fitted:
    """A trained student, its ``history`` (see ``fit``), and which rows it saw.

    ``fitting`` and ``validation`` are positions in the reviews.
    """

    student: students.Student
    history: pd.DataFrame
    fitting: np.ndarray
    validation: np.ndarray


def fit_arm(
    reviews: pd.DataFrame,
    soft: np.ndarray,
    training: Bow | Cnn | Encoder,
    shared: Distillation,
    setting: Setting,
) -> Fitted:
    """Train a student on ``reviews`` (``text``, ``label``) and soft labels of shape (reviews, 2).

    The seed decides the validation slice, the start and the order, and nothing else does: arms of
    one seed differ in ``soft`` and ``alpha`` alone.
    """
    rows = hold_out(reviews["label"], shared.validation_share, setting.seed)
    fitting, validation = (
        LabelledTexts(
            reviews["text"].iloc[part].tolist(), reviews["label"].iloc[part].to_numpy(), soft[part]
        )
        for part in rows
    )
    student = students.build(training, fitting.texts, setting.seed)
    history = fit(student, fitting, validation, training, shared, setting)
    return Fitted(student, history, *rows)
