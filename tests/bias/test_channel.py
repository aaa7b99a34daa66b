"""What arrives of a planted gap, and the partial slope: known answers, errors and controls."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from swapped import pairs, scored

from bias_transfer.bias import channel, swaps
from bias_transfer.bias.audit import NOT_MEASURABLE
from bias_transfer.bias.channel import (
    ARRIVES,
    COEFFICIENT,
    FOLLOWS,
    NOT_SEEN,
    NOTHING,
    PARTIAL,
    PARTIAL_CHANGE,
    Arms,
    Planted,
)
from bias_transfer.bias.estimates import ONE_SEED, Premise
from bias_transfer.bias.margins import Margins
from bias_transfer.bias.transfer import COLUMNS, NO_TEACHER_GAP, SMALL, WITH_TEACHER

MARGINS = Margins()
PAIRS = pairs(300)
N = len(PAIRS)


def frames(differences, seeds=(0, 1, 2), noise=0.3, seed=0):
    """Scores of a student by seed, whose differences are those and noise of its own."""
    random = np.random.default_rng(seed)
    return {s: scored((PAIRS, differences + random.normal(0, noise, N)), seed=s) for s in seeds}


def arms(after, before, target="planted-1"):
    return Arms("bow", target, "distilled", after, before)


def planted(dose=1.0):
    return Planted(dose, np.ones(N, bool), np.zeros(N, bool))


def row(table: pd.DataFrame, scale: str = "log-odds") -> pd.Series:
    return table.set_index("scale").loc[scale]


@pytest.fixture(scope="module")
def teacher():
    return scored((PAIRS, np.random.default_rng(9).normal(0.1, 0.4, N)))


@pytest.mark.parametrize("dose", [0.5, 1.0, 2.0])
def test_what_is_planted_in_log_odds_is_the_dose(teacher, dose):
    found = planted(dose).differences(teacher, PAIRS, "log_odds")
    assert set(found) == {dose}


def test_what_is_planted_in_p_is_what_the_logistic_makes_of_it(teacher):
    found = planted(2.0).differences(teacher, PAIRS, "score")
    odds = teacher["log_odds"].to_numpy()[PAIRS.first]
    raised = 1 / (1 + np.exp(-odds - 2)) - 1 / (1 + np.exp(-odds))
    np.testing.assert_allclose(found, raised)


@pytest.mark.parametrize("share", [0.4, 1.0])
def test_the_coefficient_is_the_share_that_arrives(teacher, share):
    after, before = frames(0.2 + share * 2.0), frames(0.2, seed=1)
    table = channel.coefficient(arms(after, before), teacher, PAIRS, planted(2.0), MARGINS)
    assert list(table.columns) == COLUMNS
    found = row(table)
    assert found["estimate"] == pytest.approx(share, abs=0.05)
    assert found["ci_low"] < share < found["ci_high"]
    assert (found["verdict"], found["estimand"]) == (ARRIVES, COEFFICIENT)
    assert (found["target"], found["reference"]) == ("planted-1", "distilled")
    assert found["n_seeds"] == 3
    assert found["n_pairs"] == N


def test_where_nothing_arrives_the_interval_says_how_little(teacher):
    after, before = frames(0.2, noise=0.1), frames(0.2, noise=0.1, seed=1)
    found = row(channel.coefficient(arms(after, before), teacher, PAIRS, planted(), MARGINS))
    assert found["verdict"] == NOTHING
    assert found["ci_high"] - found["ci_low"] < 0.2
    noisy = (frames(0.2, noise=6, seed=seed) for seed in (2, 3))
    found = row(channel.coefficient(arms(*noisy), teacher, PAIRS, planted(), MARGINS))
    assert found["verdict"] == NOT_SEEN


def test_its_interval_is_over_reviews_and_seeds(teacher):
    after, before = frames(0.5), frames(0.2, seed=1)
    both = arms(after, before)
    found = row(channel.coefficient(both, teacher, PAIRS, planted(2.0), MARGINS))
    changes = both.changes(PAIRS, "log_odds")
    clustered = swaps.gap(PAIRS, np.mean(changes, axis=0)).inference.se / 2
    seeds = np.std([swaps.gap(PAIRS, each).value / 2 for each in changes], ddof=1)
    assert found["se"] == pytest.approx(np.hypot(clustered, seeds / np.sqrt(3)))
    assert found["seed_sd"] == pytest.approx(seeds)


def test_in_p_all_of_it_is_1_too(teacher):
    """A student that is its teacher, planted and not."""
    raised = teacher["log_odds"].to_numpy().copy()
    raised[PAIRS.first] += 1.0
    after = pd.DataFrame({"score": 1 / (1 + np.exp(-raised)), "log_odds": raised})
    both = arms({0: after}, {0: teacher})
    found = row(channel.coefficient(both, teacher, PAIRS, planted(), MARGINS), "probability")
    assert found["estimate"] == pytest.approx(1)
    assert np.isnan(found["se"])
    assert found["verdict"] == NOT_MEASURABLE


def test_one_seed_gives_no_verdict(teacher):
    both = arms(frames(0.9, seeds=[0]), frames(0.2, seeds=[0], seed=1))
    assert row(channel.coefficient(both, teacher, PAIRS, planted(), MARGINS))["verdict"] == ONE_SEED
    assert row(channel.change(both, teacher, PAIRS, MARGINS))["verdict"] == ONE_SEED


def test_change_is_the_difference_of_both_gaps(teacher):
    after, before = frames(0.6), frames(0.1, seed=1)
    found = row(channel.change(arms(after, before), teacher, PAIRS, MARGINS))
    gaps = [
        np.mean([swaps.gap(PAIRS, PAIRS.differences(f, "log_odds")).value for f in each.values()])
        for each in (after, before)
    ]
    assert found["estimate"] == pytest.approx(gaps[0] - gaps[1])
    assert found["teacher_gap"] == pytest.approx(0.1, abs=0.08)


@pytest.mark.parametrize(
    ("gap", "shift", "said"),
    [(1.0, 0.02, SMALL), (1.0, 0.6, WITH_TEACHER), (0.04, 0.02, NO_TEACHER_GAP)],
)
def test_a_change_is_small_or_not_beside_the_teachers_gap(gap, shift, said):
    """Half of the teacher's gap counts, and the absolute margin is .08."""
    noise = np.random.default_rng(8).normal(0, 0.6, N)
    own = scored((PAIRS, gap + noise - noise.mean()))
    before, after = frames(0.1, noise=0.6, seed=1), frames(0.1 + shift, noise=0.6, seed=2)
    found = row(channel.change(arms(after, before), own, PAIRS, MARGINS))
    assert found["verdict"] == said
    assert found["gap_share"] == MARGINS.of_gap
    assert found["teacher_ci_low"] < found["teacher_gap"] < found["teacher_ci_high"]
    assert (found["p_share"] <= 0.05) == (said == SMALL)
    assert np.isnan(found["p_share"]) == (said == NO_TEACHER_GAP)


