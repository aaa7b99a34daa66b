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
    """A trained student and its ``history`` (see ``fit``)."""

    student: students.Student
    history: pd.DataFrame


def base_rows(labels: pd.Series, shared: Distillation, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the reviews to fit on and of those to validate with.

    They follow from the seed alone: every arm of a seed starts from them, whatever its target
    leaves out of them or repeats.
    """
    return hold_out(labels, shared.validation_share, seed)


def fit_arm(
    reviews: pd.DataFrame,
    soft: np.ndarray,
    training: Bow | Cnn | Encoder,
    shared: Distillation,
    setting: Setting,
) -> Fitted:
    """Train a student on ``reviews`` (``text``, ``label``) and soft labels of shape (reviews, 2).

    The seed decides the base rows, the first weights and the order. So arms of one seed differ in
    ``soft`` and ``alpha`` alone.
    """
    fitting, validation = (
        LabelledTexts(
            reviews["text"].iloc[rows].tolist(), reviews["label"].iloc[rows].to_numpy(), soft[rows]
        )
        for rows in base_rows(reviews["label"], shared, setting.seed)
    )
    student = students.build(training, fitting.texts, setting.seed)
    return Fitted(student, fit(student, fitting, validation, training, shared, setting))
