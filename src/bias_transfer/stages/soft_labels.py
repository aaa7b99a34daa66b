"""What a target asks of a student: the training split and the labels that a student matches."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bias_transfer.corpora.mentions import mentions_more_women
from bias_transfer.corpora.splits import refuse_leakage
from bias_transfer.io import schemas, tables
from bias_transfer.stages import calibrated
from bias_transfer.study import targets
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm
from bias_transfer.teacher import calibration
from bias_transfer.teacher.calibration import Calibration


@dataclass(frozen=True)
class TrainingData:
    """The training split with the teacher's labels, read once for all seeds of a target.

    ``teacher`` is calibrated, shape (reviews, 2). ``fitted`` are the two texts of each review that
    are fitted in its place; None where the reviews themselves are.
    """

    reviews: pd.DataFrame
    labels: pd.DataFrame
    calibration: Calibration
    teacher: np.ndarray
    mentions_women: np.ndarray
    fitted: tuple[pd.Series, pd.Series] | None = None

    def soft(self, arm: Arm) -> np.ndarray:
        """What the arm is asked to match, shape (reviews, 2), or (2, reviews, 2) of ``fitted``."""
        hard = self.reviews["label"].to_numpy()
        labelled = targets.Labelled(self.teacher, hard, self.mentions_women, arm.seed)
        return targets.soft_labels(arm.target, labelled)


def read(params: Params, layout: Layout, target: str) -> TrainingData:
    """The training split as a target needs it.

    Raises
    ------
    InputError
        If a file is missing or damaged, or a test review is among the training reviews.
    """
    reviews = tables.read(layout.reviews("train"), schemas.REVIEWS)
    refuse_leakage(reviews, tables.read(layout.reviews("test"), schemas.REVIEWS))
    labels = tables.read(layout.labels("train"), schemas.LABELS)
    found = calibrated.fit(layout, params.distillation, params.distillation.calibration)
    origin = str(layout.labels("train"))
    teacher = calibration.align(found.apply(labels), reviews["id"], origin)
    dosed = targets.parse(target)[0].dosed
    mentions = mentions_more_women(reviews["text"]) if dosed else np.zeros(len(reviews), bool)
    return TrainingData(reviews, labels, found, teacher, mentions)
