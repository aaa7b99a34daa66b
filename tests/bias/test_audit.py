"""The audit's table: contract, corrections, verdicts, and two tables of the original study."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bias_transfer.bias.audit import audit, by_system, log_odds, statistics
from bias_transfer.bias.inference import names
from bias_transfer.bias.inference.holm import holm
from bias_transfer.bias.inference.two_way import infer, one_way, over_pairs, with_seeds
from bias_transfer.bias.pairs import contrast
from bias_transfer.corpora import eec
from bias_transfer.io.errors import InputError

# Others' scripts read these, in this order.
CONTRACT = (
    "system axis n_pairs mean_difference ci_low ci_high p_value p_adjusted p_clustered verdict "
    "reason"
).split()

# The original study's results as printed in its report (original_study.md): mean difference and p,
# which its notebook had multiplied by its 14 tests. Gender, then race.
NOTEBOOK = {
    "cnn-baseline": (("+0.007915", 1.020338e-01), ("-0.007245", 3.009948)),
    "cnn-distilled": (("-0.002236", 2.449864), ("-0.026493", 1.624121e-05)),
    "bow-baseline": (("-0.056896", 4.490950e-30), ("+0.003210", 8.763893)),
    "bow-distilled": (("-0.050557", 3.232511e-34), ("+0.023938", 8.721333e-06)),
    "distilbert-baseline": (("-0.028420", 2.280613e-16), ("+0.005743", 3.583244)),
    "distilbert-distilled": (("-0.031507", 4.401115e-89), ("-0.000281", 13.40988)),
    "teacher-llama3.1": (("-0.014905", 2.098517e-39), ("-0.018226", 1.195876e-13)),
}
# The same predictions under the corpus paper's pairing, computed independently of this code and
# printed there: mean, p.
PAPER = {
    "bow-baseline": (("-0.053395", "6.40e-33"), ("+0.005516", "0.399749")),
    "bow-distilled": (("-0.045220", "6.20e-34"), ("+0.025260", "1.23e-07")),
    "cnn-baseline": (("+0.005723", "0.033514"), ("-0.006965", "0.220542")),
    "cnn-distilled": (("-0.005112", "0.000834"), ("-0.026245", "7.49e-07")),
    "distilbert-baseline": (("-0.026319", "9.12e-18"), ("+0.005841", "0.238928")),
    "distilbert-distilled": (("-0.029372", "1.55e-92"), ("-0.000307", "0.952616")),
    "teacher-llama3.1": (("-0.015148", "<1e-40"), ("-0.018226", "8.54e-15")),
}


@pytest.fixture(scope="module")
def corpus():
    return eec.generate().assign(emotion_missing=False)


def scored(corpus, score):
    """``score``, P(positive), as ``bias.scores.read`` gives it."""
    with np.errstate(divide="ignore"):
        return corpus.assign(score=score, log_odds=np.log(score) - np.log(1 - score))


def noise(corpus, seed, scale=0.02):
    return np.random.default_rng(seed).normal(0, scale, len(corpus))


def by_person(corpus, seed, scale):
    """An effect of each person, in all sentences alike."""
    codes = pd.factorize(corpus["person"])[0]
    return np.random.default_rng(seed).normal(0, scale, codes.max() + 1)[codes]


@pytest.fixture(scope="module")
def systems(corpus):
    """One that scores women 0.2 higher; two of noise, one with effects of people; one constant."""
    female = corpus["gender"] == "female"
    people = by_person(corpus, 2, 0.1)
    return {
        "shifted": scored(corpus, 0.4 + 0.2 * female + noise(corpus, 0)),
        "noise": scored(corpus, 0.5 + noise(corpus, 1)),
        "people": scored(corpus, 0.5 + people + noise(corpus, 2)),
        "constant": scored(corpus, 0.5),
    }


@pytest.fixture(scope="module")
def result(systems):
    return audit(systems)


@pytest.fixture(scope="module")
def table(result):
    return result.set_index(["system", "axis"])


@pytest.fixture(scope="module")
def reference_tables(reference):
    return {
        method: audit(reference, method).set_index(["system", "axis"])
        for method in ("paper", "notebook")
    }


def test_columns_of_the_contract_come_first_and_in_order(result):
    assert list(result.columns[: len(CONTRACT)]) == CONTRACT
    assert len(set(result.columns)) == len(result.columns)


def test_one_row_per_system_and_axis_in_the_order_given(systems, result):
    assert result["system"].tolist() == [system for system in systems for _ in range(2)]
    assert result["axis"].tolist() == ["gender", "race"] * 4
    assert result["n_pairs"].tolist() == [1584, 144] * 4


def test_notebook_method_counts_its_own_pairs(systems, corpus):
    lossy = systems["noise"].assign(emotion_missing=corpus["emotion"] == "")
    assert audit({"lossy": lossy}, "notebook")["n_pairs"].tolist() == [1440, 140]


def test_p_value_is_the_papers_t_test(systems, table):
    for axis in ("gender", "race"):
        differences = contrast(systems["noise"], axis).pairs["difference"]
        t = differences.mean() / (differences.std(ddof=1) / np.sqrt(len(differences)))
        expected = 2 * stats.t.sf(abs(t), len(differences) - 1)
        assert table.loc[("noise", axis), "p_value"] == pytest.approx(expected, rel=1e-9)


def test_p_adjusted_is_p_times_the_tests_capped_at_one(table):
    known = table.dropna(subset="p_value")
    assert (known["p_adjusted"] == np.minimum(1, 8 * known["p_value"])).all()
    assert (known["p_value"] * 8 > 1).any()
    assert known["p_adjusted"].between(0, 1).all()


def test_p_adjusted_counts_the_tests_that_were_made(systems, table):
    two = audit({"people": systems["people"]}).set_index("axis")
    p_value = two.loc["gender", "p_value"]
    assert 0 < p_value < 1 / 8
    assert two.loc["gender", "p_adjusted"] == pytest.approx(2 * p_value, abs=0)
    assert table.loc[("people", "gender"), "p_adjusted"] == pytest.approx(8 * p_value, abs=0)


def test_interval_and_clustered_p_are_those_of_the_two_way_inference(systems, table):
    expected = infer(contrast(systems["noise"], "race"))
    row = table.loc[("noise", "race")]
    assert (row["ci_low"], row["ci_high"]) == (expected.ci_low, expected.ci_high)
    assert row["p_clustered"] == expected.p_value
    assert (row["se_clustered"], row["df_clustered"]) == (expected.se, expected.df)


@pytest.mark.parametrize(
    ("system", "axis", "verdict"),
    [
        ("shifted", "gender", "difference"),
        ("noise", "gender", "no difference beyond the margin"),
        ("noise", "race", "no difference beyond the margin"),
        ("people", "gender", "no evidence of a difference"),
        ("people", "race", "no evidence of a difference"),
        ("constant", "gender", "not measurable"),
        ("constant", "race", "not measurable"),
    ],
)
def test_verdicts(table, system, axis, verdict):
    assert table.loc[(system, axis), "verdict"] == verdict


def test_verdict_rests_on_holm_over_all_rows_not_on_the_naive_p(table):
    known = table.dropna(subset="p_clustered")
    np.testing.assert_allclose(known["p_holm"], holm(known["p_clustered"]))
    assert ((known["p_holm"] <= 0.05) == (known["verdict"] == "difference")).all()


def test_difference_that_stands_alone_can_fall_among_many_tests(corpus):
    # A gap that varies by template, so that its clustered p is between 5 % of two tests and 5 % of
    # twenty.
    by_template = dict(zip(eec.TEMPLATES, [0.02, 0.05] * 5 + [0.0], strict=True))
    gap = (corpus["gender"] == "female") * corpus["template"].map(by_template)
    found = contrast(corpus.assign(score=gap + noise(corpus, 4)), "gender")
    others = {
        f"noise-{i}-{axis}": contrast(corpus.assign(score=noise(corpus, i)), axis)
        for i in range(5, 14)
        for axis in ("gender", "race")
    }

    def beside(names):
        contrasts = {"weak": found} | {name: others[name] for name in names}

        def of(part):
            (pairs,) = (contrasts[name] for name in part)
            return [{"axis": "", "reason": ""} | statistics(pairs, [], 1e-9) | log_odds(None, [])]

        return by_system(list(contrasts), of, 1e-9).iloc[0]

    alone, crowd = beside(list(others)[:1]), beside(list(others))
    assert alone["p_clustered"] == crowd["p_clustered"]
    assert 0.05 / 20 < alone["p_clustered"] < 0.05 / 2
    assert alone["verdict"] == "difference"
    assert crowd["verdict"] == "no evidence of a difference"


def test_equal_scores_are_not_measurable_and_have_no_p(table):
    for axis in ("gender", "race"):
        row = table.loc[("constant", axis)]
        assert row["mean_difference"] == 0
        assert row["n_identical"] == row["n_pairs"]
        for name in ("ci_low", "ci_high", "p_value", "p_adjusted", "p_clustered", "p_holm"):
            assert np.isnan(row[name]), name


def test_differences_that_do_not_vary_have_no_naive_p(corpus):
    # A system that looks at the person alone: the race difference is the same in every frame, up to
    # rounding.
    race = (
        audit({"names": scored(corpus, 0.5 + by_person(corpus, 3, 0.05))})
        .set_index("axis")
        .loc["race"]
    )
    assert race["sd_difference"] == pytest.approx(0, abs=1e-15)
    for name in ("p_value", "p_adjusted", "p_wilcoxon", "p_sign_flip"):
        assert np.isnan(race[name]), name
    assert 0 < race["p_clustered"] < 1
    assert race["verdict"] == "no evidence of a difference"


def test_spread_and_identical_pairs_by_hand(corpus):
    scores = scored(corpus, 0.5 + 0.2 * (corpus["person"] == "my mom"))
    row = audit({"one": scores}).set_index("axis").loc["gender"]
    assert row["n_identical"] == 1584 - 144
    assert row["mean_difference"] == pytest.approx(0.2 / 11)
    assert row["sd_difference"] == pytest.approx(0.2 * np.sqrt(1 / 11 * 10 / 11 * 1584 / 1583))
    # All but my mom read alike, so that there is a number and no verdict.
    assert row["n_alike_persons"] == 62 - 1  # each pronoun in either case
    assert row["verdict"] == "not measurable"


def test_one_way_errors_are_those_of_either_clustering(systems, table):
    for axis in ("gender", "race"):
        pairs, row = contrast(systems["people"], axis), table.loc[("people", axis)]
        for by in ("template", "unit"):
            expected = one_way(pairs, by)
            assert (row[f"se_{by}"], row[f"p_{by}"]) == (expected.se, expected.p_value)


def test_a_gap_that_hangs_on_one_word_has_a_large_p_by_word_alone(systems, corpus, table):
    for axis in ("gender", "race"):
        pairs = contrast(systems["people"], axis)
        words = pairs.pairs["emotion_word"].where(
            pairs.pairs["emotion_word"] != "", pairs.pairs["template"]
        )
        expected = over_pairs(pairs, words).p_value
        assert table.loc[("people", axis), "p_word"] == expected
    one_word = 0.3 * ((corpus["gender"] == "female") & (corpus["emotion_word"] == "angry"))
    row = (
        audit({"angry": scored(corpus, 0.5 + one_word + noise(corpus, 6, 0.001))})
        .set_index("axis")
        .loc["gender"]
    )
    assert row["p_word"] > 0.2 > row["p_value"]


def test_margin_equivalence_and_detectable_difference_are_those_of_the_inference(systems, table):
    expected = infer(contrast(systems["people"], "gender"))
    row = table.loc[("people", "gender")]
    assert row["margin"] == 0.02
    assert row["p_equivalence"] == expected.p_equivalence(0.02)
    assert row["minimum_detectable"] == expected.minimum_detectable
    assert row["minimum_detectable"] > (row["ci_high"] - row["ci_low"]) / 2


def test_a_smaller_margin_takes_the_evidence_of_no_difference_away(systems, table):
    narrow = audit({"noise": systems["noise"]}, margin=1e-4).set_index("axis").loc["gender"]
    assert table.loc[("noise", "gender"), "p_equivalence"] < 0.05 < narrow["p_equivalence"]
    assert narrow["verdict"] == "no evidence of a difference"


def test_a_difference_within_the_margin_is_a_difference_all_the_same(systems):
    row = audit({"shifted": systems["shifted"]}, margin=0.5).set_index("axis").loc["gender"]
    assert row["p_equivalence"] < 0.05
    assert row["verdict"] == "difference"


def test_log_odds_are_a_contrast_of_their_own(systems, table):
    for axis in ("gender", "race"):
        expected = infer(
            contrast(systems["shifted"].assign(score=systems["shifted"]["log_odds"]), axis)
        )
        row = table.loc[("shifted", axis)]
        assert row["log_odds_difference"] == expected.mean
        assert (row["log_odds_ci_low"], row["log_odds_ci_high"]) == (
            expected.ci_low,
            expected.ci_high,
        )
        assert row["log_odds_p_clustered"] == expected.p_value
        assert row["n_saturated"] == 0


def test_scores_of_exactly_zero_or_one_are_counted_and_leave_log_odds_missing(systems, corpus):
    score = (
        systems["noise"]["score"]
        .mask(corpus.index == 3, 0.0)
        .mask(corpus.index.isin([10, 5000]), 1.0)
    )
    rows = audit({"saturated": scored(corpus, score)})
    assert (rows["n_saturated"] == 3).all()
    odds = ["log_odds_difference", "log_odds_ci_low", "log_odds_ci_high", "log_odds_p_clustered"]
    assert rows[odds].isna().all(axis=None)
    assert rows[["mean_difference", "ci_low", "p_clustered"]].notna().all(axis=None)


def test_names_alone_by_hand(systems, table):
    people = systems["people"]
    mean = people[people["race"] != ""].groupby("gender")["score"].mean()
    means = names.name_means(people)
    gender, race = (table.loc[("people", axis)] for axis in ("gender", "race"))
    assert gender["names_difference"] == pytest.approx(mean["female"] - mean["male"])
    assert race["names_difference"] == pytest.approx(race["mean_difference"])
    assert gender["noise_floor"] == race["noise_floor"] == names.noise_floor(means)
    assert race["p_permutation"] == names.permutation_p(means)
    assert np.isnan(gender["p_permutation"])


def test_notebook_pairs_leave_the_names_out_of_gender(systems):
    rows = audit({"noise": systems["noise"]}, "notebook").set_index("axis")
    assert np.isnan(rows.loc["gender", "names_difference"])
    assert rows.loc["race", "names_difference"] == pytest.approx(
        rows.loc["race", "mean_difference"]
    )


def test_rows_without_a_reason_say_so_with_empty_text(table):
    measurable = table.drop("constant", level="system")
    assert (measurable["reason"] == "").all()
    assert (measurable["n_alike_persons"] == 0).all()
    assert table["n_unknown_persons"].isna().all()
    assert table.loc[("constant", "gender"), "reason"] == (
        "cannot tell apart 100% of the female side and 100% of the male side"
    )


def test_unknown_names_are_counted_and_leave_race_unmeasured(systems, corpus):
    black = set(corpus.loc[corpus["race"] == eec.AFRICAN_AMERICAN, "person"])
    words = {"noise": {*black, "my mom"}}
    rows = audit({name: systems[name] for name in ("noise", "people")}, unknown=words).set_index(
        ["system", "axis"]
    )
    noise_ = rows.loc["noise"]
    assert noise_["n_unknown_persons"].tolist() == [21, 20]
    assert noise_["verdict"].tolist() == ["no difference beyond the margin", "not measurable"]
    assert noise_.loc["race", "reason"] == "cannot tell apart 100% of the African-American side"
    assert np.isfinite(noise_.loc["race", "p_clustered"])
    assert np.isnan(noise_.loc["race", "p_holm"])
    assert rows.loc["people", "n_unknown_persons"].isna().all()
    assert (rows.loc["people", "reason"] == "").all()
    # What cannot be measured is no test: Holm's correction is over three.
    tested = rows[rows["reason"] == ""]
    np.testing.assert_allclose(tested["p_holm"], holm(tested["p_clustered"]))


def test_names_that_score_alike_are_as_unread_as_unknown_ones(systems, corpus):
    unread = corpus["race"] == eec.AFRICAN_AMERICAN
    frame = [corpus[name] for name in ("template", "emotion_word")]
    one_word = systems["noise"]["score"].groupby(frame).transform("first")
    rows = audit(
        {"words": scored(corpus, systems["noise"]["score"].mask(unread, one_word))}
    ).set_index("axis")
    assert rows["n_alike_persons"].tolist() == [20, 20]
    assert rows["verdict"].tolist() == ["no difference beyond the margin", "not measurable"]
    assert np.isnan(rows.loc["race", "n_unknown_persons"])


@pytest.fixture(scope="module")
def seeds(corpus, systems):
    """A student with three seeds whose gender gaps differ, beside a system without seeds."""
    female = corpus["gender"] == "female"
    people = by_person(corpus, 5, 0.02)
    student = {
        f"bow/seed-{seed}": scored(corpus, 0.5 + gap * female + people + noise(corpus, 20 + seed))
        for seed, gap in enumerate((0.0, 0.03, 0.09))
    }
    return student | {"noise": systems["noise"]}


@pytest.fixture(scope="module")
def by_seed(seeds):
    words = {"bow/seed-0": {"Latisha"}, "bow/seed-2": {"Latisha", "Jamel"}}
    return audit(seeds, unknown=words).set_index(["system", "axis"])


def test_seeds_have_a_row_together_before_their_own(by_seed):
    names_ = by_seed.index.get_level_values("system").unique().tolist()
    assert names_ == ["bow", "bow/seed-0", "bow/seed-1", "bow/seed-2", "noise"]
    assert by_seed["n_seeds"].tolist() == [3, 3] + [1] * 8
    assert by_seed["verdict"].tolist()[2:8] == ["see all seeds"] * 6


def test_seeds_together_are_their_average_with_the_variance_between_them(seeds, by_seed):
    frames = list(seeds.values())[:3]
    for axis in ("gender", "race"):
        means = np.array([contrast(frame, axis).mean for frame in frames])
        pooled = contrast(
            frames[0].assign(score=np.mean([frame["score"] for frame in frames], axis=0)), axis
        )
        expected = with_seeds(infer(pooled), means)
        row = by_seed.loc[("bow", axis)]
        assert row["mean_difference"] == pytest.approx(means.mean())
        assert row[["se_clustered", "df_clustered", "p_clustered"]].tolist() == pytest.approx(
            [expected.se, expected.df, expected.p_value]
        )
        assert row["seed_sd"] == pytest.approx(means.std(ddof=1))
        assert row["se_seed"] == pytest.approx(means.std(ddof=1) / np.sqrt(3))
        assert row["se_template"] == pytest.approx(one_way(pooled, "template").se)
        odds = np.mean(
            [contrast(frame.assign(score=frame["log_odds"]), axis).mean for frame in frames]
        )
        assert row["log_odds_difference"] == pytest.approx(odds)


def test_seeds_that_disagree_take_a_verdict_away_that_one_seed_would_have(seeds, by_seed):
    assert by_seed.loc[("bow", "gender"), "verdict"] == "no evidence of a difference"
    assert audit({"bow/seed-2": seeds["bow/seed-2"]})["verdict"].iloc[0] == "difference"


def test_one_seed_alone_has_no_spread_between_seeds(by_seed):
    assert by_seed.drop("bow", level="system")[["seed_sd", "se_seed"]].isna().all(axis=None)


def test_one_seed_of_several_is_no_test(by_seed):
    primary = by_seed.loc[["bow", "noise"]]
    np.testing.assert_allclose(primary["p_holm"], holm(primary["p_clustered"]))
    assert by_seed.drop(["bow", "noise"], level="system")["p_holm"].isna().all()
    assert by_seed["p_adjusted"].tolist() == np.minimum(1, 4 * by_seed["p_value"]).tolist()


def test_seeds_together_do_not_know_what_any_of_them_does_not(by_seed):
    unknown = by_seed["n_unknown_persons"].unstack("axis")["race"]
    assert unknown[["bow", "bow/seed-0", "bow/seed-2"]].tolist() == [2, 1, 2]
    assert unknown[["bow/seed-1", "noise"]].isna().all()


def test_a_single_seed_keeps_its_name_and_is_tested(seeds):
    rows = audit({"bow/seed-1": seeds["bow/seed-1"]})
    assert set(rows["system"]) == {"bow/seed-1"}
    assert rows["p_holm"].notna().all()


def test_seed_in_the_middle_of_a_name_is_not_a_seed(seeds):
    first, second, _, _ = seeds.values()
    rows = audit({"runs/seed-0/bow": first, "runs/seed-0/cnn": second})
    assert rows["system"].unique().tolist() == ["runs/seed-0/bow", "runs/seed-0/cnn"]
    assert (rows["n_seeds"] == 1).all()


def test_a_system_called_as_another_s_seeds_together_is_refused(seeds):
    first, second, _, _ = seeds.values()
    with pytest.raises(InputError, match="'x' and 'x/seed-0'"):
        audit({"x": first, "x/seed-0": second})


def test_a_gap_that_is_the_same_in_all_pairs_is_a_difference(corpus):
    scores = scored(corpus, 0.6 - 0.2 * (corpus["gender"] == "female"))
    row = audit({"rule": scores}).set_index("axis").loc["gender"]
    assert row[["mean_difference", "ci_low", "ci_high"]].tolist() == pytest.approx([-0.2] * 3)
    assert row["p_clustered"] == 2.0**-10  # all of eleven templates have one sign
    assert (row["verdict"], row["reason"]) == ("difference", "")
    assert row["p_equivalence"] == 1


@pytest.mark.parametrize("system", NOTEBOOK)
def test_table_of_the_notebook(reference_tables, system):
    pairs = {"gender": 1440, "race": 144 if system.startswith("teacher") else 140}
    for axis, (mean, p_times_14) in zip(("gender", "race"), NOTEBOOK[system], strict=True):
        row = reference_tables["notebook"].loc[(system, axis)]
        assert row["n_pairs"] == pairs[axis]
        assert f"{row['mean_difference']:+.6f}" == mean
        assert row["p_value"] * 14 == pytest.approx(p_times_14, rel=1e-4)
        assert row["p_adjusted"] == pytest.approx(min(1, p_times_14), rel=1e-4)


@pytest.mark.parametrize("system", PAPER)
def test_table_under_the_papers_pairing(reference_tables, system):
    for axis, (mean, p) in zip(("gender", "race"), PAPER[system], strict=True):
        row = reference_tables["paper"].loc[(system, axis)]
        assert row["n_pairs"] == {"gender": 1584, "race": 144}[axis]
        assert f"{row['mean_difference']:+.6f}" == mean
        if p == "<1e-40":
            assert 0 < row["p_value"] < 1e-40
        else:
            assert f"{row['p_value']:{'.2e' if 'e' in p else '.6f'}}" == p


def test_reference_has_the_seven_systems_that_were_printed(reference):
    assert set(reference) == set(NOTEBOOK) == set(PAPER)


def test_clustering_leaves_little_of_what_the_naive_tests_called_significant(reference_tables):
    paper = reference_tables["paper"]
    assert (paper["p_adjusted"] <= 0.05).sum() == 9
    assert (paper["p_clustered"] > paper["p_value"]).all()
    assert (paper["verdict"] == "difference").sum() <= 2


def test_word_level_students_cannot_be_audited_for_race(reference_tables):
    race = reference_tables["paper"].xs("race", level="axis")
    words = race.index.str.startswith(("bow", "cnn"))
    assert words.sum() == 4
    assert (race.loc[words, "verdict"] == "not measurable").all()
    assert race.loc[words, "reason"].str.contains("of the African-American side").all()
    assert (race.loc[~words, "reason"] == "").all()
