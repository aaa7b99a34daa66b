"""What the arms of a target are asked to match, from the files of a study."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.corpora import text_id
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.stages import soft_labels, versions
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm

TRAIN = ["she loved it", "a dull film", "he met his wife", "nobody came"]
POSITIVE = np.array([0.8, 0.3, 0.6, 0.5])
OF_VERSION = {
    "she loved it": 0.8,
    "he loved it": 0.6,
    "she met her husband": 0.3,
    "he met his wife": 0.7,
    "she met her wife": 0.3,
    "he met his husband": 0.7,
}


@pytest.fixture
def layout(checkout, tiny_params, write_edits, write_labels) -> Layout:
    layout = Layout(tiny_params().study)
    for split, texts in (("train", TRAIN), ("test", ["another one"])):
        labels = [i % 2 for i in range(len(texts))]
        frame = pd.DataFrame({"id": map(text_id, texts), "text": texts, "label": labels})
        tables.write(frame, layout.reviews(split), schemas.REVIEWS)
    write_labels(layout, "train", pd.Series(TRAIN).map(text_id), POSITIVE)
    write_edits(layout.edits, pd.Series(TRAIN))
    asked = versions.read(layout).to_label()
    positive = asked["text"].map(OF_VERSION).to_numpy()
    write_labels(layout, "versions", asked["id"], positive)
    return layout


@pytest.fixture
def soft(layout, tiny_params):
    """Soft labels of an arm: P(positive), without calibration."""

    def of(target: str) -> np.ndarray:
        params = tiny_params(
            labelled_versions=True, targets=[target], distillation={"calibration": "none"}
        )
        data = soft_labels.read(params, layout, target)
        return data.soft(Arm("bow", target, 0))[..., 1]

    return of


def test_distilled_has_the_teachers_labels(soft):
    np.testing.assert_allclose(soft("distilled"), POSITIVE)


def test_remedies_have_those_of_both_versions_and_the_own_where_nobody_is_mentioned(soft):
    both = soft("augmented")
    assert both.shape == (2, 4)
    np.testing.assert_allclose(both[0], [0.8, 0.3, 0.3, 0.5])
    np.testing.assert_allclose(both[1], [0.6, 0.3, 0.7, 0.5])
    np.testing.assert_allclose(soft("swap-averaged"), [0.7, 0.3, 0.5, 0.5])


def test_what_is_planted_in_versions_is_in_those_about_women(soft):
    odds = np.log(soft("planted-augmented-1") / (1 - soft("planted-augmented-1")))
    plain = np.log(soft("augmented") / (1 - soft("augmented")))
    np.testing.assert_allclose(odds - plain, [[1, 0, 1, 0], [0] * 4], atol=1e-12)


def test_texts_are_fitted_in_both_versions_by_augmented_alone(layout, tiny_params):
    for target, expected in (("augmented", ["he loved it", "she loved it"]), ("distilled", None)):
        params = tiny_params(labelled_versions=True, targets=[target])
        fitted = soft_labels.read(params, layout, target).fitted
        found = fitted and sorted(texts.iloc[0] for texts in fitted)
        assert found == expected


def test_a_remedy_without_labels_of_versions_says_what_to_set(layout, tiny_params):
    params = tiny_params(targets=["swap-averaged"])
    with pytest.raises(InputError, match=r"set reviews\.mine\.labelled_versions to true"):
        soft_labels.read(params, layout, "swap-averaged")


def test_a_missing_version_is_named_with_its_file(layout, tiny_params):
    labels = tables.read(layout.labels("versions"), schemas.LABELS)
    tables.write(labels.iloc[1:], layout.labels("versions"), schemas.LABELS)
    params = tiny_params(labelled_versions=True, targets=["swap-averaged"])
    with pytest.raises(InputError, match=r"versions\.csv"):
        soft_labels.read(params, layout, "swap-averaged")


def test_a_part_is_as_if_there_were_no_other_reviews(layout, tiny_params):
    params = tiny_params(
        labelled_versions=True, targets=["augmented"], distillation={"calibration": "none"}
    )
    whole = soft_labels.read(params, layout, "augmented")
    part = whole.part(np.array([2, 0]))
    assert part.reviews["text"].tolist() == ["he met his wife", "she loved it"]
    assert part.reviews.index.tolist() == [0, 1]
    assert [texts.tolist() for texts in part.fitted] == [
        ["she met her wife", "she loved it"], ["he met his husband", "he loved it"],
    ]  # fmt: skip
    arm = Arm("bow", "augmented", 0)
    np.testing.assert_array_equal(part.soft(arm), whole.soft(arm)[:, [2, 0]])
    assert part.calibration == whole.calibration
