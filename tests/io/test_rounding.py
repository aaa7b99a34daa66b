"""Rounded figures: what two processors differ in is gone, and all that means something stays."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from bias_transfer.io import rounding, schemas

FRAME = pd.DataFrame(
    {
        "system": ["bow", "", "1.23456789012345"],
        "n_pairs": [1584, 144, 12345678901],
        "mean_difference": [0.1234567890123, np.nan, -np.inf],
        "p_clustered": [0.123456789, np.nan, 1.5e-92],
        "log_odds_p_clustered": [1.23456789e-300, 1.0, 0.0],
        "chosen": [True, False, True],
    }
)


def test_figures_keep_9_decimals_and_p_values_6_digits():
    found = rounding.table(FRAME)
    assert found["mean_difference"].tolist()[0] == 0.123456789
    assert found["p_clustered"].tolist()[0] == 0.123457
    assert found["p_clustered"].tolist()[2] == 1.5e-92
    assert found["log_odds_p_clustered"].tolist() == [1.23457e-300, 1.0, 0.0]


def test_what_is_no_number_or_no_float_stays():
    found = rounding.table(FRAME)
    assert math.isnan(found["mean_difference"][1])
    assert math.isnan(found["p_clustered"][1])
    assert found["mean_difference"][2] == -np.inf
    pd.testing.assert_frame_equal(
        found[["system", "n_pairs", "chosen"]], FRAME[["system", "n_pairs", "chosen"]]
    )
    assert list(found.columns) == list(FRAME.columns)


def test_table_is_not_changed_in_place():
    before = FRAME.copy()
    rounding.table(FRAME)
    pd.testing.assert_frame_equal(FRAME, before)


def test_rounding_twice_changes_nothing():
    once = rounding.table(FRAME)
    pd.testing.assert_frame_equal(rounding.table(once), once, check_exact=True)


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)], ids=["up", "down"])
def test_order_of_a_sum_does_not_reach_the_bytes(order):
    """Sums in any order give the text of the exact one; so does what cancels to about 0."""
    numbers = np.random.default_rng(0).normal(0, 1, 10_000)
    exact = math.fsum(numbers) / len(numbers)
    total = 0.0
    for number in numbers[order]:
        total += number
    made = pd.DataFrame({"x": [total / len(numbers), total / len(numbers) - exact]})
    assert made["x"][1] != 0  # or this test shows nothing
    expected = pd.DataFrame({"x": [exact, 0.0]})
    assert rounding.table(made).to_csv() == rounding.table(expected).to_csv()


@pytest.mark.parametrize("off", [-1e-16, 0, 1e-16])
@pytest.mark.parametrize("sign", [-1, 1])
def test_what_ends_in_5_is_rounded_away_from_0_whatever_a_sum_left_of_it(off, sign):
    """0.1234567885 is the mean of 0.123456788 and 0.123456789."""
    half = sign * (0.123456788 + 0.123456789) / 2 + off
    expected = sign * 0.123456789
    assert rounding.table(pd.DataFrame({"x": [half]}))["x"].tolist() == [expected]
    assert rounding.values({"x": half}) == {"x": expected}


def test_zero_has_no_sign():
    assert rounding.table(pd.DataFrame({"x": [-1e-12]})).to_csv(index=False) == "x\n0.0\n"
    assert json.dumps(rounding.values({"x": -1e-12})) == '{"x": 0.0}'


def test_values_are_rounded_at_any_depth_and_keep_their_kind():
    values = {"a": [0.1234567890123, (1, "0.1234567890123", None)], "b": {"c": True, "d": 5}}
    assert rounding.values(values) == {
        "a": [0.123456789, [1, "0.1234567890123", None]],
        "b": {"c": True, "d": 5},
    }
    assert rounding.values(True) is True
    assert math.isnan(rounding.values(float("nan")))
    assert rounding.values(math.inf) == math.inf


@pytest.mark.parametrize("name", ["p_value", "gender_p_holm", "log_odds_p_clustered", "bow/p_holm"])
def test_p_value_is_known_by_its_name(name):
    assert rounding.is_p_value(name)
    assert rounding.figure(name, 1.23456789e-9) == 1.23457e-9


@pytest.mark.parametrize(
    "name", ["gender_gap", "step_size", "log_loss", "top", "n_pairs", "bow_p_small/gap"]
)
def test_other_figures_are_no_p_values(name):
    assert not rounding.is_p_value(name)
    assert rounding.figure(name, 1.23456789e-9) == 1e-9


def test_columns_of_p_values_are_those_that_the_schemas_say():
    for schema in (schemas.BIAS, schemas.BREAKDOWN, schemas.TRANSFER, schemas.ACCURACY):
        for name, column in schema.columns.items():
            assert rounding.is_p_value(name) == (column.metadata["unit"] == schemas.P_VALUE), name


def test_figures_are_the_same_up_to_one_step_of_rounding():
    assert rounding.same("gender_gap", 0.123456789, 0.12345679)
    assert not rounding.same("gender_gap", 0.123456789, 0.123456792)
    assert rounding.same("gender_p_holm", 1.00001e-80, 1e-80)
    assert not rounding.same("gender_p_holm", 1.0001e-80, 1e-80)
    assert not rounding.same("gender_p_holm", 1e-80, 1e-92)


def test_probability_near_0_stays_above_it():
    found = rounding.probabilities(pd.DataFrame({"label_0": [1.23456789012e-30, 0.1234567890123]}))
    assert found["label_0"].tolist() == [1.23456789e-30, 0.123456789]
