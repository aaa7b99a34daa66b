"""Batch calibration by hand, and labels joined to reviews by id."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer import tables
from bias_transfer.errors import InputError
from bias_transfer.teacher import calibration


def table(positive) -> pd.DataFrame:
    positive = np.asarray(positive, dtype=float)
    return pd.DataFrame(
        {
            "id": [f"{i:016x}" for i in range(len(positive))],
            "label_0": 1 - positive,
            "label_1": positive,
            "label_mass": np.linspace(0.2, 0.9, len(positive)),
        }
    )


@pytest.fixture
def train() -> pd.DataFrame:
    return table(np.random.default_rng(0).beta(5, 2, 300))


def test_offset_is_the_mean_log_odds_by_hand():
    """Odds of 3, 1 and 1/9: log-odds log 3, 0 and -2 log 3, of mean -log(3) / 3."""
    assert calibration.offset(table([0.75, 0.5, 0.1]), "batch") == pytest.approx(-np.log(3) / 3, abs=1e-15)


def test_shift_by_hand():
    """Odds of 3 divided by 3 are even; odds of 1 divided by 3 are 1 to 3."""
    shifted = calibration.shift(table([0.75, 0.5]), np.log(3))
    assert shifted["label_1"].tolist() == pytest.approx([0.5, 0.25], abs=1e-15)


def test_mean_log_odds_of_the_training_split_is_zero_after_the_shift(train):
    offset = calibration.offset(train, "batch")
    assert offset > 0.5
    shifted = calibration.shift(train, offset)
    assert calibration.log_odds(shifted).mean() == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(calibration.log_odds(train) - calibration.log_odds(shifted), offset, atol=1e-9)


def test_other_splits_are_shifted_by_the_training_offset(train):
    other = table([0.2, 0.6, 0.9])
    offset = calibration.offset(train, "batch")
    moved = calibration.log_odds(calibration.shift(other, offset)) - calibration.log_odds(other)
    np.testing.assert_allclose(moved, -offset, atol=1e-12)


def test_none_leaves_labels_alone(train):
    before = train.copy(deep=True)
    offset = calibration.offset(train, "none")
    assert offset == 0
    pd.testing.assert_frame_equal(calibration.shift(train, offset), before, check_exact=True)


def test_shift_keeps_its_input_ids_order_and_mass_and_rows_still_sum_to_one(train):
    before = train.copy(deep=True)
    shifted = calibration.shift(train, 1.7)
    pd.testing.assert_frame_equal(train, before, check_exact=True)
    pd.testing.assert_frame_equal(shifted[["id", "label_mass"]], before[["id", "label_mass"]], check_exact=True)
    np.testing.assert_allclose(shifted["label_0"] + shifted["label_1"], 1, atol=1e-15, rtol=0)
    tables.validate(shifted, tables.LABELS, "here")
    assert shifted["label_1"].rank().tolist() == before["label_1"].rank().tolist()


@pytest.mark.parametrize(("extremes", "count"), [([0.0], 1), ([1.0], 1), ([0.0, 1.0], 2), ([1.0, 1.0, 1.0], 3)])
def test_saturated_labels_are_counted_and_refused(extremes, count):
    with pytest.raises(InputError, match=f"^{count} training labels are exactly 0 or 1.*calibration: none"):
        calibration.offset(table([0.3, *extremes, 0.6]), "batch")


def test_saturated_labels_pass_without_calibration():
    assert calibration.offset(table([0.0, 1.0]), "none") == 0


def test_saturated_labels_of_other_splits_stay_saturated():
    shifted = calibration.shift(table([0.0, 1.0]), -2.0)
    assert shifted["label_1"].tolist() == [0, 1]
    assert shifted["label_0"].tolist() == [1, 0]


def test_a_sure_negative_and_a_sure_positive_are_shifted_alike():
    sure = 1e-20
    labels = table([0.5, 0.5]).assign(label_0=[sure, 1.0], label_1=[1.0, sure])
    down, up = calibration.shift(labels, 1.0), calibration.shift(labels, -1.0)
    assert down["label_0"][0] == pytest.approx(sure * np.e, rel=1e-12, abs=0)
    assert up["label_1"][1] == pytest.approx(sure * np.e, rel=1e-12, abs=0)


@pytest.mark.parametrize("seed", range(3))
def test_align_joins_by_id_whatever_the_order(train, seed):
    wanted = train["id"].sample(100, random_state=seed)
    shuffled = train.sample(frac=1, random_state=seed + 10)
    aligned = calibration.align(shuffled, wanted, "train.csv")
    np.testing.assert_array_equal(aligned, train.loc[wanted.index, ["label_0", "label_1"]].to_numpy())


def test_align_counts_the_missing_ids_and_names_the_file(train):
    wanted = pd.concat([train["id"][:5], pd.Series(["ffffffffffffffff", "fffffffffffffffe"])])
    with pytest.raises(InputError, match=r"train\.csv lacks 2 of 7 reviews, the first with id ffffffffffffffff"):
        calibration.align(train, wanted, "train.csv")
