"""Power of a planned study, from the spread of a pilot."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.inference.two_way import Inference, with_seeds
from bias_transfer.bias.validation.power import Spread, planned

SEEDS = np.array([0.04, -0.01, 0.02, 0.03, -0.03])
PAIRS = Inference(float(SEEDS.mean()), 0.006, 300.0)
PILOT = with_seeds(PAIRS, SEEDS)
KEYS = {
    "student": "bow", "corpus": "swaps", "axis": "gender", "scale": "log-odds",
    "estimand": "change in gap", "target": "distilled", "reference": "swap-averaged",
}  # fmt: skip


def test_a_pilot_is_taken_apart_as_it_was_put_together():
    spread = Spread.of(PILOT.se, PILOT.df, float(SEEDS.std(ddof=1)), len(SEEDS))
    assert spread.pairs == pytest.approx(PAIRS.se**2)
    assert spread.df == pytest.approx(PAIRS.df)
    again = spread.of_seeds(len(SEEDS))
    assert (again.se, again.df) == pytest.approx((PILOT.se, PILOT.df))


def test_seeds_take_their_own_part_of_the_error_away_and_no_more():
    spread = Spread.of(PILOT.se, PILOT.df, float(SEEDS.std(ddof=1)), len(SEEDS))
    errors = [spread.of_seeds(n).se for n in (2, 5, 20, 10**9)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] == pytest.approx(PAIRS.se)


def test_pairs_that_do_not_differ_leave_the_error_to_the_seeds():
    sd = float(SEEDS.std(ddof=1))
    spread = Spread.of(sd / np.sqrt(5), 4.0, sd, 5)
    assert spread.pairs == pytest.approx(0.0)
    assert spread.of_seeds(10).se == pytest.approx(sd / np.sqrt(10))
    assert spread.of_seeds(10).df == pytest.approx(9.0)


def declared(**changes) -> pd.DataFrame:
    row = KEYS | {
        "contrast": "gap", "se": PILOT.se, "df": PILOT.df, "n_seeds": 5.0, "n_tests": 2,
        "smallest_effect": 0.03, "p_holm": 0.4,
    }  # fmt: skip
    return pd.DataFrame([row | changes])


TRANSFER = pd.DataFrame([KEYS | {"seed_sd": SEEDS.std(ddof=1)}])


def test_power_grows_with_seeds_and_is_the_pilots_own_at_its_number():
    table = planned(declared(), TRANSFER, [3, 5, 10, 40])
    assert list(table["n_seeds"]) == [3, 5, 10, 40]
    assert table["power"].is_monotonic_increasing
    own = table.set_index("n_seeds")["power"][5]
    assert own == pytest.approx(PILOT.power(0.03, 0.025))
    assert table["pair_se"].to_numpy() == pytest.approx(PAIRS.se)


def test_what_the_pilot_could_not_test_is_left_out():
    assert planned(declared(p_holm=np.nan), TRANSFER, [5]).empty
