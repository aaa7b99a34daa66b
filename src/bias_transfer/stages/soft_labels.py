"""What a target asks of a student: the training split and the labels that a student matches."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bias_transfer.corpora import text_id
from bias_transfer.corpora.mentions import mentions_more_women
from bias_transfer.corpora.splits import refuse_leakage
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.stages import calibrated
from bias_transfer.stages import versions as training_versions
from bias_transfer.study import targets
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm
from bias_transfer.teacher import calibration
from bias_transfer.teacher.calibration import Calibration


@dataclass(frozen=True)
class TrainingData:
    """The training split with the teacher's labels, read once for all seeds of a target.

    ``teacher`` and ``versions`` are calibrated, shape (reviews, 2) and (2, reviews, 2); the rest is
    as in ``targets.Labelled``. What a target does not need is left at the review's own. ``fitted``
    are the two texts of each review that are fitted in its place; None where the reviews are.
    """

    reviews: pd.DataFrame
    labels: pd.DataFrame
    calibration: Calibration
    teacher: np.ndarray
    mentions_women: np.ndarray
    versions: np.ndarray
    versions_of_women: np.ndarray
    fitted: tuple[pd.Series, pd.Series] | None = None

    def soft(self, arm: Arm) -> np.ndarray:
        """What the arm is asked to match, shape (reviews, 2), or (2, reviews, 2) of ``fitted``."""
        labelled = targets.Labelled(
            self.teacher,
            self.reviews["label"].to_numpy(),
            self.mentions_women,
            self.versions,
            self.versions_of_women,
            arm.seed,
        )
        return targets.soft_labels(arm.target, labelled)

    def part(self, rows: np.ndarray) -> "TrainingData":
        """Some of the reviews in this order, as if there were no others.

        The teacher's labels and their calibration stay those of all.
        """

        def some(texts: pd.Series) -> pd.Series:
            return texts.iloc[rows].reset_index(drop=True)

        return replace(
            self,
            reviews=self.reviews.iloc[rows].reset_index(drop=True),
            teacher=self.teacher[rows],
            mentions_women=self.mentions_women[rows],
            versions=self.versions[:, rows],
            versions_of_women=self.versions_of_women[:, rows],
            fitted=self.fitted and (some(self.fitted[0]), some(self.fitted[1])),
        )


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
    row, nobody = targets.parse(target)[0], np.zeros(len(reviews), bool)
    women = mentions_more_women(reviews["text"]) if row.dosed else nobody
    if not row.remedy_of:
        both = np.stack([teacher, teacher])
        return TrainingData(reviews, labels, found, teacher, women, both, np.stack([nobody] * 2))
    if not params.reviews[params.study.reviews].labelled_versions:
        raise InputError(
            f"target {target!r} needs the teacher's labels of both versions of each training "
            f"review: set reviews.{params.study.reviews}.labelled_versions to true in params.yaml"
        )
    versions = training_versions.read(layout)
    of_versions = found.apply(tables.read(layout.labels("versions"), schemas.LABELS))
    both = np.stack([teacher, teacher])
    for side, column in enumerate(versions.texts):
        ids = versions.texts[column][versions.mentioned].map(text_id)
        both[side, versions.mentioned] = calibration.align(
            of_versions, ids, str(layout.labels("versions"))
        )
    texts = tuple(versions.texts[side] for side in versions.texts)
    fitted = texts if row.rows == "doubled" else None
    of_women = np.stack([versions.mentioned, nobody])
    return TrainingData(reviews, labels, found, teacher, women, both, of_women, fitted)