def rate_of_small(true: float, draws: int) -> float:
    """How often a change of ``true`` times the teacher's gap is called smaller than half of it.

    The teacher's gap is drawn as well, above 0 or below, and the pairs of both hang together.
    """
    random, few = np.random.default_rng(3), pairs(60)

    def gap(differences):
        return few.balanced.estimate(differences).inference

    small = 0
    for draw in range(draws):
        gap_of_teacher = 0.5 * (-1) ** draw
        noise = random.normal(0, 0.5, len(few))
        own = gap_of_teacher + noise
        change = true * gap_of_teacher + 0.25 * noise + random.normal(0, 0.2, len(few))
        less, more = gap(change - 0.5 * own), gap(change + 0.5 * own)
        small += Premise(0.5, gap(own), less, more).p_smaller(np.zeros(1)) <= 0.05
    return small / draws


def test_size_and_power_of_the_share_test():
    draws = 800
    low, high = stats.binom.interval(0.999, draws, 0.05)
    assert low / draws <= rate_of_small(0.5, draws) <= high / draws
    assert rate_of_small(0.0, 60) > 0.9
    assert rate_of_small(-0.8, 60) == 0


def test_a_score_of_0_leaves_log_odds_unmeasured(teacher):
    after = frames(0.6)
    after[1].iloc[0] = [0.0, -np.inf]
    table = channel.change(arms(after, frames(0.1)), teacher, PAIRS, MARGINS)
    assert row(table)["verdict"] == NOT_MEASURABLE
    assert row(table)["n_saturated"] == 1
    assert np.isfinite(row(table, "probability")["estimate"])


def follow(teacher, slope, seed):
    """A student that follows its teacher, on top of words and of habits of its own."""
    of_word = PAIRS.table["word"].astype("category").cat.codes.to_numpy() * 0.3
    return frames(of_word + slope * PAIRS.differences(teacher, "log_odds"), seed=seed)


