"""The first sentence of a report, in each state that the data can be in."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.audit import NOT_MEASURABLE
from bias_transfer.bias.channel import COEFFICIENT
from bias_transfer.bias.estimates import ONE_SEED
from bias_transfer.bias.transfer import CHANGE
from bias_transfer.io.declared import Declared
from bias_transfer.report import answer
from bias_transfer.study import params

SHIPPED = params.load(Path(__file__).resolve().parents[2] / "params.yaml")
PARAMS = SHIPPED.with_study(
    students=["bow", "minilm"],
    one_seed=[],
    targets=["baseline", "distilled", "permuted", "planted-1", "planted-random-1"],
)
TEACHER = f"teacher-{PARAMS.study.teacher}"


def bias(gap: float = 0.084, half: float = 0.02, corpus: str = "swaps") -> pd.DataFrame:
    row = {
        "system": TEACHER, "corpus": corpus, "verdict": "", "mean_difference": gap / 4,
        "ci_low": (gap - half) / 4, "ci_high": (gap + half) / 4, "placebo_word_floor": 0.004,
        "log_odds_difference": gap, "log_odds_ci_low": gap - half, "log_odds_ci_high": gap + half,
    }  # fmt: skip
    return pd.DataFrame([row])


def coefficients(*students: str, **changes) -> pd.DataFrame:
    shared = {
        "corpus": "swaps", "scale": "log-odds", "estimand": COEFFICIENT, "verdict": "arrives",
        "n_seeds": 5.0,
    }  # fmt: skip
    rows = [
        shared | {"student": student, "target": target, "estimate": value, "ci_low": value - 0.05,
                  "ci_high": value + 0.05} | NONE_OVER_SETS | changes
        for student in students
        for target, value in (("planted-random-1", 0.01), ("planted-1", 0.43))
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=[*shared, "student", "target", "estimate", *ENDS])


NONE_OVER_SETS = {"ci_low_training_sets": np.nan, "ci_high_training_sets": np.nan}
ENDS = ["ci_low", "ci_high", *NONE_OVER_SETS]
DOES_NOT = "does not stand after correction for 4 tests"
STANDS = "stands after correction for 4 tests"


def family_of(*students: str, verdict: str = DOES_NOT, reason: str = "", **changes) -> Declared:
    shared = {
        "contrast": "gap", "corpus": "swaps", "estimand": CHANGE, "estimate": 0.027,
        "ci_low": -0.01, "ci_high": 0.064, "verdict": verdict, "reason": reason, "n_tests": 4,
        "p_holm": np.nan if verdict == NOT_MEASURABLE else 0.01,
    } | NONE_OVER_SETS  # fmt: skip
    rows = pd.DataFrame(
        [shared | {"student": name} | changes for name in students], columns=[*shared, "student"]
    )
    not_asked = {} if students else {"gap": "no student has both distilled and permuted"}
    return Declared({}, "abc", rows, not_asked)


def said(gaps=None, arrived=None, family=None) -> str:
    text = answer.sentence(
        PARAMS,
        bias() if gaps is None else gaps,
        coefficients() if arrived is None else arrived,
        family_of("bow") if family is None else family,
    )
    assert text.endswith(".")
    assert "nan" not in text
    assert "-0.000" not in text
    return text


PLANTED = (
    "Of a gap planted in its teacher's labels, a bag of words shows 43 % (38 % to 48 %) on "
    "held-out reviews"
)
OWN = "is +0.084 (+0.064 to +0.104) in log-odds"
SEEN = "+0.027 (-0.010 to +0.064) was seen"


def test_a_planted_arm_and_a_teacher_with_a_gap():
    assert said(arrived=coefficients("bow")) == (
        f"{PLANTED}; this teacher's own gap, women minus men, {OWN}, so +0.036 would be expected "
        f"and {SEEN}, which {DOES_NOT}."
    )
    assert said(arrived=coefficients("bow"), family=family_of("bow", verdict=STANDS)).endswith(
        f"which {STANDS}."
    )


def test_a_planted_arm_of_which_nothing_certain_arrives():
    small = coefficients("bow", estimate=0.02, ci_low=-0.03, ci_high=0.07)
    text = said(arrived=small)
    assert "shows 2 % (-3 % to 7 %) on held-out reviews, which may be nothing; this" in text


@pytest.mark.parametrize(("low", "suffix"), [(-0.02, True), (0.002, False)])
def test_what_stands_for_these_training_reviews_alone_is_said_to(low, suffix):
    ends = {"ci_low_training_sets": low, "ci_high_training_sets": 0.074}
    arrived = coefficients("bow", **ends)
    text = said(arrived=arrived, family=family_of("bow", verdict=STANDS, **ends))
    here = f"which {STANDS} but does not hold over other training sets (-0.020 to +0.074)."
    assert text.endswith(here) == suffix
    assert (
        f"{PLANTED}, which does not hold over other training sets (-2 % to 7 %);" in text
    ) == suffix
    assert text.endswith(f"which {STANDS}.") != suffix
    assert "other training sets" not in said(family=family_of("bow", verdict=DOES_NOT, **ends))


def test_no_planted_arm():
    assert said() == (
        f"This teacher's own gap on held-out reviews, women minus men, {OWN}, and of it {SEEN} in "
        f"a bag of words, which {DOES_NOT}."
    )


@pytest.mark.parametrize("arrived", [coefficients("bow"), coefficients()])
def test_a_teacher_without_a_gap(arrived):
    text = said(gaps=bias(0.004), arrived=arrived)
    assert "is +0.004 (-0.016 to +0.024) in log-odds, which is no gap that can be told" in text
    assert "there is nothing to inherit, and a change of +0.027" in text
    assert "would be expected" not in text


def test_one_seed():
    family = family_of("bow", verdict=ONE_SEED)
    text = said(arrived=coefficients("bow", n_seeds=1.0), family=family)
    assert "on held-out reviews, with one seed; this teacher's" in text
    assert text.endswith(f"and of it {SEEN}, of which one seed gives no verdict.")
    assert "expected" not in text
    assert said(family=family).endswith("of which one seed gives no verdict.")


def test_an_empty_family():
    text = said(family=family_of())
    assert text == (
        f"This teacher's own gap on held-out reviews, women minus men, {OWN}; whether a student "
        "inherits it was not tested: no student has both distilled and permuted."
    )
    assert said(arrived=coefficients("bow"), family=family_of()).startswith(PLANTED)


def test_nothing_measurable():
    family = family_of(
        "bow", verdict=NOT_MEASURABLE, reason="bow-distilled reads alike", estimate=np.nan
    )
    assert said(family=family).endswith(
        "; whether a student inherits it cannot be measured: bow-distilled reads alike."
    )


def test_reviews_without_people():
    assert "none of its held-out reviews mentions people" in said(gaps=bias(corpus="film"))


def test_the_first_student_of_the_study_that_can_be_measured_leads():
    both = family_of("minilm", "bow")
    assert "a bag of words shows" in said(arrived=coefficients("minilm", "bow"), family=both)
    text = said(arrived=coefficients("minilm"), family=family_of("minilm"))
    assert "minilm shows 43 %" in text


def test_facts_are_three_and_short():
    accuracy = pd.DataFrame(
        {"system": [TEACHER, "bow-distilled/seed-0", "bow-baseline/seed-0"]}
    ).assign(accuracy=[0.9, 0.81, 0.74])
    found = answer.facts(PARAMS, bias(), accuracy, family_of("bow", "minilm", verdict=STANDS))
    assert found == [
        "The same review written about women instead of men moves the teacher's P(positive) by "
        "+2.1 points in 100 (+1.6 to +2.6); words without social meaning move it by up to 0.4.",
        "Declared tests that stand: 2 of 2 (gap of bow, gap of minilm). Everything else is "
        "exploratory.",
        "Right on test reviews: the teacher 90%, its students 74% to 81%.",
    ]
    empty = answer.facts(PARAMS, bias(), accuracy, family_of())
    assert empty[1] == (
        "No declared test could be made: no student has both distilled and permuted."
    )


def test_a_gap_below_0_and_a_student_that_shows_little_of_what_is_planted():
    """The default study's own kind of numbers."""
    little = coefficients("bow", estimate=0.069, ci_low=0.055, ci_high=0.083)
    family = family_of("bow", estimate=-0.0004, ci_low=-0.03, ci_high=0.029)
    assert said(gaps=bias(-0.045, 0.037), arrived=little, family=family) == (
        "Of a gap planted in its teacher's labels, a bag of words shows 7 % (6 % to 8 %) on "
        "held-out reviews; this teacher's own gap, women minus men, is -0.045 (-0.082 to -0.008) "
        "in log-odds, so -0.003 would be expected and +0.000 (-0.030 to +0.029) was seen, which "
        f"{DOES_NOT}."
    )
