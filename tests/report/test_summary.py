"""A study's figures by name: means and spreads worked by hand, and nothing for what is missing."""

import re

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias import transfer
from bias_transfer.report.summary import QUALITY, estimate_name, group_of, summarise

ACCURACY = pd.DataFrame(
    [{"system": "teacher-t1.5", "n": 50, "accuracy": 0.9}]
    + [
        {"system": f"bow-distilled/seed-{seed}", "n": 200, "accuracy": a}
        for seed, a in ((0, 0.7), (1, 0.8), (4, 0.9))
    ]
    + [{"system": "cnn-baseline/seed-0", "n": 200, "accuracy": 0.6}]
).assign(**{name: 0.5 for name in QUALITY if name not in ("n", "accuracy")}, true_positive=7)
GAP = {
    "mean_difference": 0.1,
    "ci_low": 0.05,
    "ci_high": 0.15,
    "p_clustered": 0.01,
    "p_holm": 0.02,
    "seed_sd": 0.03,
    "log_odds_difference": 0.4,
}
GAP_NAMES = ["gap", "gap_ci_low", "gap_ci_high", "p_clustered", "p_holm", "gap_sd", "log_odds_gap"]
SWAPS_ALONE = dict.fromkeys(("standardised_gap", "placebo_floor", "placebo_word_floor"), np.nan)
WITHOUT_HALVES = {"ci_low_training_sets": np.nan, "ci_high_training_sets": np.nan}
GAP |= SWAPS_ALONE | WITHOUT_HALVES | {"corpus": "eec"}
BIAS = pd.DataFrame(
    [
        {"system": "bow-distilled", "axis": "gender"} | GAP,
        {"system": "cnn-baseline/seed-0", "axis": "race"}
        | GAP
        | {"mean_difference": -0.2, "seed_sd": np.nan},
    ]
)
ROW = {
    "student": "bow",
    "corpus": "eec",
    "target": "distilled",
    "reference": "baseline",
    "axis": "race",
    "scale": "log-odds",
}
ROW |= {"estimand": transfer.SLOPE, "estimate": 0.3, "ci_low": 0.1, "ci_high": 0.5}
ROW |= WITHOUT_HALVES
WITHIN = "bow/distilled-baseline/race/log-odds/"


def figures(accuracy=ACCURACY, bias=BIAS, rows=(ROW,)) -> dict[str, float]:
    table = summarise(accuracy, bias, pd.DataFrame(rows))
    assert list(table.columns) == ["name", "value"]
    assert table["value"].dtype == np.float64
    assert table["name"].is_unique
    return dict(zip(table["name"], table["value"], strict=True))


@pytest.mark.parametrize(
    ("system", "group"),
    [
        ("bow-distilled/seed-12", "bow-distilled"),
        ("bow-distilled", "bow-distilled"),
        ("teacher-llama3.1-8b", "teacher-llama3.1-8b"),
        ("a/seed-0/b", "a/seed-0/b"),
        ("bow/seed-x", "bow/seed-x"),
    ],
)
def test_group_is_the_name_without_the_seed_at_its_end(system, group):
    assert group_of(system) == group


def test_seeds_have_their_mean_and_standard_deviation_by_hand():
    found = figures()
    assert found["bow-distilled/accuracy"] == pytest.approx((0.7 + 0.8 + 0.9) / 3)
    assert found["bow-distilled/accuracy_sd"] == pytest.approx(0.1)  # of 0.7, 0.8, 0.9, over n - 1
    assert found["bow-distilled/brier_sd"] == 0
    assert (found["bow-distilled/n_seeds"], found["bow-distilled/n"]) == (3, 200)


@pytest.mark.parametrize("group", ["teacher-t1.5", "cnn-baseline"])
def test_one_seed_has_no_standard_deviation(group):
    found = {
        name
        for name in figures()
        if name.startswith(f"{group}/") and "gap" not in name and "race" not in name
    }
    assert found == {f"{group}/{name}" for name in ("n_seeds", *QUALITY)}


