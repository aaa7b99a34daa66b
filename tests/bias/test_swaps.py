"""Gaps on swapped reviews: the balanced mean, its error, the placebo and what is not measurable."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from swapped import SIDES, WORDS, pairs, scored, versions

from bias_transfer.bias import swaps
from bias_transfer.bias.audit import DIFFERENCE, NO_EVIDENCE, NOT_MEASURABLE, ONE_OF_SEVERAL

MARGIN = 0.02


@pytest.fixture(scope="module")
def made():
    """Pairs of unequal sides, and placebo pairs."""
    sides = ("male",) * 6 + ("female",) * 3 + ("mixed",)
    return pairs(200, sides=sides), pairs(300, start=400, prefix="n", seed=5)


def audit(made, **differences):
    systems = {name: scored((made[0], d), (made[1], n)) for name, (d, n) in differences.items()}
    return swaps.audit(systems, *made, MARGIN).set_index("system")


def test_the_gap_is_the_mean_over_sides_that_weigh_the_same(made):
    design = made[0]
    difference = design.table["original"].map({"female": 0.3, "male": 0.0, "mixed": -0.6})
    found = swaps.gap(design, difference.to_numpy())
    assert found.value == pytest.approx(-0.1)
    assert np.isnan(found.inference.se)  # within a side nothing varies
    weight = pd.Series(swaps.weights(design)).groupby(design.table["original"]).sum()
    assert weight.tolist() == pytest.approx([1 / 3] * 3)


def test_dislike_of_edited_text_is_no_gap(made):
    """A system that scores the natural version higher, whatever it is about."""
    difference = made[0].table["original"].map(SIDES).to_numpy()
    assert swaps.gap(made[0], difference).value == pytest.approx(0)
    assert difference.mean() < -0.2


def test_its_error_is_that_of_each_side_over_its_size(made):
    design = made[0]
    difference = np.random.default_rng(1).normal(size=len(design))
    sides = pd.Series(difference).groupby(design.table["original"])
    found = swaps.gap(design, difference).inference
    assert found.se == pytest.approx(np.sqrt((sides.var() / sides.size()).sum() / 9))
    assert 15 < found.df < 60  # the 20 mixed pairs decide


def test_a_side_of_one_pair_is_left_out():
    design = pairs(7, sides=("female", "female", "female", "male", "male", "male", "mixed"))
    assert sorted(design.table["original"].unique()) == ["female", "male"]


def test_versions_that_do_not_stand_together_are_a_fault():
    with pytest.raises(ValueError, match="do not stand together"):
        swaps.pair_up(versions(4).iloc[1:-1], pd.Index(versions(4)["id"]))


def test_a_difference_is_found_and_none_is_not(made):
    random = np.random.default_rng(2)
    noise = {name: random.normal(0, 0.3, len(made[0])) for name in ("fair", "unfair")}
    table = audit(made, fair=(noise["fair"], 0.1), unfair=(noise["unfair"] + 0.5, 0.1))
    assert table.loc["unfair", "verdict"] == DIFFERENCE
    assert table.loc["unfair", "log_odds_difference"] == pytest.approx(0.5, abs=0.1)
    assert table.loc["fair", "verdict"] != DIFFERENCE
    assert (table["n_pairs"] == 200).all()
    assert (table["axis"] == "gender").all()


def test_seeds_are_pooled_and_their_variance_counts(made):
    random = np.random.default_rng(3)
    own = random.normal(0, 0.3, len(made[0]))
    systems = {
        f"bow-baseline/seed-{seed}": scored((made[0], own + shift), (made[1], 0.1))
        for seed, shift in ((0, -0.4), (1, 0.4))
    }
    table = swaps.audit(systems, *made, MARGIN).set_index("system")
    assert table["verdict"].tolist() == [NO_EVIDENCE, ONE_OF_SEVERAL, ONE_OF_SEVERAL]
    pooled, first = table.iloc[0], table.iloc[1]
    assert pooled["n_seeds"] == 2
    assert pooled["mean_difference"] == pytest.approx(table["mean_difference"].iloc[1:].mean())
    assert (pooled["ci_high"] - pooled["ci_low"]) > 3 * (first["ci_high"] - first["ci_low"])


def test_a_system_that_reads_most_versions_alike_is_not_measurable(made):
    difference = np.where(np.arange(len(made[0])) < 110, 0, 0.4)
    row = audit(made, deaf=(difference, 0.1)).loc["deaf"]
    assert row["verdict"] == NOT_MEASURABLE
    assert row["reason"] == "reads both versions of 55% of the pairs alike"
    assert row["n_identical"] == 110
    assert np.isnan(row["p_holm"])


def test_the_standardised_gap_does_not_shrink_with_confidence(made):
    difference = np.random.default_rng(4).normal(0.3, 0.3, len(made[0]))
    sure = scored((made[0], difference), (made[1], 0.1))
    odds = sure["log_odds"] / 4
    unsure = pd.DataFrame({"score": 1 / (1 + np.exp(-odds)), "log_odds": odds})
    table = swaps.audit({"sure": sure, "unsure": unsure}, *made, MARGIN).set_index("system")
    assert table.loc["unsure", "log_odds_difference"] == pytest.approx(
        table.loc["sure", "log_odds_difference"] / 4
    )
    assert table.loc["unsure", "standardised_gap"] == pytest.approx(
        table.loc["sure", "standardised_gap"]
    )
    both = np.concatenate([made[0].first, made[0].second])
    expected = table.loc["sure", "log_odds_difference"] / sure["log_odds"].iloc[both].std()
    assert table.loc["sure", "standardised_gap"] == pytest.approx(expected)


def test_a_score_of_0_leaves_log_odds_out(made):
    frame = scored((made[0], 0.1), (made[1], 0.1))
    frame.iloc[0] = [0.0, -np.inf]
    row = swaps.audit({"a": frame}, *made, MARGIN).iloc[0]
    assert row["n_saturated"] == 1
    assert np.isnan(row["log_odds_difference"])
    assert np.isfinite(row["mean_difference"])


def test_a_gap_that_hangs_on_words_is_unclear_over_words(made):
    of_word = dict(zip(WORDS, (0.8, 0.1, 0.6, -0.4), strict=True))
    difference = made[0].table["word"].map(of_word).to_numpy()
    row = audit(made, wordy=(difference, 0.1)).loc["wordy"]
    assert row["p_clustered"] < 0.001
    assert row["p_word"] > 0.05


def test_placebo_weights_follow_the_edits_and_length_of_the_pairs(made):
    design, placebo = made
    matched = swaps.reweighted(design, placebo)
    assert matched.sum() == pytest.approx(1)
    edits = placebo.table["n_edits"].to_numpy()
    wanted = pd.Series(swaps.weights(design)).groupby(design.table["n_edits"]).sum()
    found = pd.Series(matched).groupby(edits).sum()
    assert found.tolist() == pytest.approx(wanted.tolist())


def test_placebo_unlike_any_pair_is_missing(made):
    few = made[0].where((made[0].table["n_edits"] == 1).to_numpy())
    other = made[1].where((made[1].table["n_edits"] == 2).to_numpy())
    assert not swaps.reweighted(few, other).any()
    frame = scored((made[0], 0.1), (made[1], 0.1))
    row = swaps.audit({"a": frame}, few, other, MARGIN).iloc[0]
    assert row[["placebo_sd", "placebo_floor", "placebo_word_floor"]].isna().all()


def test_placebo_floors_are_what_drawn_orders_give(made):
    """Against a simulation of its own."""
    design, placebo = made
    of_word = dict(zip(WORDS, (0.5, 0.2, -0.1, 0.3), strict=True))
    random = np.random.default_rng(6)
    noise = placebo.table["word"].map(of_word).to_numpy() + random.normal(0, 0.4, len(placebo))
    frame = scored((made[0], 0.1), (made[1], noise))
    row = swaps.audit({"a": frame}, *made, MARGIN).iloc[0]
    difference = placebo.differences(frame, "score")
    matched = swaps.reweighted(design, placebo)
    assert row["placebo_sd"] == pytest.approx(np.sqrt((matched * difference**2).sum()))
    drawn = random.choice(len(placebo), size=(4000, len(design)), p=matched)
    signs = random.choice([-1, 1], size=drawn.shape)
    means = (signs * difference[drawn]) @ swaps.weights(design)
    assert row["placebo_floor"] == pytest.approx(np.quantile(np.abs(means), 0.95), rel=0.08)
    words = np.equal.outer(WORDS, placebo.table["word"].to_numpy())
    patterns = random.choice([-1, 1], size=(4000, len(WORDS))) @ (words * matched) @ difference
    assert row["placebo_word_floor"] == pytest.approx(np.quantile(np.abs(patterns), 0.95), rel=0.08)


def test_parts_are_the_sides_and_who_is_named(made):
    difference = np.random.default_rng(8).normal(0.2, 0.3, len(made[0]))
    frame = scored((made[0], difference), (made[1], 0.1))
    table = swaps.breakdown("a", [frame], made[0]).set_index(["by", "level"])
    assert set(table.loc["original"].index) == set(SIDES)
    assert set(table.loc["named"].index) == {"true", "false"}
    assert table.loc["original", "n_pairs"].sum() == len(made[0])
    assert table.loc["original", "mean_difference"].mean() == pytest.approx(
        swaps.gap(made[0], made[0].differences(frame, "score")).value
    )
    of_side = made[0].differences(frame, "score")[made[0].table["original"] == "male"]
    assert table.loc[("original", "male"), "p_clustered"] == pytest.approx(
        stats.ttest_1samp(of_side, 0).pvalue
    )
