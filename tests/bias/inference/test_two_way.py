"""Two-way clustered inference: each formula by hand, then coverage of a known mean."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api
from scipy import stats

from bias_transfer.bias.inference.two_way import (
    Constant,
    Either,
    Inference,
    by_word,
    combined_df,
    cr2_variance,
    infer,
    one_way,
    over_pairs,
    satterthwaite_df,
    standard_error,
    two_way_variance,
    with_seeds,
)
from bias_transfer.bias.pairs import Contrast, contrast, race
from bias_transfer.corpora import eec

MEAN = 0.02


def pairs_of(templates, units, differences):
    """A contrast with one pair per row, as ``contrast`` makes them for gender."""
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
    assert satterthwaite_df(pd.Series(np.full(clusters, 1 / clusters))) == pytest.approx(
        clusters - 1
    )


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


def test_race_variance_by_name_is_that_of_four_means_of_ten_names(corpus):
    result = contrast(corpus, "race")
    name_means = corpus[corpus["race"] != ""].groupby(["race", "gender", "person"])["score"].mean()
    within = name_means.groupby(["race", "gender"]).var(ddof=1) / 10
    assert variance_by(result, "unit") == pytest.approx(
        within.sum() / 4
    )  # each race is the mean of its genders


def test_a_gap_between_women_and_men_is_no_noise_in_the_race_gap(corpus):
    shifted = corpus.assign(score=corpus["score"] + 5 * (corpus["gender"] == "female"))
    before, after = (infer(contrast(frame, "race")) for frame in (corpus, shifted))
    assert (after.mean, after.se) == pytest.approx((before.mean, before.se))


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
    ways = [one_way(result, way) for way in ("template", "unit")]
    shares = [way.se**2 / sum(each.se**2 for each in ways) for way in ways]
    assert [way.df for way in ways] == pytest.approx([3, 2])
    assert 1 / inference.df == pytest.approx(shares[0] / 3 + shares[1] / 2)
    t = stats.t(df=inference.df)
    assert inference.mean == pytest.approx(result.pairs["difference"].mean())
    assert inference.p_value == pytest.approx(2 * t.sf(abs(inference.mean) / inference.se))
    assert inference.ci_low == pytest.approx(inference.mean - t.ppf(0.975) * inference.se)
    assert inference.ci_high == pytest.approx(inference.mean + t.ppf(0.975) * inference.se)


def test_p_value_does_not_depend_on_the_direction():
    result = crossed([0.1, 0.5, 0.2, -0.3], [0.0, 0.4, -0.2], noise=0.1)
    forward, backward = (
        infer(result),
        infer(with_differences(result, -result.pairs["difference"].to_numpy())),
    )
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
    """Differences with mean ``MEAN``, shape (draws, 1584).

    ``effects`` are the sizes of those of template, unit and their cell, and of the noise.
    """
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


def test_race_interval_covers_with_effects_of_template_and_name(named, race_contrast):
    rng = np.random.default_rng(2)
    draws = 120
    side = np.where(named["race"] == "African-American", 0.5, -0.5)
    template, name = (pd.factorize(named[column])[0] for column in ("template", "person"))
    scores = (
        side * (MEAN + 0.02 * rng.standard_normal((draws, 11))[:, template])
        + 0.02 * rng.standard_normal((draws, 40))[:, name]
        + 0.02 * rng.standard_normal((draws, len(named)))
    )
    results = [race_contrast(row) for row in scores]
    naive_error = np.mean(
        [stats.ttest_1samp(each.pairs["difference"], MEAN).pvalue < 0.05 for each in results]
    )
    assert 0.92 <= np.mean([covers(infer(each)) for each in results]) <= 0.995
    assert naive_error > 0.5


def test_names_have_the_degrees_of_freedom_of_four_groups_of_ten(corpus):
    names = contrast(corpus, "race")
    assert satterthwaite_df(names.leverage["unit"], names.strata) == pytest.approx(4 * (10 - 1))


def test_the_two_way_variance_is_never_below_a_one_way_variance(corpus):
    for axis in ("gender", "race"):
        pairs = contrast(corpus.assign(score=np.random.default_rng(3).random(len(corpus))), axis)
        assert infer(pairs).se >= max(one_way(pairs, by).se for by in ("template", "unit")) - 1e-15


def test_the_detectable_difference_is_found_in_80_percent_of_draws():
    truth = Inference(0.0, 1.0, 8.0)
    for df in (0.6, 1, 2.5, 8, 1e5):
        few = Inference(0.3, 2.0, df)
        assert few.power(few.minimum_detectable) == pytest.approx(0.8)
    # Bloom (1995): the two quantiles' sum, which has been right for many degrees of freedom.
    many = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    assert Inference(0.0, 1.0, 1e5).minimum_detectable == pytest.approx(many, rel=1e-4)
    assert truth.power(0) == pytest.approx(0.05)
    assert truth.power(-0.3, 0.01) == truth.power(0.3, 0.01) < truth.power(0.3)
    random = np.random.default_rng(0)
    for effect, level in ((truth.minimum_detectable, 0.05), (2.0, 0.05 / 6)):
        estimates = effect + random.normal(size=200_000)
        errors = np.sqrt(random.chisquare(8, 200_000) / 8)
        found = (np.abs(estimates / errors) > stats.t.ppf(1 - level / 2, 8)).mean()
        assert truth.power(effect, level) == pytest.approx(found, abs=4e-3)


@pytest.mark.parametrize("mean", [0.0, 0.01, -0.01, 0.05])
def test_equivalence_is_the_larger_of_two_one_sided_tests(mean):
    values = np.random.default_rng(0).normal(0, 0.03, 12)
    values += mean - values.mean()
    inference = infer(pairs_of(range(12), range(12), values))
    above = stats.ttest_1samp(values, -0.02, alternative="greater").pvalue
    below = stats.ttest_1samp(values, 0.02, alternative="less").pvalue
    assert inference.p_equivalence(0.02) == pytest.approx(max(above, below))


def test_equivalence_has_p_one_half_at_the_margin():
    for mean in (0.02, -0.02):
        assert Inference(mean, 0.01, 7.0).p_equivalence(0.02) == pytest.approx(0.5)


def test_equivalence_stands_where_the_90_percent_interval_is_within_the_margin():
    t = stats.t.ppf(0.95, 7)
    assert Inference(0.02 - 0.01 * t, 0.01, 7.0).p_equivalence(0.02) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("mean", "clear"),
    [(0.03, True), (-0.03, True), (0.02, False), (-0.02, False), (0.0, False), (np.nan, False)],
)
def test_clear_is_an_interval_that_leaves_zero_out(mean, clear):
    inference = Inference(mean, 0.01, 7.0)  # half of the interval: .0236
    assert inference.clear is clear
    assert inference.clear == (inference.p_value < 0.05)


def test_nothing_that_varies_is_neither_clear_nor_equivalent():
    inference = infer(crossed([0.5] * 4, [0] * 3))
    assert not inference.clear
    assert np.isnan(inference.p_equivalence(1.0))
    assert np.isnan(inference.minimum_detectable)


def test_seeds_add_their_variance_by_hand():
    by_seed = np.array([0.0, 0.02, 0.07])
    found = with_seeds(Inference(0.03, 0.01, 8.0), by_seed)
    between = (0.03**2 + 0.01**2 + 0.04**2) / 2 / 3
    assert found.mean == 0.03
    assert found.se == pytest.approx(np.sqrt(0.0001 + between))
    assert found.df == pytest.approx((0.0001 + between) ** 2 / (0.0001**2 / 8 + between**2 / 2))
    assert 2 < found.df < 8


def test_seeds_that_decide_leave_their_own_degrees_of_freedom():
    found = with_seeds(Inference(0.5, 1e-9, 8.0), np.array([0.0, 0.5, 1.0]))
    assert found.df == pytest.approx(2)
    assert found.se == pytest.approx(0.5 / np.sqrt(3))


def test_seeds_that_agree_change_nothing():
    before = Inference(0.03, 0.01, 8.0)
    after = with_seeds(before, np.array([0.03, 0.03, 0.03]))
    assert (after.mean, after.se, after.df) == pytest.approx((before.mean, before.se, before.df))


@pytest.mark.parametrize("by_seed", [[], [0.04]])
def test_one_seed_says_nothing_of_the_variance_between_seeds(by_seed):
    before = Inference(0.03, 0.01, 8.0)
    assert with_seeds(before, np.array(by_seed)) is before


def test_seeds_do_not_make_up_for_an_error_that_cannot_be_estimated():
    assert np.isnan(with_seeds(Inference(0.03, np.nan, 8.0), np.array([0.0, 0.06])).se)


def test_two_way_variance_by_hand():
    assert two_way_variance(0.3, 0.5, 0.1) == pytest.approx(0.7)
    assert two_way_variance(0.3, 0.5, 0.4) == 0.5
    assert two_way_variance(0.6, 0.5, 0.8) == 0.6


@pytest.mark.parametrize(
    ("template", "unit", "df"), [(1.0, 0.0, 6.0), (0.0, 2.0, 36.0), (1, 1, 72 / 7)]
)
def test_degrees_of_freedom_are_those_of_the_way_that_makes_the_error(template, unit, df):
    assert combined_df(template, unit, (6.0, 36.0)) == pytest.approx(df)


@pytest.mark.parametrize("way", ["template", "unit"])
def test_one_template_or_one_unit_leaves_the_other_way_alone(way):
    values = np.array([0.1, 0.5, 0.2, -0.3, 0.2, 0.1])
    groups, one = [0, 0, 1, 1, 2, 3], [0] * 6
    result = pairs_of(*((groups, one) if way == "template" else (one, groups)), values)
    inference = infer(result)
    assert inference == one_way(result, way)
    sums = pd.Series(values - values.mean()).groupby(groups).sum() / 6
    leverage = np.array([2, 2, 1, 1]) / 6
    assert inference.se == pytest.approx(np.sqrt((sums**2 / (1 - leverage)).sum()))
    assert inference.df == pytest.approx(satterthwaite_df(pd.Series(leverage)))


def test_one_unit_with_a_value_a_template_is_the_classical_test():
    values = np.array([0.1, 0.4, -0.2, 0.05, 0.3])
    assert infer(pairs_of(range(5), [0] * 5, values)).p_value == pytest.approx(
        stats.ttest_1samp(values, 0).pvalue
    )


def test_one_template_and_one_unit_have_an_estimate_and_no_error():
    result = pairs_of([0] * 4, [0] * 4, np.array([0.1, 0.2, 0.3, 0.6]))
    for inference in (infer(result), one_way(result, "template"), one_way(result, "unit")):
        assert inference.mean == pytest.approx(0.3)
        for name in ("se", "df", "ci_low", "ci_high", "p_value"):
            assert np.isnan(getattr(inference, name)), name


def test_names_in_one_template_are_two_samples_within_each_gender(corpus):
    named = corpus[(corpus["race"] != "") & (corpus["template"] == eec.TEMPLATES[4])]  # one frame
    inference = infer(race(named))
    line = statsmodels.formula.api.ols("score ~ C(race, Sum) * C(gender, Sum)", named).fit()
    assert inference.p_value == pytest.approx(line.pvalues.iloc[1])
    assert inference.df == pytest.approx(line.df_resid) == pytest.approx(36)


def test_an_error_that_is_rounding_is_missing():
    assert np.isnan(standard_error(1e-32, 0.3))
    assert np.isnan(standard_error(0.0, 0.0))
    assert standard_error(1e-6, 0.3) == pytest.approx(1e-3)


@pytest.mark.parametrize("axis", ["gender", "race"])
def test_clustering_pairs_by_template_is_the_one_way_inference(corpus, axis):
    pairs = contrast(corpus, axis)
    ours, theirs = over_pairs(pairs, pairs.pairs["template"]), one_way(pairs, "template")
    assert (ours.mean, ours.se, ours.df) == pytest.approx((theirs.mean, theirs.se, theirs.df))


def test_pairs_cluster_by_any_column(corpus):
    found = contrast(corpus, "race")
    pairs = found.pairs
    inference = over_pairs(found, pairs["emotion"])
    # Four emotions in 35 frames each, and the four frames without one.
    shares = pairs["emotion"].value_counts() / 144
    assert sorted(144 * shares) == pytest.approx([4, 35, 35, 35, 35])
    sums = (pairs["difference"] - found.mean).groupby(pairs["emotion"]).sum() / 144
    assert inference.se == pytest.approx(np.sqrt((sums**2 / (1 - shares[sums.index])).sum()))
    assert inference.df == pytest.approx(satterthwaite_df(shares))


def test_a_mean_must_stand_with_words_as_clusters_too(corpus):
    """A gap of one emotion word in all templates: two-way it looks certain."""
    angry = 0.3 * ((corpus["gender"] == "female") & (corpus["emotion_word"] == "angry"))
    noise = np.random.default_rng(3).normal(0, 0.001, len(corpus))
    pairs = contrast(corpus.assign(score=0.5 + angry + noise), "gender")
    words, found = by_word(pairs), infer(pairs)
    assert words.p_value > 0.2
    assert found.p_value >= words.p_value
    assert not found.clear
    assert found.se >= words.se


@pytest.mark.parametrize("seed", range(20))
def test_p_is_below_5_percent_exactly_where_the_interval_leaves_0_out(seed):
    random = np.random.default_rng(seed)
    mean, dfs = random.normal(0.2, 0.1), random.uniform(2, 40, 2)
    first, second = (Inference(mean, random.uniform(0.02, 0.2), df) for df in dfs)
    found = Either.of(first, second)
    assert found.p_value == max(first.p_value, second.p_value)
    assert found.ci_low == min(first.ci_low, second.ci_low)
    assert found.clear == (found.p_value < 0.05)
    assert found.p_equivalence(0.3) == max(each.p_equivalence(0.3) for each in (first, second))
    assert found.minimum_detectable == max(first.minimum_detectable, second.minimum_detectable)
    by_seed = np.array([mean - 0.1, mean + 0.1])
    seeds = with_seeds(found, by_seed)
    assert seeds.p_value == max(with_seeds(e, by_seed).p_value for e in (first, second))


@pytest.mark.parametrize("sign", [1, -1])
def test_one_sided_p_is_half_the_two_sided_one_on_its_side(sign):
    found = Inference(0.1 * sign, 0.05, 9)
    assert found.p_against(sign) == pytest.approx(found.p_value / 2)
    assert found.p_against(-sign) == pytest.approx(1 - found.p_value / 2)
    both = Either.of(found, Inference(0.1 * sign, 0.06, 30))
    assert both.p_against(sign) == max(one.p_against(sign) for one in both.both)


def test_where_one_of_two_has_no_error_the_first_stands_alone():
    known, unknown = Inference(0.1, 0.05, 9), Inference(0.1, float("nan"), float("nan"))
    assert Either.of(known, unknown) is known
    assert Either.of(unknown, known) is unknown


def test_seeds_are_all_that_varies_where_every_pair_differs_by_the_same(corpus):
    scores = corpus.assign(score=0.2 * (corpus["gender"] == "female"))
    found = infer(contrast(scores, "gender"))
    assert (found.p_value, found.ci_low, found.clear) == (2.0**-10, found.mean, True)
    assert found.p_equivalence(0.3) == found.p_against(1) == 2.0**-11
    assert found.p_equivalence(0.1) == found.p_against(-1) == 1
    assert with_seeds(found, np.array([0.2, 0.2])) is found
    among = with_seeds(found, np.array([0.1, 0.3]))
    assert (among.mean, among.df) == (found.mean, 1)
    assert among.se == pytest.approx(0.1)
    assert among.p_value == pytest.approx(2 * stats.t.sf(2, 1))
    assert with_seeds(found, np.array([0.2 - 1e-9, 0.2 + 1e-9])).p_value == found.p_value


def test_pairs_that_differ_within_a_template_are_not_constant(corpus):
    """All templates have one mean, and emotion words do not."""
    words = corpus.groupby("template")["emotion_word"].transform(lambda w: pd.factorize(w)[0])
    wave = np.where(words % 2 == 0, 0.25, -0.25)
    scores = corpus.assign(score=(0.005 + wave) * (corpus["gender"] == "female"))
    assert not isinstance(infer(contrast(scores, "gender")), Constant)


def test_rounding_error_is_not_tested(corpus):
    random = np.random.default_rng(0)
    noise = random.normal(0, 1e-9, len(corpus))
    for gap, p_value in ((0.2, 2.0**-10), (0.0, None)):
        scores = corpus.assign(score=gap * (corpus["gender"] == "female") + noise)
        found = infer(contrast(scores, "gender"))
        assert found.p_value == p_value if p_value else abs(found.mean) < 1e-9


@pytest.mark.parametrize("df", [1.0, 2.03, 6.4, 40.0, 400.0])
def test_power_is_a_probability_that_grows_with_the_effect(df):
    one = Inference(0.0, 1.0, df)
    powers = [one.power(effect, 0.05 / 6) for effect in (*np.linspace(0, 60, 200), 150, 400)]
    assert np.isfinite(powers).all()
    assert (np.diff(powers) > -1e-9).all()
    assert powers[0] == pytest.approx(0.05 / 6)
    assert powers[-1] == pytest.approx(1, abs=0.35 if df == 1 else 1e-3)
