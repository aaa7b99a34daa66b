"""Two-way clustered inference: each formula by hand, then its coverage on differences drawn with a known mean."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bias_transfer.bias.clustered import Inference, cr2_variance, infer, one_way, satterthwaite_df
from bias_transfer.bias.pairs import Contrast, contrast
from bias_transfer.corpora import eec

MEAN = 0.02


def pairs_of(templates, units, differences):
    """A contrast with one pair a row, as ``contrast`` makes them for gender."""
    pairs = pd.DataFrame({"template": templates, "unit": units, "difference": differences})
    return with_differences(
        Contrast(
            pairs,
            pairs[["template", "unit"]],
            {
                "template": pairs.groupby("template").size() / len(pairs),
                "unit": pairs.groupby("unit").size() / len(pairs),
                "both": pairs.groupby(["template", "unit"]).size() / len(pairs),
            },
        ),
        pairs["difference"].to_numpy(),
    )


def with_differences(base, differences):
    influence = (differences - differences.mean()) / len(differences)
    return replace(
        base,
        pairs=base.pairs.assign(difference=differences),
        influence=base.influence.assign(influence=influence),
    )


def crossed(effect_by_template, effect_by_unit, noise=0.0, seed=0):
    """A difference for each template and unit: the sum of their effects, and noise."""
    grid = np.add.outer(np.asarray(effect_by_template, float), np.asarray(effect_by_unit, float))
    grid += noise * np.random.default_rng(seed).standard_normal(grid.shape)
    templates, units = np.indices(grid.shape)
    return pairs_of(templates.ravel(), units.ravel(), grid.ravel())


def variance_by(result, name):
    by = {"template": ["template"], "unit": ["unit"], "both": ["template", "unit"]}[name]
    return cr2_variance(result.influence.groupby(by)["influence"].sum(), result.leverage[name])


@pytest.fixture(scope="module")
def corpus():
    generated = eec.generate()
    return generated.assign(score=np.random.default_rng(1).random(len(generated)))


@pytest.mark.parametrize("clusters", [2, 5, 11, 40])
def test_equal_clusters_have_one_degree_of_freedom_less_than_there_are(clusters):
    assert satterthwaite_df(pd.Series(np.full(clusters, 1 / clusters))) == pytest.approx(clusters - 1)


def test_unequal_clusters_have_fewer_degrees_of_freedom():
    # Shares 1/2, 1/4, 1/4: scaled by 1/sqrt((1-h)(1-h')), the matrix has diagonal h, and off it
    # -(1/8) / sqrt(3/8) twice and -(1/16) / (3/4) once; df = 1 / (sum of squares).
    squares = 1 / 4 + 1 / 16 + 1 / 16 + 2 * (2 * (1 / 64) / (3 / 8) + (1 / 12) ** 2)
    assert satterthwaite_df(pd.Series([0.5, 0.25, 0.25])) == pytest.approx(1 / squares)
    assert satterthwaite_df(pd.Series([0.5, 0.25, 0.25])) < 2


def test_templates_of_the_corpus_are_worth_little_more_than_six_degrees_of_freedom(corpus):
    # Seven templates carry 20 frames each, four carry one: hardly more than seven clusters.
    df = satterthwaite_df(contrast(corpus, "gender").leverage["template"])
    assert 6 < df < 7


def test_cr2_variance_by_hand():
    sums = pd.Series({"a": 0.3, "b": -0.1, "c": -0.2})
    leverage = pd.Series({"c": 0.25, "a": 0.5, "b": 0.25})  # another order: matched by name
    assert cr2_variance(sums, leverage) == pytest.approx(0.09 / 0.5 + 0.01 / 0.75 + 0.04 / 0.75)


def test_one_observation_a_cluster_is_the_classical_variance_and_df():
    values = np.array([0.1, 0.4, -0.2, 0.05, 0.3, 0.7])
    result = pairs_of(range(6), range(6), values)
    for name in ("template", "unit", "both"):
        assert variance_by(result, name) == pytest.approx(values.var(ddof=1) / 6)
    inference = infer(result)
    classical = stats.ttest_1samp(values, 0)
    interval = classical.confidence_interval(0.95)
    assert inference.se == pytest.approx(values.std(ddof=1) / np.sqrt(6))
    assert inference.df == pytest.approx(5)
    assert inference.p_value == pytest.approx(classical.pvalue)
    assert (inference.ci_low, inference.ci_high) == pytest.approx((interval.low, interval.high))


def test_clusters_of_equal_values_are_the_variance_of_the_cluster_means():
    # Four templates, each with one value for its three units: nothing varies by unit.
    values = np.array([0.1, 0.5, 0.2, -0.3])
    result = crossed(values, [0, 0, 0])
    assert variance_by(result, "template") == pytest.approx(values.var(ddof=1) / 4)
    assert variance_by(result, "unit") == pytest.approx(0, abs=1e-30)


def test_race_variance_by_name_is_that_of_two_means_of_twenty_names(corpus):
    result = contrast(corpus, "race")
    name_means = corpus[corpus["race"] != ""].groupby(["race", "person"])["score"].mean()
    welch = sum(name_means[race].var(ddof=1) / 20 for race in ("African-American", "European"))
    assert variance_by(result, "unit") == pytest.approx(welch)


def test_two_way_variance_is_template_plus_unit_minus_both():
    result = crossed([0.1, 0.5, 0.2, -0.3], [0.0, 0.4, -0.2], noise=0.02)
    template, unit, both = (variance_by(result, name) for name in ("template", "unit", "both"))
    assert template + unit - both > max(template, unit)
    assert infer(result).se == pytest.approx(np.sqrt(template + unit - both))


@pytest.mark.parametrize(
    ("templates", "units", "larger"),
    [([0.1, 0.5, 0.2, -0.3], [0, 0, 0], "template"), ([0, 0, 0, 0], [0.1, 0.6, -0.3], "unit")],
)
def test_two_way_variance_is_never_below_either_variance_by(templates, units, larger):
    result = crossed(templates, units, noise=1e-4)
    template, unit, both = (variance_by(result, name) for name in ("template", "unit", "both"))
    assert template + unit - both < max(template, unit)
    assert infer(result).se == pytest.approx(np.sqrt(variance_by(result, larger)))


def test_interval_and_p_value_are_those_of_a_t_distribution():
    result = crossed([0.1, 0.5, 0.2, -0.3], [0.0, 0.4, -0.2], noise=0.1)
    inference = infer(result)
    assert inference.df == pytest.approx(2)  # three units, fewer than the four templates
    t = stats.t(df=inference.df)
    assert inference.mean == pytest.approx(result.pairs["difference"].mean())
    assert inference.p_value == pytest.approx(2 * t.sf(abs(inference.mean) / inference.se))
    assert inference.ci_low == pytest.approx(inference.mean - t.ppf(0.975) * inference.se)
    assert inference.ci_high == pytest.approx(inference.mean + t.ppf(0.975) * inference.se)


def test_p_value_does_not_depend_on_the_direction():
    result = crossed([0.1, 0.5, 0.2, -0.3], [0.0, 0.4, -0.2], noise=0.1)
    forward, backward = infer(result), infer(with_differences(result, -result.pairs["difference"].to_numpy()))
    assert forward.p_value == pytest.approx(backward.p_value)
    assert forward.ci_low == pytest.approx(-backward.ci_high)


def test_mean_at_the_edge_of_the_interval_has_p_one_in_twenty():
    result = crossed([0.1, 0.5, 0.2, -0.3], [0.0, 0.4, -0.2], noise=0.1)
    shifted = with_differences(result, result.pairs["difference"].to_numpy() - infer(result).ci_low)
    assert infer(shifted).p_value == pytest.approx(0.05)


@pytest.mark.parametrize("value", [0.0, 0.1, -0.3])
def test_nothing_that_varies_gives_nan_not_zero(value):
    inference = infer(crossed([value] * 4, [0] * 3))
    assert inference.mean == pytest.approx(value)
    for name in ("se", "ci_low", "ci_high", "p_value"):
        assert np.isnan(getattr(inference, name)), name


def simulated_pairs(base, effects, draws, seed):
    """Differences with mean ``MEAN``, shape (draws, 1584): effects of template, unit and their cell, and noise."""
    rng = np.random.default_rng(seed)
    template, unit = (pd.factorize(base.pairs[name])[0] for name in ("template", "unit"))
    by_template, by_unit, by_cell, noise = effects
    return (
        MEAN
        + by_template * rng.standard_normal((draws, 11))[:, template]
        + by_unit * rng.standard_normal((draws, 11))[:, unit]
        + by_cell * rng.standard_normal((draws, 121))[:, template * 11 + unit]
        + noise * rng.standard_normal((draws, len(template)))
    )


def covers(inference):
    return inference.ci_low <= MEAN <= inference.ci_high


def test_interval_covers_where_the_naive_t_test_fails(corpus):
    base = contrast(corpus, "gender")
    draws = simulated_pairs(base, effects=(0.02, 0.02, 0.02, 0.02), draws=400, seed=0)
    coverage = np.mean([covers(infer(with_differences(base, row))) for row in draws])
    naive_error = (stats.ttest_1samp(draws, MEAN, axis=1).pvalue < 0.05).mean()
    assert 0.92 <= coverage <= 0.995
    assert naive_error > 0.5


def test_interval_covers_where_the_pairs_are_independent_too(corpus):
    base = contrast(corpus, "gender")
    draws = simulated_pairs(base, effects=(0, 0, 0, 0.05), draws=200, seed=1)
    coverage = np.mean([covers(infer(with_differences(base, row))) for row in draws])
    naive_error = (stats.ttest_1samp(draws, MEAN, axis=1).pvalue < 0.05).mean()
    assert 0.92 <= coverage <= 0.995
    assert naive_error < 0.1


def test_race_interval_covers_with_effects_of_template_and_name(corpus):
    rng = np.random.default_rng(2)
    draws = 120
    named = corpus[corpus["race"] != ""].reset_index(drop=True)
    side = np.where(named["race"] == "African-American", 0.5, -0.5)
    template, name = (pd.factorize(named[column])[0] for column in ("template", "person"))
    scores = (
        side * (MEAN + 0.02 * rng.standard_normal((draws, 11))[:, template])
        + 0.02 * rng.standard_normal((draws, 40))[:, name]
        + 0.02 * rng.standard_normal((draws, len(named)))
    )
    results = [contrast(named.assign(score=row), "race") for row in scores]
    naive_error = np.mean([stats.ttest_1samp(each.pairs["difference"], MEAN).pvalue < 0.05 for each in results])
    assert 0.92 <= np.mean([covers(infer(each)) for each in results]) <= 0.995
    assert naive_error > 0.5


def test_names_of_two_races_have_the_two_samples_degrees_of_freedom(corpus):
    names = contrast(corpus, "race")
    assert satterthwaite_df(names.leverage["unit"], names.strata) == pytest.approx(2 * (20 - 1))


def test_the_two_way_variance_is_never_below_a_one_way_variance(corpus):
    for axis in ("gender", "race"):
        pairs = contrast(corpus.assign(score=np.random.default_rng(3).random(len(corpus))), axis)
        assert infer(pairs).se >= max(one_way(pairs, by).se for by in ("template", "unit")) - 1e-15


def test_the_detectable_difference_is_found_in_80_percent_of_draws():
    truth = Inference(0.0, 1.0, 8.0)
    draws = stats.t.rvs(8, loc=0, size=20_000, random_state=0) + truth.detectable
    assert 0.78 < (np.abs(draws) > stats.t.ppf(0.975, 8)).mean() < 0.82
