"""The teacher's labels as a study uses them: which rows each calibration is estimated from."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.corpora.splits import hold_out
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.stages import calibrated
from bias_transfer.study.params import Params
from bias_transfer.study.paths import SPLITS, Layout
from bias_transfer.teacher import calibration, manifest
from bias_transfer.teacher.calibration import Calibration

CONTENT_FREE = [
    {"label_0": 0.2, "label_1": 0.8, "label_mass": 0.5},
    {"label_0": 0.4, "label_1": 0.6, "label_mass": 1.0},
]


@pytest.fixture
def params(checkout, tiny_params) -> Params:
    return tiny_params(labelled_test_size=5)


@pytest.fixture
def layout(params, write_reviews, write_labels) -> Layout:
    """40 reviews to train on, 10 to test on; the teacher's answers are in another order."""
    layout = Layout(params.study)
    reviews = write_reviews(layout, 50, 10)
    for seed, (split, part) in enumerate(zip(SPLITS, (reviews[:-10], reviews[-10:]), strict=True)):
        ids = part["id"].sort_values(ignore_index=True)
        positive = np.random.default_rng(seed).uniform(0.1, 0.9, len(ids))
        write_labels(layout, split, ids, positive)
    manifest.write(layout.labels_folder, {"content_free": CONTENT_FREE}, [layout.labels("train")])
    return layout


def labels_of(layout: Layout, part: str) -> pd.DataFrame:
    return tables.read(layout.labels(part), schemas.LABELS)


def test_none_takes_labels_as_they_come(params, layout):
    assert calibrated.fit(layout, params.distillation, "none") == Calibration(0.0, 1.0)


def test_batch_is_of_all_training_labels(params, layout):
    found = calibrated.fit(layout, params.distillation, "batch")
    labels = labels_of(layout, "train")
    mean = np.log(labels["label_1"] / labels["label_0"]).mean()
    assert found.offset == pytest.approx(mean, rel=1e-12)
    assert found.temperature == 1


def test_contextual_is_of_the_texts_without_content(params, layout):
    """Mean as answered: (.1 + .4, .4 + .6) / 2, log-odds log 2."""
    found = calibrated.fit(layout, params.distillation, "contextual")
    assert found.offset == pytest.approx(np.log(2), rel=1e-12)


def test_contextual_refuses_a_damaged_manifest(params, layout):
    path = layout.labels_manifest
    path.write_text(path.read_text().replace("0.8", "0.9"))
    with pytest.raises(InputError, match=r"labels\.json is not as the teacher's labels were"):
        calibrated.fit(layout, params.distillation, "contextual")


def test_temperature_is_of_the_slice_that_seed_0_is_validated_with(params, layout):
    found = calibrated.fit(layout, params.distillation, "temperature")
    reviews = tables.read(layout.reviews("train"), schemas.REVIEWS)
    _, rows = hold_out(reviews["label"], params.distillation.validation_share, 0)
    validation = reviews.iloc[rows]
    own = labels_of(layout, "train").set_index("id").loc[validation["id"]]
    assert found == calibration.temperature(own, validation["label"].to_numpy())
    assert found.temperature != 1


def test_test_reviews_are_the_sample_that_the_teacher_is_asked_about(params, layout):
    found = calibrated.labelled_test(params, layout)
    reviews = tables.read(layout.reviews("test"), schemas.REVIEWS)
    assert found["id"].tolist() == [i for i in reviews["id"] if i in sorted(reviews["id"])[:5]]


@pytest.mark.parametrize("method", ["none", "batch"])
def test_labels_are_read_calibrated_and_in_the_order_of_the_ids(params, layout, method):
    shared = params.distillation.model_copy(update={"calibration": method})
    ids = tables.read(layout.reviews("test"), schemas.REVIEWS)["id"].iloc[::-2]
    found = calibrated.read(layout, shared, "test", ids)
    assert list(found.columns) == schemas.PROBABILITIES
    own = labels_of(layout, "test").set_index("id").loc[ids]
    log_odds = np.log(own["label_1"] / own["label_0"]).to_numpy()
    offset = calibrated.fit(layout, shared, method).offset
    shifted = np.log(found["label_1"] / found["label_0"]).to_numpy()
    np.testing.assert_allclose(shifted, log_odds - offset, atol=1e-12)
    assert (offset == 0) == (method == "none")


def test_a_review_without_a_label_is_refused(params, layout):
    ids = pd.Series(["f" * 16])
    with pytest.raises(InputError, match=r"test\.csv lacks 1 of 1 reviews"):
        calibrated.read(layout, params.distillation, "test", ids)
