"""Declared tests: which are asked, what they are corrected for, and what is said of each."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.audit import NOT_MEASURABLE
from bias_transfer.bias.estimates import ONE_SEED
from bias_transfer.bias.hypotheses import (
    COLUMNS,
    NO_PAIRS,
    decide,
    not_asked,
    questions,
    stands,
)
from bias_transfer.bias.inference.two_way import Inference
from bias_transfer.bias.transfer import NO_TEACHER_GAP
from bias_transfer.study import params

SHIPPED = params.load(Path(__file__).resolve().parents[2] / "params.yaml")
DECLARED = SHIPPED.hypotheses.model_copy(
    update={
        "contrasts": tuple(
            contrast.model_copy(update={"references": ("smoothed", "permuted")})
            for contrast in SHIPPED.hypotheses.contrasts
        )
    }
)
GAP, SLOPE = (contrast.estimand for contrast in DECLARED.contrasts)
FEW_BIAS = pd.DataFrame(
    {"corpus": ["swaps"], "axis": "gender", "system": "teacher-t", "verdict": "", "reason": ""}
)


def study(*targets: str, **changes) -> params.Study:
    values = SHIPPED.study.model_dump() | {"students": ["bow", "cnn"], "one_seed": []}
    values |= {"targets": targets or ("baseline", "distilled", "permuted"), "seeds": [0, 1, 2]}
    return params.Study(**values | {"arms": []} | changes)


def found(student: str, estimand: str, estimate: float, se: float = 0.01, **changes) -> dict:
    inference = Inference(estimate, se, 40.0)
    row = {
        "student": student, "corpus": "swaps", "axis": "gender", "scale": "log-odds",
        "estimand": estimand, "target": "distilled", "reference": "permuted",
        "estimate": estimate, "se": se, "df": 40.0, "ci_low": inference.ci_low,
        "ci_high": inference.ci_high, "p_value": inference.p_value, "n_seeds": 3.0,
        "n_pairs": 300, "verdict": "", "reason": "", "teacher_gap": 0.1, "teacher_ci_low": 0.08,
        "teacher_ci_high": 0.12, "gap_share": 0.5, "p_share": 0.5 if estimand == GAP else np.nan,
        "ci_low_training_sets": np.nan, "ci_high_training_sets": np.nan,
    }  # fmt: skip
    return row | changes


def decided(*rows: dict, bias: pd.DataFrame = FEW_BIAS, of: params.Study | None = None):
    asked = questions(DECLARED, of or study())
    return decide(asked, pd.DataFrame(rows), bias).set_index(["student", "contrast"])


FOUR = (
    found("bow", GAP, 0.05),
    found("cnn", GAP, 0.021),
    found("bow", SLOPE, 0.03),
    found("cnn", SLOPE, 0.001),
)


def test_every_contrast_is_put_to_every_student_with_both_arms():
    asked = [(q.contrast.name, q.student, q.reference) for q in questions(DECLARED, study())]
    names = [contrast.name for contrast in DECLARED.contrasts]
    assert asked == [(name, student, "permuted") for name in names for student in ("bow", "cnn")]
    without = [{"students": ["cnn"], "targets": ["permuted"], "seeds": []}]
    assert {q.student for q in questions(DECLARED, study(arms=without))} == {"bow"}


def test_the_first_reference_that_the_study_has_is_taken():
    both = study("distilled", "permuted", "smoothed")
    assert {q.reference for q in questions(DECLARED, both)} == {"smoothed"}


def test_a_study_without_the_arms_has_no_family_and_says_so():
    few = study("baseline", "distilled")
    assert questions(DECLARED, few) == []
    assert set(not_asked(DECLARED, few)) == {c.name for c in DECLARED.contrasts}
    assert "no student has both distilled and smoothed or permuted" in set(
        not_asked(DECLARED, few).values()
    )
    table = decide([], pd.DataFrame(FOUR), FEW_BIAS)
    assert list(table.columns) == COLUMNS
    assert table.empty
    assert not_asked(DECLARED, study()) == {}


def test_holm_runs_over_the_family_alone():
    p_value = FOUR[1]["p_value"]
    assert 0.05 / 3 < p_value <= 0.05
    other = [found(f"other{i}", GAP, 0.021) for i in range(50)]  # exploratory rows
    table = decided(*FOUR, *other)
    assert (table["n_tests"] == 4).all()
    assert table.loc[("bow", "gap"), "verdict"] == "stands after correction for 4 tests"
    found_row = table.loc[("cnn", "gap")]
    assert found_row["p_holm"] == pytest.approx(2 * p_value)
    assert found_row["verdict"] == "does not stand after correction for 4 tests"
    assert found_row["ci_low"] > 0  # clear of 0 by itself
    assert [stands(verdict) for verdict in table["verdict"]] == [True, False, True, False]


def test_what_is_no_test_is_not_counted():
    unread = FEW_BIAS.assign(system="cnn-permuted", verdict=NOT_MEASURABLE, reason="reads alike")
    table = decided(*FOUR, bias=unread)
    assert (table.loc["cnn", "verdict"] == NOT_MEASURABLE).all()
    assert set(table.loc["cnn", "reason"]) == {"cnn-permuted reads alike"}
    assert table.loc["cnn", "p_holm"].isna().all()
    assert (table["n_tests"] == 2).all()
    elsewhere = unread.assign(system="cnn-baseline")
    assert (decided(*FOUR, bias=elsewhere)["n_tests"] == 4).all()


def test_one_seed_gives_a_number_and_no_verdict():
    rows = [found("bow", GAP, 0.05, n_seeds=1.0)]  # of the partial slope there is no row at all
    table = decided(*rows, of=study(students=["bow"], seeds=[0]))
    assert set(table["verdict"]) == {ONE_SEED}
    assert table.loc[("bow", "gap"), "estimate"] == 0.05
    assert (table["n_tests"] == 0).all()


def test_a_corpus_without_pairs_is_not_measurable():
    table = decided(found("bow", GAP, 0.05, corpus="eec"))
    assert set(table["verdict"]) == {NOT_MEASURABLE}
    assert set(table["reason"]) == {NO_PAIRS}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"p_share": 0.04}, "smaller than 50% of the teacher's gap"),
        ({"p_share": 0.06}, "may be as large as 50% of the teacher's gap"),
        ({"p_share": np.nan}, NO_TEACHER_GAP),
    ],
)
def test_size_is_told_beside_the_teachers_gap(changes, said):
    table = decided(found("bow", GAP, 0.05, **changes))
    assert table.loc[("bow", "gap"), "size"] == said


def test_power_is_for_half_of_the_teachers_gap_whatever_was_found():
    small, large = (
        decided(found("bow", GAP, estimate, teacher_gap=-0.1), found("bow", SLOPE, estimate))
        for estimate in (0.0, 0.3)
    )
    assert small.loc[("bow", "gap"), "smallest_effect"] == 0.05
    assert small.loc[("bow", "slope"), "smallest_effect"] == 0.5
    assert small["power"].equals(large["power"])
    assert small.loc[("bow", "gap"), "power"] == Inference(0, 0.01, 40.0).power(0.05, 0.05 / 2)
    more = decided(*FOUR)  # a stricter correction, and a smaller power
    assert more.loc[("bow", "gap"), "power"] < small.loc[("bow", "gap"), "power"]
    one = decided(found("bow", GAP, 0.05, n_seeds=1.0))
    assert np.isnan(one.loc[("bow", "gap"), "power"])


def test_absolute_margin_is_the_declared_one():
    table = decided(found("bow", GAP, 0.0, se=0.001), found("bow", SLOPE, 0.04))
    assert table.loc[("bow", "gap"), "p_equivalence"] < 0.001
    assert table.loc[("bow", "gap"), "margin"] == 0.02
    assert table.loc[("bow", "slope"), "size"] == "may be as large as 0.05"


def test_an_effect_the_other_way_round_is_said_to_be_that():
    table = decided(found("bow", SLOPE, -0.1))
    assert table.loc[("bow", "slope"), "verdict"] == (
        "stands after correction for 1 test, against the expected direction"
    )