def test_partial_slope_is_that_of_the_teacher_within_words(teacher):
    baseline, distilled = follow(teacher, 0.0, 1), follow(teacher, 0.5, 2)
    both = Arms("bow", "distilled", "baseline", distilled, baseline)
    found = row(channel.Partial(baseline, teacher, PAIRS).slope(both, MARGINS))
    assert found["estimand"] == PARTIAL
    assert found["estimate"] == pytest.approx(0.5, abs=0.12)
    assert found["ci_low"] < 0.5 < found["ci_high"]
    assert found["verdict"] == FOLLOWS
    control = Arms("bow", "distilled", "permuted", distilled, follow(teacher, 0.2, 3))
    found = row(channel.Partial(baseline, teacher, PAIRS).change(control, MARGINS))
    assert found["estimand"] == PARTIAL_CHANGE
    assert found["estimate"] == pytest.approx(0.3, abs=0.15)


def test_partial_slope_takes_the_baselines_other_seeds(teacher):
    """With its own seed in, an arm that is its baseline would be explained by itself."""
    baseline = follow(teacher, 0.4, 1)
    both = Arms("bow", "distilled", "baseline", baseline, baseline)
    found = row(channel.Partial(baseline, teacher, PAIRS).slope(both, MARGINS))
    own = [PAIRS.differences(frame, "log_odds") for frame in baseline.values()]
    words = pd.get_dummies(PAIRS.table["word"]).to_numpy(float)
    slopes = []
    for seed in range(3):
        other = np.mean([own[i] for i in range(3) if i != seed], axis=0)
        x = [PAIRS.differences(teacher, "log_odds"), other, PAIRS.table["direction"]]
        slopes.append(np.linalg.lstsq(np.column_stack([*x, words]), own[seed], rcond=None)[0][0])
    assert found["estimate"] == pytest.approx(np.mean(slopes))
    assert found["seed_sd"] == pytest.approx(np.std(slopes, ddof=1))


def test_partial_slope_of_a_teacher_without_differences_is_not_measurable(teacher):
    flat = scored((PAIRS, 0.0))
    baseline = follow(teacher, 0.0, 1)
    both = Arms("bow", "distilled", "baseline", follow(teacher, 0.5, 2), baseline)
    found = row(channel.Partial(baseline, flat, PAIRS).slope(both, MARGINS))
    assert found["verdict"] == NOT_MEASURABLE
    assert np.isnan(found["estimate"])


def test_permuted_teachers_are_followed_in_one_of_twenty(teacher):
    """Within word and side, as the null of the partial slope has it."""
    baseline, distilled = follow(teacher, 0.0, 1), follow(teacher, 0.5, 5)
    keys = PAIRS.table["word"] + PAIRS.table["original"]
    random, alarms, draws = np.random.default_rng(4), 0, 300
    own = pd.Series(PAIRS.differences(teacher, "log_odds"))
    both = Arms("bow", "distilled", "baseline", {0: distilled[0]}, {0: baseline[0]})
    for _ in range(draws):
        shuffled = own.groupby(keys).transform(lambda part: random.permutation(part))
        partial = channel.Partial(baseline, scored((PAIRS, shuffled.to_numpy())), PAIRS)
        alarms += partial._of(both.after, "log_odds")[0].inference.clear
    low, high = stats.binom.interval(0.999, draws, 0.05)
    assert low <= alarms <= high


def test_coefficients_have_intervals_that_hold_all_at_once_and_other_rows_have_none(teacher):
    random = channel.coefficient(
        arms(frames(0.3), frames(0.0), "planted-random-1"), teacher, PAIRS, planted(), MARGINS
    )
    ordinary = channel.coefficient(
        arms(frames(0.6), frames(0.1)), teacher, PAIRS, planted(), MARGINS
    )
    change = channel.change(arms(frames(0.6), frames(0.1)), teacher, PAIRS, MARGINS)
    parts = [ordinary, random, change]
    table = channel.simultaneous(pd.concat(parts, ignore_index=True).assign(corpus="swaps"))

    low, high = table["ci_low_simultaneous"], table["ci_high_simultaneous"]
    is_one = (table["estimand"] == COEFFICIENT) & table["se"].notna()
    assert is_one.sum() >= 2
    assert low.notna().tolist() == is_one.tolist()
    assert (low < table["ci_low"])[is_one].all()
    assert (high > table["ci_high"])[is_one].all()
