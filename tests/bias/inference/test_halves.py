"""The interval over other training reviews, where the truth is known: estimates that are means."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bias_transfer.bias.inference.halves import over_training_sets, with_training_sets
from bias_transfer.bias.inference.two_way import Inference, with_seeds
from bias_transfer.distillation.halves import half

N, HALVES, DRAWS = 120, 40, 800
LABELS = np.repeat([0, 1], N // 2)
PAIRS_SE, SEED_SD = 0.05, 0.05


def test_the_variance_between_halves_enters_once():
    by_half = np.array([1.0, 2.0, 3.0, 4.0])
    found = with_training_sets(Inference(9.0, 2.0, 30.0), by_half)
    assert found.mean == 9
    assert found.se**2 == pytest.approx(4 + 5 / 3)
    assert found.df == pytest.approx(found.se**4 / (16 / 30 + (5 / 3) ** 2 / 3))
    repeated = with_training_sets(Inference(9.0, 2.0, 30.0), np.tile(by_half, 1000))
    assert repeated.se**2 == pytest.approx(4 + 5 / 4, rel=1e-3)


def test_no_interval_is_narrower_than_that_of_one_training_set():
    # More degrees of freedom would outweigh the little that these halves differ.
    one = Inference(0.0, 1.0, 4.0)
    found = with_training_sets(one, np.array([-0.1, 0.0, 0.1] * 20))
    assert found.ci_high == one.ci_high
    assert found.p_value == one.p_value


def test_halves_alone_have_their_own_degrees_of_freedom():
    found = with_training_sets(Inference(0.0, 1e-9, 800.0), np.arange(10.0))
    assert found.df == pytest.approx(9)
    assert found.ci_high == pytest.approx(stats.t.ppf(0.975, 9) * np.arange(10.0).std(ddof=1))


@pytest.fixture(scope="module")
def covered() -> dict[str, float]:
    """Share of draws whose interval holds the true mean, 0, with and without the halves.

    An estimate is the mean over training values of two classes, plus noise of the pairs it is
    measured on, plus that of five seeds; a half has the same pairs and one seed.
    """
    random, studies = np.random.default_rng(0), []
    halves = np.array([half(LABELS, number) for number in range(HALVES)])
    hits = {"other": 0, "this": 0}
    for _ in range(DRAWS):
        values = random.exponential(size=N) - 1 + np.where(LABELS, 0.3, -0.3)
        pairs, seeds = random.normal(0, PAIRS_SE), random.normal(0, SEED_SD, 5)
        by_half = halves @ values / halves.sum(axis=1) + pairs + random.normal(0, SEED_SD, HALVES)
        estimates = values.mean() + pairs + seeds
        this = with_seeds(Inference(estimates.mean(), PAIRS_SE, 800.0), estimates)
        other = with_training_sets(this, by_half)
        hits["this"] += this.ci_low < 0 < this.ci_high
        hits["other"] += other.ci_low < 0 < other.ci_high
        for n in (5, 20):  # a study whose seeds learn from halves
            found = with_seeds(Inference(by_half[:n].mean(), PAIRS_SE, 800.0), by_half[:n])
            spread = by_half[:n].std(ddof=1)
            studies.append((found.mean, found.se, found.df, spread, n, found.ci_low, found.ci_high))
    columns = ["estimate", "se", "df", "seed_sd", "n_seeds", "ci_low", "ci_high"]
    table = over_training_sets(pd.DataFrame(studies, columns=columns))
    for n, rows in table.groupby("n_seeds"):
        for name in ("", "_training_sets"):
            inside = (rows[f"ci_low{name}"] < 0) & (rows[f"ci_high{name}"] > 0)
            hits[f"{n} halves{name}"] = inside.sum()
    return {name: count / DRAWS for name, count in hits.items()}


def test_the_interval_holds_the_truth_over_training_sets(covered):
    assert 0.92 <= covered["other"] <= 0.98


@pytest.mark.parametrize("n", [5, 20])
def test_that_of_a_study_of_halves_does_too(covered, n):
    assert 0.92 <= covered[f"{n} halves_training_sets"] <= 0.98
    assert covered[f"{n} halves"] < 0.9


def test_that_of_one_training_set_does_not(covered):
    assert covered["this"] < 0.8


def test_a_table_has_the_interval_of_each_row_and_none_with_one_seed():
    by_half = np.array([0.1, 0.3, 0.2, 0.5])
    this = with_seeds(Inference(by_half.mean(), 0.1, 30.0), by_half)
    row = {"gap": this.mean, "se": this.se, "df": this.df, "n_seeds": 4.0}
    row["seed_sd"] = by_half.std(ddof=1)
    alone, teacher = row | {"n_seeds": 1.0, "seed_sd": np.nan}, row | {"n_seeds": np.nan}
    unread = row | {"se": np.nan}
    found = over_training_sets(pd.DataFrame([row, alone, teacher, unread]), "gap")
    other = with_training_sets(this, by_half)
    ends = found[["ci_low_training_sets", "ci_high_training_sets"]]
    assert ends.iloc[0].tolist() == pytest.approx([other.ci_low, other.ci_high])
    assert ends.iloc[1:].isna().all(axis=None)
    assert over_training_sets(pd.DataFrame([row]).head(0), "gap").empty
