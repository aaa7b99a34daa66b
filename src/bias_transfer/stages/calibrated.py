"""The teacher's labels as a study uses them: read and calibrated."""

import pandas as pd

from bias_transfer.corpora.splits import hold_out, lowest_ids
from bias_transfer.io import schemas, tables
from bias_transfer.study.params import Distillation, Params
from bias_transfer.study.paths import Layout
from bias_transfer.teacher import calibration, manifest
from bias_transfer.teacher.calibration import Calibration

SLICE_SEED = 0


def fit(layout: Layout, shared: Distillation, method: str) -> Calibration:
    """Estimate one of ``calibration.METHODS`` from the training split.

    For ``temperature`` that is the slice that students with seed 0 are validated with.
    """
    if method == "contextual":
        labels = manifest.read(layout.labels_folder)
        return calibration.contextual(pd.DataFrame(labels["content_free"]))
    if method == "batch":
        return calibration.batch(tables.read(layout.labels("train"), schemas.LABELS))
    if method == "temperature":
        reviews = tables.read(layout.reviews("train"), schemas.REVIEWS)
        validation = reviews.iloc[
            hold_out(reviews["label"], shared.validation_share, SLICE_SEED)[1]
        ]
        labels = tables.read(layout.labels("train"), schemas.LABELS)
        aligned = calibration.align(labels, validation["id"], str(layout.labels("train")))
        return calibration.temperature(
            pd.DataFrame(aligned, columns=schemas.PROBABILITIES), validation["label"].to_numpy()
        )
    return Calibration()


def labelled_test(params: Params, layout: Layout) -> pd.DataFrame:
    """The test reviews that the teacher is asked about: all, or a sample."""
    size = params.reviews[params.study.reviews].labelled_test_size
    return lowest_ids(tables.read(layout.reviews("test"), schemas.REVIEWS), size)


def read(layout: Layout, shared: Distillation, part: str, ids: pd.Series) -> pd.DataFrame:
    """Calibrated ``label_0, label_1`` of ``ids``, in their order, from one file of the teacher."""
    found = fit(layout, shared, shared.calibration).apply(
        tables.read(layout.labels(part), schemas.LABELS)
    )
    aligned = calibration.align(found, ids, str(layout.labels(part)))
    return pd.DataFrame(aligned, columns=schemas.PROBABILITIES)