def test_counts_of_reviews_have_no_standard_deviation_and_cells_of_the_confusion_matrix_no_name():
    assert not [name for name in figures() if name.endswith(("/n_sd", "true_positive"))]


def test_gaps_of_all_seeds_and_of_one_go_by_the_group():
    found = figures()
    expected = dict(zip(GAP_NAMES, GAP.values(), strict=False))
    assert {name: found[f"bow-distilled/gender_{name}"] for name in GAP_NAMES} == expected
    assert found["cnn-baseline/race_gap"] == -0.2
    assert "cnn-baseline/race_gap_sd" not in found
    assert "cnn-baseline/gender_gap" not in found


def test_other_corpora_stand_in_front_of_the_axis():
    on_swaps = BIAS.assign(corpus="swaps", standardised_gap=0.25)
    found = figures(bias=on_swaps, rows=(ROW | {"corpus": "film"},))
    assert found["bow-distilled/swaps_gender_gap"] == 0.1
    assert found["bow-distilled/swaps_gender_standardised_gap"] == 0.25
    assert "bow-distilled/gender_gap" not in found
    name = "bow/distilled-baseline/film_race/log-odds/slope_on_teachers_differences"
    assert found[name] == 0.3


def test_estimates_go_by_student_arms_axis_scale_and_estimand():
    found = figures()
    name = f"{WITHIN}slope_on_teachers_differences"
    assert [found[name], found[f"{name}_ci_low"], found[f"{name}_ci_high"]] == [0.3, 0.1, 0.5]


def test_estimate_of_the_teacher_alone_names_no_arms():
    row = ROW | {
        "student": "teacher-t1.5",
        "target": "",
        "reference": "",
        "estimand": transfer.RELIABILITY,
    }
    assert (
        estimate_name(row, "estimate")
        == "teacher-t1.5/race/log-odds/teachers_reliability_over_prompts"
    )


def test_every_estimand_has_a_name_of_its_own_that_mlflow_takes():
    arms = ("baseline", "distilled", "teacher-argmax")
    estimands = [
        *(transfer.CHANGE, transfer.SHARE, transfer.SLOPE, transfer.INTERCEPT, transfer.CORRECTED),
        *(transfer.ALONE.format(arm) for arm in arms),
        *(transfer.WORDING.format(i) for i in range(12)),
        transfer.RELIABILITY,
    ]
    names = [
        estimate_name(
            ROW | {"estimand": estimand, "axis": axis, "scale": scale, "target": target}, column
        )
        for estimand in estimands
        for axis in ("gender", "race")
        for scale in transfer.SCALES
        for target in arms
        for column in ("estimate", "ci_low", "ci_high")
    ]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[\w. /-]+", name) for name in names)


def test_what_is_missing_has_no_name():
    found = figures(
        accuracy=ACCURACY.assign(auc=np.nan),
        bias=BIAS.assign(p_holm=np.nan),
        rows=[
            ROW | {"estimate": np.nan},
            ROW | {"estimand": transfer.CHANGE, "ci_low": np.nan, "ci_high": np.nan},
        ],
    )
    assert not [name for name in found if "auc" in name or "p_holm" in name]
    assert f"{WITHIN}slope_on_teachers_differences" not in found
    assert f"{WITHIN}change_in_gap" in found
    assert f"{WITHIN}change_in_gap_ci_low" not in found
    assert not np.isnan(list(found.values())).any()


def test_figure_that_no_system_has_is_missing_for_all():
    """As JSON has it: null, not NaN."""
    assert not [name for name in figures(ACCURACY.assign(precision=None)) if "precision" in name]


def test_study_without_a_comparison_has_its_other_figures():
    table = summarise(ACCURACY, BIAS, pd.DataFrame(columns=transfer.COLUMNS))
    assert "bow-distilled/accuracy" in set(table["name"])
    assert not table["name"].str.contains("change_in_gap").any()


def test_order_is_that_of_the_systems():
    groups = [name.split("/")[0] for name in figures() if name.endswith("/accuracy")]
    assert groups == ["teacher-t1.5", "bow-distilled", "cnn-baseline"]
