"""One arm of a study: split its reviews, build the student and fit it."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bias_transfer.corpora.splits import hold_out
from bias_transfer.distillation.fit import LabelledTexts, Setting, Watching, fit
from bias_transfer.distillation.halves import half
from bias_transfer.students import student as students
from bias_transfer.study.params import Bow, Cnn, Distillation, Encoder, Resample

Rows = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Fitted:
    """A trained student and its ``history`` (see ``fit``)."""

    student: students.Student
    history: pd.DataFrame


def base_rows(
    labels: pd.Series, shared: Distillation, seed: int, resample: Resample = "none"
) -> Rows:
    """Positions of the reviews to fit on and of those to validate with.

    They follow from the seed alone: every arm of a seed starts from them, whatever its target
    leaves out of them or repeats. With ``half``, half of those to fit on are left, by class, drawn
    once the others are set aside.
    """
    rows, held_out = hold_out(labels, shared.validation_share, seed)
    if resample == "half":
        rows = rows[half(labels.to_numpy()[rows], seed)]
    return rows, held_out


def fit_arm(
    reviews: pd.DataFrame,
    soft: np.ndarray,
    training: Bow | Cnn | Encoder,
    shared: Distillation,
    setting: Setting,
    versions: tuple[pd.Series, pd.Series] | None = None,
    *,
    rows: Rows | None = None,
    watch: Watching | None = None,
) -> Fitted:
    """Train a student on ``reviews`` (``text``, ``label``) and soft labels of shape (reviews, 2).

    The seed decides the base rows, the vocabulary, the first weights and the order. So arms of one
    seed differ in ``soft``, ``alpha`` and ``versions`` alone. ``versions`` are two texts of each
    review, fitted in its place: an epoch takes one of them. Then ``soft`` holds the soft labels of
    both, shape (2, reviews, 2). ``rows`` are other base rows than the seed's own. ``watch`` is as
    in ``fit``.
    """
    fitted, held_out = rows or base_rows(reviews["label"], shared, setting.seed)
    labels = reviews["label"].to_numpy()
    texts = (reviews["text"],) if versions is None else versions
    by_version = soft.reshape(len(texts), -1, 2)
    first, *others = (
        LabelledTexts(version.iloc[fitted].tolist(), labels[fitted], teacher[fitted])
        for version, teacher in zip(texts, by_version, strict=True)
    )
    fitting = replace(first, other=others[0]) if others else first
    own = reviews["text"]
    validation = LabelledTexts(
        own.iloc[held_out].tolist(), labels[held_out], by_version[0][held_out]
    )
    student = students.build(training, own.iloc[fitted].tolist(), setting.seed)
    return Fitted(student, fit(student, fitting, validation, training, shared, setting, watch))
