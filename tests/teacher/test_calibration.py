"""Every calibration by hand, and labels joined to reviews by id."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.teacher import calibration
from bias_transfer.teacher.calibration import Calibration


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


EMPTY = np.array([], dtype=int)


def fit(method: str, train=(), content_free=(), validation=(), hard=EMPTY) -> Calibration:
    if method == "contextual":
        return calibration.contextual(table(content_free))
    return (
        calibration.batch(table(train))
        if method == "batch"
        else calibration.temperature(table(validation), hard)
    )


def test_batch_offset_is_the_mean_log_odds_by_hand():
    """Odds of 3, 1 and 1/9: log-odds log 3, 0 and -2 log 3, of mean -log(3) / 3."""
    assert fit("batch", [0.75, 0.5, 0.1]) == Calibration(pytest.approx(-np.log(3) / 3, abs=1e-15))


def test_contextual_offset_is_of_the_mean_of_answers_as_they_came():
    """With masses .2 and .9, positive has .18 and .54, negative .02 and .36: odds of .72 to .38."""
    assert fit("contextual", content_free=[0.9, 0.6]) == Calibration(
        pytest.approx(np.log(0.72 / 0.38), abs=1e-12)
    )


def test_content_free_texts_have_ids_of_texts_and_one_is_empty():
    assert calibration.CONTENT_FREE["text"].tolist() == ["N/A", "[MASK]", ""]
    assert calibration.CONTENT_FREE["id"].tolist()[2] == "e3b0c44298fc1c14"  # SHA-256 of nothing


def test_temperature_by_hand():
    """Three answers at log-odds 2, two of them right: log loss is least at P = 2/3, T = 2/log 2."""
    positive = 1 / (1 + np.exp(-2))
    found = fit(
        "temperature", validation=[positive] * 2 + [1 - positive], hard=np.ones(3, dtype=int)
    )
    assert found == Calibration(0.0, pytest.approx(2 / np.log(2), rel=1e-4))


@pytest.mark.parametrize("true", [0.5, 3.0])
def test_temperature_is_found_again(true):
    """Labels drawn from log-odds / T give T back."""
    random = np.random.default_rng(0)
    values = random.normal(0, 3, 20_000)
    hard = (random.random(20_000) < expit(values / true)).astype(int)
    found = fit("temperature", validation=expit(values), hard=hard)
    assert found.temperature == pytest.approx(true, rel=0.05)


def test_temperature_moves_no_label_across_a_half(train):
    positive = Calibration(temperature=2.5).apply(train)["label_1"]
    assert ((positive > 0.5) == (train["label_1"] > 0.5)).all()
    assert (positive - 0.5).abs().max() < (train["label_1"] - 0.5).abs().max()


def test_apply_by_hand():
    """Odds of 3, divided by 3, are even; odds of 1 become 1 to 3, whose root is 1 to 1.732."""
    assert Calibration(np.log(3)).apply(table([0.75, 0.5]))["label_1"].tolist() == pytest.approx(
        [0.5, 0.25]
    )
    root = Calibration(np.log(3), 2.0).apply(table([0.5]))["label_1"][0]
    assert root == pytest.approx(1 / (1 + 3**0.5))


def test_mean_log_odds_of_the_training_split_is_zero_after_batch_calibration(train):
    found = calibration.batch(train)
    assert found.offset > 0.5
    assert calibration.log_odds(found.apply(train)).mean() == pytest.approx(0, abs=1e-12)


def test_none_leaves_labels_alone(train):
    before = train.copy(deep=True)
    pd.testing.assert_frame_equal(Calibration().apply(train), before, check_exact=True)


def test_apply_keeps_its_input_ids_order_and_mass_and_rows_still_sum_to_one(train):
    before = train.copy(deep=True)
    found = Calibration(1.7, 0.6).apply(train)
    pd.testing.assert_frame_equal(train, before, check_exact=True)
    pd.testing.assert_frame_equal(
        found[["id", "label_mass"]], before[["id", "label_mass"]], check_exact=True
    )
    np.testing.assert_allclose(found["label_0"] + found["label_1"], 1, atol=1e-15, rtol=0)
    tables.validate(found, schemas.LABELS, "here")
    assert found["label_1"].rank().tolist() == before["label_1"].rank().tolist()


@pytest.mark.parametrize(
    ("extremes", "count"), [([0.0], 1), ([1.0], 1), ([0.0, 1.0], 2), ([1.0, 1.0, 1.0], 3)]
)
@pytest.mark.parametrize(("method", "part"), [("batch", "training"), ("temperature", "validation")])
def test_saturated_labels_are_counted_and_refused(extremes, count, method, part):
    values = [0.3, *extremes, 0.6]
    with pytest.raises(
        InputError, match=f"^{count} {part} labels are exactly 0 or 1.*calibration: none"
    ):
        fit(method, train=values, validation=values, hard=np.ones(len(values), dtype=int))


def test_saturated_labels_of_other_splits_stay_saturated():
    found = Calibration(-2.0, 3.0).apply(table([0.0, 1.0]))
    assert found["label_1"].tolist() == [0, 1]
    assert found["label_0"].tolist() == [1, 0]


def test_a_sure_negative_and_a_sure_positive_are_shifted_alike():
    sure = 1e-20
    labels = table([0.5, 0.5]).assign(label_0=[sure, 1.0], label_1=[1.0, sure])
    down, up = Calibration(1.0).apply(labels), Calibration(-1.0).apply(labels)
    assert down["label_0"][0] == pytest.approx(sure * np.e, rel=1e-12, abs=0)
    assert up["label_1"][1] == pytest.approx(sure * np.e, rel=1e-12, abs=0)


@pytest.mark.parametrize("seed", range(3))
def test_align_joins_by_id_whatever_the_order(train, seed):
    wanted = train["id"].sample(100, random_state=seed)
    shuffled = train.sample(frac=1, random_state=seed + 10)
    aligned = calibration.align(shuffled, wanted, "train.csv")
    np.testing.assert_array_equal(
        aligned, train.loc[wanted.index, ["label_0", "label_1"]].to_numpy()
    )


def test_align_counts_the_missing_ids_and_names_the_file(train):
    wanted = pd.concat([train["id"][:5], pd.Series(["ffffffffffffffff", "fffffffffffffffe"])])
    with pytest.raises(
        InputError, match=r"train\.csv lacks 2 of 7 reviews, the first with id ffffffffffffffff"
    ):
        calibration.align(train, wanted, "train.csv")
