"""Power of a planned study, from the spread of a pilot."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.inference.two_way import Inference, with_seeds
from bias_transfer.bias.validation.power import planned, without_seeds

SEEDS = np.array([0.04, -0.01, 0.02, 0.03, -0.03])
PAIRS = Inference(float(SEEDS.mean()), 0.006, 300.0)
PILOT = with_seeds(PAIRS, SEEDS)
KEYS = {
    "student": "bow", "corpus": "swaps", "axis": "gender", "scale": "log-odds",
    "estimand": "change in gap", "target": "distilled", "reference": "swap-averaged",
}  # fmt: skip


SD = float(SEEDS.std(ddof=1))


def test_a_pilot_is_taken_apart_as_it_was_put_together():
    pairs = without_seeds(PILOT, SD**2 / 5, 5)
    assert (pairs.mean, pairs.se, pairs.df) == pytest.approx((PAIRS.mean, PAIRS.se, PAIRS.df))


def test_seeds_take_their_own_part_of_the_error_away_and_no_more():
    errors = planned(declared(), TRANSFER, [2, 5, 20, 10**9])["se"]
    assert errors.is_monotonic_decreasing
    assert errors.iloc[-1] == pytest.approx(PAIRS.se)


def test_pairs_that_do_not_differ_leave_the_error_to_the_seeds():
    se = SD / np.sqrt(5)
    assert without_seeds(Inference(0.0, se, 4.0), SD**2 / 5, 5).se == pytest.approx(0.0)
    table = planned(declared(se=se, df=4.0), TRANSFER, [10])
    assert table["se"][0] == pytest.approx(SD / np.sqrt(10))
    ten = Inference(0.0, SD / np.sqrt(10), 9.0)
    assert table["power"][0] == pytest.approx(ten.power(0.03, 0.025))


def declared(**changes) -> pd.DataFrame:
    row = KEYS | {
        "contrast": "gap", "estimate": PILOT.mean, "se": PILOT.se, "df": PILOT.df, "n_seeds": 5.0,
        "n_tests": 2, "smallest_effect": 0.03, "p_holm": 0.4,
    }  # fmt: skip
    return pd.DataFrame([row | changes])


TRANSFER = pd.DataFrame([KEYS | {"seed_sd": SD}])


def test_power_grows_with_seeds_and_is_the_pilots_own_at_its_number():
    table = planned(declared(), TRANSFER, [3, 5, 10, 40])
    assert list(table["n_seeds"]) == [3, 5, 10, 40]
    assert table["power"].is_monotonic_increasing
    own = table.set_index("n_seeds")["power"][5]
    assert own == pytest.approx(PILOT.power(0.03, 0.025))
    assert table["pair_se"].to_numpy() == pytest.approx(PAIRS.se)


def test_what_the_pilot_could_not_test_is_left_out():
    assert planned(declared(p_holm=np.nan), TRANSFER, [5]).empty
