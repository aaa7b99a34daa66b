"""The parts of a gap: which there are, how they add up to the whole, and their intervals."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api
from scipy import stats

from bias_transfer.bias.breakdown import COLUMNS, INTERACTION, breakdown, interaction
from bias_transfer.bias.inference.two_way import infer, satterthwaite_df
from bias_transfer.bias.pairs import FRAME, contrast, race
from bias_transfer.corpora import eec
from bias_transfer.corpora.eec import AFRICAN_AMERICAN, EUROPEAN

CORPUS = eec.generate()


def scored(seed, gap=0.0):
    """Effects of template and person, and of the frame; women score ``gap`` higher."""
    random = np.random.default_rng(seed)
    template, person = (CORPUS.groupby(by).ngroup().to_numpy() for by in ("template", "person"))
    score = random.random(11)[template] + 0.1 * random.standard_normal(person.max() + 1)[person]
    score = score + 0.1 * random.standard_normal(len(CORPUS)) + gap * (CORPUS["gender"] == "female")
    return CORPUS.assign(score=score, log_odds=4 * score)


@pytest.fixture(scope="module")
def frame():
    return scored(0)


@pytest.fixture(scope="module")
def table(frame):
    return breakdown("mine", [frame])


@pytest.fixture(scope="module")
def named(frame):
    return frame[frame["race"] != ""]


def rows(table, axis, by):
    return table[(table["axis"] == axis) & (table["by"] == by)].set_index("level")


def test_levels_are_those_of_the_corpus(table):
    assert table.columns.tolist() == COLUMNS
    assert set(table["system"]) == {"mine"}
    levels = table.groupby(["axis", "by"], sort=False)["level"].agg(list).to_dict()
    emotions, names = (
        ["anger", "sadness", "fear", "joy", "none"],
        [n for group in eec.NAMES.values() for n in group],
    )
    assert {key: len(found) for key, found in levels.items()} == {
        ("gender", "emotion"): 5,
        ("gender", "template"): 11,
        ("gender", "noun pair"): 11,
        ("race", "emotion"): 5,
        ("race", "template"): 11,
        ("gender", "weights"): 1,
        ("race", "weights"): 1,
        ("race", "gender"): 3,
        ("race", "name"): 40,
    }
    for axis in ("gender", "race"):
        assert levels[axis, "emotion"] == emotions
        assert levels[axis, "template"] == list(eec.TEMPLATES)
    assert sorted(levels["race", "name"]) == sorted(names)
    assert levels["race", "gender"] == ["male", "female", INTERACTION]
    assert "names" in levels["gender", "noun pair"]


def test_number_of_pairs(table):
    def counts(axis, by):
        return rows(table, axis, by)["n_pairs"].to_dict()

    assert counts("gender", "emotion") == dict.fromkeys(
        ("anger", "sadness", "fear", "joy"), 385
    ) | {"none": 44}
    assert counts("race", "emotion") == dict.fromkeys(("anger", "sadness", "fear", "joy"), 35) | {
        "none": 4
    }
    assert sorted(counts("gender", "template").values()) == [11] * 4 + [220] * 7
    assert set(counts("gender", "noun pair").values()) == {144}
    assert sorted(counts("race", "template").values()) == [1] * 4 + [20] * 7
    assert set(counts("race", "name").values()) == {144} == set(counts("race", "gender").values())


@pytest.mark.parametrize(
    ("axis", "by"),
    [
        ("gender", "emotion"),
        ("gender", "template"),
        ("gender", "noun pair"),
        ("race", "emotion"),
        ("race", "template"),
        ("race", "name"),
    ],
)
def test_parts_average_to_the_whole_weighted_by_their_pairs(frame, table, axis, by):
    part = rows(table, axis, by)
    mean = np.average(part["mean_difference"], weights=part["n_pairs"])
    assert mean == pytest.approx(contrast(frame, axis).mean)


@pytest.mark.parametrize("axis", ["gender", "race"])
def test_templates_alike_count_each_template_once(table, axis):
    means = rows(table, axis, "template")["mean_difference"]
    found = rows(table, axis, "weights").loc["templates alike", "mean_difference"]
    assert found == pytest.approx(means.mean())


def test_templates_alike_are_a_t_test_over_templates_where_nothing_else_varies():
    gaps = dict(zip(eec.TEMPLATES, np.linspace(-0.05, 0.1, 11), strict=True))
    score = 0.5 + CORPUS["template"].map(gaps) * (CORPUS["gender"] == "female")
    table = breakdown("mine", [CORPUS.assign(score=score, log_odds=score)])
    row = rows(table, "gender", "weights").loc["templates alike"]
    expected = stats.ttest_1samp(list(gaps.values()), 0)
    assert row["p_clustered"] == pytest.approx(expected.pvalue)
    interval = expected.confidence_interval()
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((interval.low, interval.high))


def test_the_names_of_either_race_average_to_the_race_gap(frame, table):
    names = rows(table, "race", "name")["mean_difference"]
    for side in (AFRICAN_AMERICAN, EUROPEAN):
        own = [name for (_, race_), group in eec.NAMES.items() for name in group if race_ == side]
        assert names[own].mean() == pytest.approx(contrast(frame, "race").mean)


def test_a_part_is_the_contrast_in_its_sentences(frame, table):
    joy = infer(race(frame[frame["emotion"] == "joy"]))
    row = rows(table, "race", "emotion").loc["joy"]
    assert row[COLUMNS[5:]].tolist() == pytest.approx(
        [joy.mean, joy.ci_low, joy.ci_high, joy.p_value]
    )


def test_a_noun_pair_is_clustered_by_template(frame, table):
    pairs = contrast(frame, "gender").pairs
    difference = pairs.loc[pairs["unit"] == "my mom/my dad"].set_index("template")["difference"]
    sums = (difference - difference.mean()).groupby("template").sum() / 144
    leverage = difference.groupby("template").size() / 144
    half = stats.t.ppf(0.975, satterthwaite_df(leverage)) * np.sqrt(
        (sums**2 / (1 - leverage)).sum()
    )
    row = rows(table, "gender", "noun pair").loc["my mom/my dad"]
    assert row["mean_difference"] == pytest.approx(difference.mean())
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(
        (difference.mean() - half, difference.mean() + half)
    )


def test_a_name_is_compared_with_the_names_of_its_gender_and_the_other_race(frame, table):
    by_name = frame[frame["race"] != ""].groupby("person")["score"].mean()
    others = {group: by_name[names].mean() for group, names in eec.NAMES.items()}
    names = rows(table, "race", "name")["mean_difference"]
    assert names["Latisha"] == pytest.approx(by_name["Latisha"] - others["female", EUROPEAN])
    assert names["Adam"] == pytest.approx(others["male", AFRICAN_AMERICAN] - by_name["Adam"])


def test_one_frame_of_a_template_is_the_classical_test(frame, table):
    level = "<person subject> has two children."
    pairs = contrast(frame, "gender").pairs
    gender = stats.ttest_1samp(pairs.loc[pairs["template"] == level, "difference"], 0)
    names = frame[(frame["template"] == level) & (frame["race"] != "")]
    line = statsmodels.formula.api.ols("score ~ C(race, Sum) * C(gender, Sum)", names).fit()
    assert rows(table, "gender", "template").loc[level, "p_clustered"] == pytest.approx(
        gender.pvalue
    )
    assert rows(table, "race", "template").loc[level, "p_clustered"] == pytest.approx(
        line.pvalues.iloc[1]
    )


def test_interaction_is_the_race_gap_of_women_minus_that_of_men(frame, table):
    gaps = rows(table, "race", "gender")["mean_difference"]
    assert gaps[INTERACTION] == pytest.approx(gaps["female"] - gaps["male"])
    assert (gaps["female"] + gaps["male"]) / 2 == pytest.approx(contrast(frame, "race").mean)


def test_interval_of_the_interaction_by_hand(named, table):
    means = named.pivot_table("score", FRAME, ["gender", "race"], sort=False)
    by_frame = sum(
        sign * (means[gender, AFRICAN_AMERICAN] - means[gender, EUROPEAN])
        for gender, sign in (("female", 1), ("male", -1))
    )
    mean = by_frame.mean()
    # Templates: sums of 144 differences of differences.
    sums = (by_frame - mean).groupby("template").sum() / 144
    shares = by_frame.groupby("template").size() / 144
    template = (sums**2 / (1 - shares)).sum()
    # Names: four means of ten names, each with its own variance.
    by_name = named.groupby(["gender", "race", "person"])["score"].mean()
    unit = sum(group.var(ddof=1) / 10 for _, group in by_name.groupby(["gender", "race"]))
    # Their cells: what a name has in a template's frames beyond its frame's level and half the gap
    # of its gender.
    own = named["score"] - named.groupby([*FRAME, "gender"])["score"].transform("mean")
    side = named["race"].map({AFRICAN_AMERICAN: 0.5, EUROPEAN: -0.5})
    gap = named["gender"].map(
        {g: 2 * (side * own)[named["gender"] == g].mean() * 2 for g in ("female", "male")}
    )
    parts = (side * (own - gap * side)).groupby([named["template"], named["person"]])
    both = ((parts.sum() / 720) ** 2 / (1 - parts.size() / 5760)).sum()
    se = np.sqrt(max(template + unit - both, template, unit))
    df = (template + unit) / (template / satterthwaite_df(shares) + unit / 36)
    row = rows(table, "race", "gender").loc[INTERACTION]
    half = stats.t.ppf(0.975, df) * se
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((mean - half, mean + half))
    assert row["p_clustered"] == pytest.approx(2 * stats.t.sf(abs(mean) / se, df))


def test_influence_of_a_template_and_of_a_name_on_the_interaction(named):
    found = interaction(named)
    difference = found.pairs.set_index("template")["difference"]
    by_template = (difference - difference.mean()).groupby("template").sum() / 144
    ours = found.influence.groupby("template")["influence"].sum()
    assert ours[by_template.index].to_list() == pytest.approx(by_template.to_list())
    by_name = named.groupby(["gender", "race", "person"])["score"].mean()
    own = (by_name - by_name.groupby(["gender", "race"]).transform("mean")) / 10
    names = found.influence.groupby("unit")["influence"].sum()
    for (gender, side), sign in zip(
        eec.NAMES, (-1, 1, 1, -1), strict=True
    ):  # male first, African-American first
        group = own[gender, side]
        assert names[group.index].to_list() == pytest.approx((sign * group).to_list())


def test_interaction_has_the_degrees_of_freedom_of_four_groups_of_ten_names(named):
    found = interaction(named)
    assert satterthwaite_df(found.leverage["unit"], found.strata) == pytest.approx(4 * (10 - 1))
    assert found.leverage["both"].sum() == pytest.approx(1)
    assert found.influence["influence"].sum() == pytest.approx(0, abs=1e-12)


def test_interaction_is_zero_where_race_weighs_alike_and_large_where_it_does_not():
    noise = np.random.default_rng(1).normal(0, 0.001, len(CORPUS))
    black, female = CORPUS["race"] == AFRICAN_AMERICAN, CORPUS["gender"] == "female"
    named = CORPUS["race"] != ""
    alike = infer(interaction(CORPUS.assign(score=0.4 + 0.1 * black + 0.2 * female + noise)[named]))
    apart = infer(interaction(CORPUS.assign(score=0.4 + 0.1 * black * female + noise)[named]))
    assert alike.mean == pytest.approx(0, abs=1e-3)
    assert apart.mean == pytest.approx(0.1, abs=1e-3)
    assert apart.clear


def test_several_seeds_are_averaged_and_widen_the_intervals(table):
    several = breakdown("mine", [scored(0, gap) for gap in (-0.1, 0.1)])
    pd.testing.assert_frame_equal(table[COLUMNS[:5]], several[COLUMNS[:5]])
    assert several["mean_difference"].to_list() == pytest.approx(table["mean_difference"].to_list())
    widths = (several["ci_high"] - several["ci_low"]) / (table["ci_high"] - table["ci_low"])
    assert (widths[table["axis"] == "gender"] > 1.01).all()
    # Seeds that differ in the gender gap alone are of one mind on race, wherever both sides have
    # women and men.
    alike = (table["axis"] == "race") & (table["by"] != "name")
    assert widths[alike].to_list() == pytest.approx([1] * alike.sum())


def test_rows_without_an_error_to_estimate_have_no_interval():
    table = breakdown("same", [CORPUS.assign(score=0.5, log_odds=0.0)])
    assert (table["mean_difference"] == 0).all()
    assert table[["ci_low", "ci_high", "p_clustered"]].isna().all(axis=None)
