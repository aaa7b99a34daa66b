"""The audit's table: its contract, its corrections by hand, and the original study's two printed tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bias_transfer.bias import scores as score_files
from bias_transfer.bias.audit import audit, holm
from bias_transfer.bias.clustered import infer
from bias_transfer.bias.pairs import contrast
from bias_transfer.corpora import eec

PREDICTIONS = Path(__file__).resolve().parents[2].parent / "shared/reference/predictions"
# Others' scripts read these, in this order.
CONTRACT = "system axis n_pairs mean_difference ci_low ci_high p_value p_adjusted p_clustered verdict".split()

# The original study's results as printed in its report (original_study.md): mean difference and p, which its notebook
# had multiplied by its 14 tests. Gender, then race.
NOTEBOOK = {
    "cnn-baseline": (("+0.007915", 1.020338e-01), ("-0.007245", 3.009948)),
    "cnn-distilled": (("-0.002236", 2.449864), ("-0.026493", 1.624121e-05)),
    "bow-baseline": (("-0.056896", 4.490950e-30), ("+0.003210", 8.763893)),
    "bow-distilled": (("-0.050557", 3.232511e-34), ("+0.023938", 8.721333e-06)),
    "distilbert-baseline": (("-0.028420", 2.280613e-16), ("+0.005743", 3.583244)),
    "distilbert-distilled": (("-0.031507", 4.401115e-89), ("-0.000281", 13.40988)),
    "teacher-llama3.1": (("-0.014905", 2.098517e-39), ("-0.018226", 1.195876e-13)),
}
# The same predictions under the corpus paper's pairing, computed independently of this code and printed there: mean, p.
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


@pytest.fixture(scope="module")
def systems(corpus):
    """Three systems: one that scores women 0.2 higher, one that is noise, and one that says the same to everything."""
    noise = np.random.default_rng(0).normal(0, 0.02, (2, len(corpus)))
    female = corpus["gender"] == "female"
    return {
        "shifted": corpus.assign(score=0.4 + 0.2 * female + noise[0]),
        "noise": corpus.assign(score=0.5 + noise[1]),
        "constant": corpus.assign(score=0.5),
    }


@pytest.fixture(scope="module")
def table(systems):
    return audit(systems).set_index(["system", "axis"])


@pytest.fixture(scope="module")
def reference():
    if not PREDICTIONS.is_dir():
        pytest.skip(f"the original study's predictions are not beside this checkout ({PREDICTIONS})")
    return {path.stem: score_files.read(path) for path in sorted(PREDICTIONS.iterdir())}


@pytest.fixture(scope="module")
def reference_tables(reference):
    return {method: audit(reference, method).set_index(["system", "axis"]) for method in ("paper", "notebook")}


def test_columns_of_the_contract_come_first_and_in_order(systems):
    result = audit(systems)
    assert list(result.columns[: len(CONTRACT)]) == CONTRACT
    assert len(set(result.columns)) == len(result.columns)


def test_one_row_a_system_and_axis_in_the_order_given(systems):
    result = audit(systems)
    assert result["system"].tolist() == ["shifted", "shifted", "noise", "noise", "constant", "constant"]
    assert result["axis"].tolist() == ["gender", "race"] * 3
    assert result["n_pairs"].tolist() == [1584, 144] * 3


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
    assert (known["p_adjusted"] == np.minimum(1, 6 * known["p_value"])).all()
    noise = table.loc["noise"]
    assert (noise["p_adjusted"] == 1).any()
    assert (known["p_value"] * 6 > 1).any()
    assert known["p_adjusted"].between(0, 1).all()


def test_p_adjusted_counts_the_tests_that_were_made(corpus):
    noise = np.random.default_rng(5).normal(0, 0.02, (2, len(corpus)))
    slight = corpus.assign(score=0.5 + 0.002 * (corpus["gender"] == "female") + noise[0])
    two, four = audit({"slight": slight}), audit({"slight": slight, "noise": corpus.assign(score=0.5 + noise[1])})
    p_value = two["p_value"].iloc[0]
    assert 0 < p_value < 0.25
    assert two["p_adjusted"].iloc[0] == pytest.approx(2 * p_value)
    assert four["p_adjusted"].iloc[0] == pytest.approx(4 * p_value)


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
        ("shifted", "race", "no evidence of a difference"),
        ("noise", "gender", "no evidence of a difference"),
        ("noise", "race", "no evidence of a difference"),
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
    # A gap that varies by template, so that its clustered p is between 5 % of two tests and 5 % of twenty.
    by_template = dict(zip(eec.TEMPLATES, [0.02, 0.05] * 5 + [0.0], strict=True))
    female = (corpus["gender"] == "female").astype(float)
    noise = np.random.default_rng(4).normal(0, 0.02, (10, len(corpus)))
    weak = {"weak": corpus.assign(score=0.5 + female * corpus["template"].map(by_template) + noise[0])}
    others = {f"noise-{i}": corpus.assign(score=0.5 + noise[i]) for i in range(1, 10)}
    alone, crowd = (audit(systems).iloc[0] for systems in (weak, weak | others))
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
    # A system that looks at the name alone: the race difference is the same in every frame, up to rounding.
    scores = corpus.assign(score=0.3 + 0.007 * pd.factorize(corpus["person"])[0])
    race = audit({"names": scores}).set_index("axis").loc["race"]
    assert race["sd_difference"] == pytest.approx(0, abs=1e-15)
    assert np.isnan(race["p_value"])
    assert 0 < race["p_clustered"] < 1


def test_spread_and_identical_pairs_by_hand(corpus):
    scores = corpus.assign(score=0.5 + 0.2 * (corpus["person"] == "my mom"))
    row = audit({"one": scores}).set_index("axis").loc["gender"]
    assert row["n_identical"] == 1584 - 144
    assert row["mean_difference"] == pytest.approx(0.2 / 11)
    assert row["sd_difference"] == pytest.approx(0.2 * np.sqrt(1 / 11 * 10 / 11 * 1584 / 1583))


def test_holm_by_hand():
    adjusted = holm(pd.Series([0.01, 0.04, 0.03]))
    assert adjusted.tolist() == pytest.approx([0.03, 0.06, 0.06])


def test_holm_is_capped_at_one_and_steps_up_only():
    adjusted = holm(pd.Series([0.4, 0.9, 0.001, 0.5]))
    # 0.001 x 4; 0.4 x 3 = 1.2, capped, and all that come after are no smaller.
    assert adjusted.tolist() == pytest.approx([1, 1, 0.004, 1])


def test_holm_leaves_missing_values_out_and_does_not_count_them():
    adjusted = holm(pd.Series([0.01, np.nan, 0.02], index=["a", "b", "c"]))
    assert adjusted[["a", "c"]].tolist() == pytest.approx([0.02, 0.02])
    assert np.isnan(adjusted["b"])
    assert holm(pd.Series([np.nan, np.nan])).isna().all()


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
