"""What names alone do: the placebo by its definition, the permutation test by random draws."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.inference.names import (
    GROUPS,
    _differences,
    name_means,
    noise_floor,
    permutation_p,
    placebo,
)
from bias_transfer.corpora import eec

ASSIGNMENTS = 184_756**2


def draw(seed=0, scale=1.0):
    random = np.random.default_rng(seed)
    return {group: scale * random.standard_normal(10) for group in GROUPS}


def gap(means):
    """African-American minus European, summed over the two genders."""
    return sum(
        means[g, eec.AFRICAN_AMERICAN].mean() - means[g, eec.EUROPEAN].mean()
        for g in ("female", "male")
    )


def shifted(means, gender=0.0, race=0.0):
    """Women score ``gender`` higher, and African-American names ``race``."""
    return {
        (g, r): values + gender * (g == "female") + race * (r == eec.AFRICAN_AMERICAN)
        for (g, r), values in means.items()
    }


@pytest.fixture(scope="module")
def means():
    return draw()


def test_means_are_those_of_each_name_over_its_frames():
    corpus = eec.generate()
    scores = corpus.assign(score=np.random.default_rng(0).random(len(corpus)))
    found = name_means(scores)
    assert set(found) == set(GROUPS)
    for (gender, race), values in found.items():
        by_hand = [
            scores.loc[scores["person"] == name, "score"].mean()
            for name in sorted(eec.NAMES[gender, race])
        ]
        assert values.tolist() == pytest.approx(by_hand)


def test_placebo_splits_every_group_five_and_five():
    for group in GROUPS:
        for name in range(10):
            one = {g: np.zeros(10) for g in GROUPS}
            one[group][name] = 1.0
            halves = placebo(one)
            # On either side a name is one of twenty.
            assert set(np.round(halves * 20, 9)) == {-1.0, 1.0}
        assert placebo({g: np.full(10, float(g == group)) for g in GROUPS}) == pytest.approx(0)


def test_placebo_is_symmetric_about_zero(means):
    differences = placebo(means)
    assert differences.shape == (10_000,)
    assert abs(differences.mean()) < 4 * differences.std() / 100
    assert (differences > 0).mean() == pytest.approx(0.5, abs=0.02)
    assert np.quantile(differences, [0.05, 0.25]) == pytest.approx(
        -np.quantile(differences, [0.95, 0.75]), rel=0.1
    )


def test_placebo_spreads_as_splits_without_replacement_do(means):
    # A sum of ten values, five with a minus, has a variance of 10 / 9 times their squared
    # deviations.
    variance = (
        sum(10 / 9 * ((values - values.mean()) ** 2).sum() for values in means.values()) / 400
    )
    assert placebo(means).var() == pytest.approx(variance, rel=0.05)


def test_placebo_is_the_same_every_time(means):
    assert (placebo(means) == placebo(means)).all()


@pytest.mark.parametrize("change", [{"gender": 0.3}, {"race": -0.4}, {"gender": 1.0, "race": 1.0}])
def test_a_gap_between_the_groups_leaves_the_noise_floor_as_it_is(means, change):
    assert placebo(shifted(means, **change)) == pytest.approx(placebo(means))
    assert noise_floor(shifted(means, **change)) == pytest.approx(noise_floor(means))


def test_no_noise_where_the_names_of_a_group_score_alike():
    flat = {
        group: np.full(10, value) for group, value in zip(GROUPS, (0.1, 0.4, 0.2, 0.7), strict=True)
    }
    assert noise_floor(flat) == pytest.approx(0, abs=1e-15)


def test_one_placebo_difference_in_twenty_is_above_the_noise_floor(means):
    assert (np.abs(placebo(means)) > noise_floor(means)).mean() == pytest.approx(0.05, abs=0.001)


def test_noise_floor_has_the_unit_of_the_scores(means):
    assert noise_floor({g: 3 * values for g, values in means.items()}) == pytest.approx(
        3 * noise_floor(means)
    )


@pytest.mark.parametrize("race", [0.0, 0.3, -0.5])
def test_permutation_p_agrees_with_random_assignments(means, race):
    moved = shifted(means, race=race)
    random = np.random.default_rng(1)
    drawn = np.zeros(20_000)
    for gender in ("female", "male"):
        values = np.concatenate(
            [moved[gender, race_] for race_ in (eec.AFRICAN_AMERICAN, eec.EUROPEAN)]
        )
        order = random.permuted(np.tile(values, (len(drawn), 1)), axis=1)
        drawn += order[:, :10].mean(1) - order[:, 10:].mean(1)
    expected = (np.abs(drawn) >= abs(gap(moved))).mean()
    assert permutation_p(moved) == pytest.approx(expected, abs=0.015)


def test_permutation_p_where_only_one_gender_varies_is_that_genders_own(means):
    # With the male names all alike, the female names' 184,756 assignments are all that count.
    one_gender = {g: values if g[0] == "female" else np.zeros(10) for g, values in means.items()}
    values = np.concatenate(
        [one_gender["female", race] for race in (eec.AFRICAN_AMERICAN, eec.EUROPEAN)]
    )
    chosen = np.array([values[list(ten)].sum() for ten in combinations(range(20), 10)])
    halves = (2 * chosen - values.sum()) / 10
    assert len(halves) == 184_756
    expected = (np.abs(halves) >= abs(gap(one_gender)) - 1e-12).mean()
    assert permutation_p(one_gender) == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(np.sort(_differences(values)), np.sort(halves), atol=1e-12)


def test_names_that_part_entirely_have_the_smallest_p_there_is():
    assert permutation_p(shifted(draw(scale=0.01), race=1.0)) == pytest.approx(
        2 / ASSIGNMENTS, rel=1e-6
    )
    assert permutation_p(shifted(draw(scale=0.01), race=-1.0)) == pytest.approx(
        2 / ASSIGNMENTS, rel=1e-6
    )


@pytest.mark.parametrize("value", [0.0, 0.3])
def test_names_that_are_all_alike_have_p_one(value):
    assert permutation_p({group: np.full(10, value) for group in GROUPS}) == 1


def test_a_gender_gap_does_not_change_the_permutation_p(means):
    assert permutation_p(shifted(means, gender=5.0)) == pytest.approx(
        permutation_p(means), rel=1e-9
    )


def test_permutation_p_does_not_depend_on_the_direction(means):
    assert permutation_p({g: -values for g, values in means.items()}) == pytest.approx(
        permutation_p(means), rel=1e-9
    )


def test_one_null_draw_in_twenty_is_below_five_percent():
    # Of 100 draws the mean is outside its bounds, 3.5 standard errors away, once in 2,000 times.
    p_values = pd.Series([permutation_p(draw(seed)) for seed in range(1, 101)])
    assert 0.01 <= (p_values < 0.05).mean() <= 0.10
    assert 0.4 < p_values.mean() < 0.6
