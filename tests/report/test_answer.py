"""The first sentences of a report, in each state that the data can be in."""

import re

import numpy as np
import pytest
from answers import DOES_NOT, PARAMS, STANDS, accuracy, bias, coefficients, family_of

from bias_transfer.bias.audit import NOT_MEASURABLE
from bias_transfer.bias.estimates import ONE_SEED
from bias_transfer.bias.transfer import NO_TEACHER_GAP
from bias_transfer.report import answer


def said(gaps=None, arrived=None, family=None, right=None) -> str:
    found = answer.answer(
        PARAMS,
        accuracy(**(right or {})),
        bias() if gaps is None else gaps,
        coefficients() if arrived is None else arrived,
        family_of("bow") if family is None else family,
    )
    text = str(found)
    assert found.finding.endswith(".")
    assert text == f"{found.finding} {found.beside}".rstrip()
    assert text.endswith(".")
    assert "nan" not in text
    assert not re.search(r"-0\.0+\b", text)
    return text


OWN = (
    "women minus men on held-out reviews, the teacher's gap is +0.084 (+0.064 to +0.104) in "
    "log-odds"
)
ADDED = "adds +0.027 (-0.010 to +0.064) to the gap of a bag of words"
BLIND = ", though 5 seeds can hardly show it"
HERE = "with these training reviews"
UNTRIED = "; other training reviews were not tried in this study"
PLANTED = "Of a gap planted in the teacher's labels 43 % (38 % to 48 %) arrives in a bag of words"


def test_a_change_that_does_not_stand():
    assert said(arrived=coefficients("bow")) == (
        f"A bag of words was not seen to take over its teacher's gap{BLIND}: "
        f"{OWN}, and the teacher's opinion of gender {ADDED}. {PLANTED}, so +0.036 was to be "
        f"expected. The change of +0.027 {DOES_NOT}; it may be as large as 50 % of the "
        "teacher's gap, and this test would find that with a probability of only 4 %."
    )
    several = said(family=family_of("bow", "minilm"))
    assert several.startswith(
        f"No student was seen to take over its teacher's gap{BLIND} in a bag of words and the "
        f"encoder minilm: {OWN}"
    )


def test_a_change_of_nothing_to_three_decimals_has_no_row_of_zeros():
    family = family_of("bow", estimate=1e-5, ci_low=-1e-4, ci_high=4e-4)
    text = said(family=family)
    assert "adds less than 0.001, up or down, to the gap of a bag of words." in text
    assert f"The change {DOES_NOT}" in text
    family.rows["ci_low"] = -6e-4
    assert "adds +0.0000 (-0.0006 to +0.0004) to the gap" in said(family=family)


def test_where_none_stands_the_student_with_the_most_power_leads():
    family = family_of("bow", "minilm")
    family.rows.loc[1, ["estimate", "power"]] = [0.001, 0.99]
    text = said(arrived=coefficients("bow", "minilm"), family=family)
    assert text.startswith(
        f"No student was seen to take over its teacher's gap{BLIND} in a bag of words: {OWN}, and "
        "the teacher's opinion of gender adds +0.0010 (-0.0100 to +0.0640) to the gap of the "
        "encoder minilm."
    )
    assert "arrives in the encoder minilm" in text
    family.rows.loc[0, "n_seeds"], family.rows.loc[1, "power"] = 10, 0.2
    assert "though so few seeds can hardly show it in a bag of words and" in said(family=family)
    sure = said(family=family_of("bow", power=0.97))
    assert "hardly" not in sure
    assert sure.endswith("and this test would find that with a probability of 97 %.")
    small = family_of("bow", size="smaller than 50% of the teacher's gap")
    assert said(family=small).endswith("and is smaller than 50 % of the teacher's gap.")
    small.rows["verdict"] = STANDS
    assert f"{STANDS}, and is smaller than 50 % of the teacher's gap; " in said(family=small)


def test_a_change_that_stands():
    text = said(arrived=coefficients("bow"), family=family_of("bow", verdict=STANDS))
    assert text == (
        f"A bag of words takes over some of the teacher's gap, {HERE}: {OWN}, and the "
        f"teacher's opinion of gender {ADDED}. {PLANTED}, so +0.036 was to be expected. The "
        f"change of +0.027 {STANDS}{UNTRIED}."
    )
    both = said(family=family_of("bow", "minilm", verdict=STANDS))
    assert both.startswith(
        "A bag of words and the encoder minilm take over some of the teacher's gap, "
    )


def test_a_change_that_stands_the_other_way():
    family = family_of("bow", verdict=STANDS, estimate=-0.027, ci_low=-0.064, ci_high=-0.01)
    text = said(family=family)
    assert text.startswith(f"A bag of words moves away from the teacher's gap, {HERE}:")


def test_students_that_go_different_ways_are_not_said_to_do_the_same():
    family = family_of("bow", "minilm", verdict=STANDS)
    family.rows.loc[1, "estimate"] = -0.027
    assert said(family=family).startswith(
        "A bag of words takes over some of the teacher's gap; the encoder minilm moves away from "
        f"the teacher's gap, {HERE}: "
    )


def test_the_student_whose_change_stands_leads():
    family = family_of("bow", "minilm")
    family.rows.loc[1, ["verdict", "estimate"]] = [STANDS, 0.03]
    text = said(arrived=coefficients("bow", "minilm"), family=family)
    assert text.startswith(f"The encoder minilm takes over some of the teacher's gap, {HERE}:")
    assert "the teacher's opinion of gender adds +0.030" in text
    assert "arrives in the encoder minilm" in text


def test_beside_shuffled_labels_more_than_the_opinion_of_gender_differs():
    text = said(family=family_of("bow", verdict=STANDS, reference="permuted"))
    assert text.startswith(f"A bag of words moves towards the teacher's gap, {HERE}:")
    assert (
        "and the teacher's labels, in the place of shuffled ones, add +0.027 (-0.010 to +0.064) "
        "to the gap" in text
    )
    other = said(family=family_of("bow", reference="smoothed"))
    assert "and the teacher's labels, in the place of those of smoothed, add +0.027" in other


@pytest.mark.parametrize("other", [{"scale": "probability"}, {"target": "permuted"}])
def test_another_declared_change_is_not_what_distilling_adds(other):
    text = said(family=family_of("bow", verdict=STANDS, **other))
    assert "It was not measured" in text
    assert "+0.027" not in text


def test_a_planted_arm_of_which_nothing_certain_arrives():
    small = coefficients("bow", estimate=0.02, ci_low=-0.03, ci_high=0.07)
    text = said(arrived=small)
    assert "2 % (-3 % to 7 %) arrives in a bag of words, which may be nothing. The" in text
    assert "expected" not in text


@pytest.mark.parametrize(("low", "held"), [(-0.02, False), (0.002, True)])
def test_what_stands_for_these_training_reviews_alone_is_said_to(low, held):
    ends = {"ci_low_training_sets": low, "ci_high_training_sets": 0.074}
    text = said(
        arrived=coefficients("bow", **ends), family=family_of("bow", verdict=STANDS, **ends)
    )
    alone = f"{STANDS}, but is not shown to hold over other training sets (-0.020 to +0.074)."
    assert text.endswith(alone) != held
    assert text.endswith(f"{STANDS}.") == held
    assert ("the 43 % is not shown to hold over other training sets (-2 % to 7 %)." in text) != held
    assert text.startswith(
        "A bag of words takes over some of the teacher's gap" + f", {HERE}" * (not held) + ":"
    )
    assert "other training sets" not in said(family=family_of("bow", verdict=DOES_NOT, **ends))


def test_no_planted_arm():
    text = said()
    assert (
        f"{OWN}, and the teacher's opinion of gender {ADDED}. The change of +0.027 {DOES_NOT}"
        in text
    )
    assert "planted" not in text


@pytest.mark.parametrize("arrived", [coefficients("bow"), coefficients()])
@pytest.mark.parametrize("verdict", [STANDS, DOES_NOT])
def test_a_teacher_without_a_gap(arrived, verdict):
    family = family_of("bow", verdict=verdict, size=NO_TEACHER_GAP)
    text = said(gaps=bias(0.004), arrived=arrived, family=family)
    assert text.startswith(
        "This teacher has no gap for a student to take over: women minus men on held-out reviews, "
        "+0.004 (-0.016 to +0.024) in log-odds, cannot be told from none, and the "
        f"teacher's opinion of gender {ADDED}."
    )
    assert text.endswith(f"The change of +0.027 {verdict}{UNTRIED * (verdict == STANDS)}.")
    assert "expected" not in text


def test_one_seed():
    family = family_of("bow", verdict=ONE_SEED, power=np.nan)
    text = said(arrived=coefficients("bow", n_seeds=1.0), family=family)
    assert text == (
        f"One seed cannot tell whether a student takes over its teacher's gap: {OWN}, and the "
        f"teacher's opinion of gender {ADDED}. {PLANTED}, with one seed. One seed gives no verdict."
    )


def test_an_empty_family():
    text = said(family=family_of())
    assert text == (
        f"It was not measured whether a student takes over its teacher's gap: {OWN}. "
        "Not tested: no student has both distilled and permuted."
    )
    assert PLANTED in said(arrived=coefficients("bow"), family=family_of())


def test_nothing_measurable():
    family = family_of(
        "bow", verdict=NOT_MEASURABLE, reason="bow-distilled reads alike", estimate=np.nan
    )
    text = said(family=family)
    assert text.startswith("It was not measured whether a student takes over its teacher's gap")
    assert text.endswith("It cannot be measured: bow-distilled reads alike.")


def test_reviews_without_people():
    found = answer.answer(PARAMS, accuracy(), bias(corpus="film"), coefficients(), family_of("bow"))
    assert "none of its held-out reviews mentions people" in str(found)


NO_MORE = "right on the test reviews no more often than one answer for all would be"
CANNOT = "This study cannot say whether a student inherits its teacher's gap"


@pytest.mark.parametrize(
    ("right", "text"),
    [
        ({"teacher": 0.62}, f"{CANNOT}: its teacher is {NO_MORE}."),
        ({"bow": 0.6, "minilm": 0.5}, f"{CANNOT}: its distilled students are {NO_MORE}."),
    ],
)
def test_who_guesses_shows_nothing(right, text):
    family = family_of("bow", "minilm", verdict=STANDS)
    assert said(arrived=coefficients("bow"), family=family, right=right) == text


def test_of_a_student_that_guesses_nothing_is_said():
    family = family_of("bow", "minilm")
    text = said(arrived=coefficients("bow", "minilm"), family=family, right={"bow": 0.6})
    assert "arrives in the encoder minilm" in text
    assert text.endswith(f"Nothing is said of a bag of words: it is {NO_MORE}.")
    assert text.count("a bag of words") == 1
    assert said(family=family, right={"bow": 0.64}).count("a bag of words") > 1


def test_the_first_student_of_the_study_that_can_be_measured_leads():
    both = family_of("minilm", "bow")
    text = said(arrived=coefficients("minilm", "bow"), family=both)
    assert "arrives in a bag of words" in text
    assert "to the gap of a bag of words" in text
    text = said(arrived=coefficients("minilm"), family=family_of("minilm"))
    assert "arrives in the encoder minilm" in text


def test_a_gap_below_0_and_a_student_that_shows_little_of_what_is_planted():
    """The default study's own kind of numbers."""
    little = coefficients("bow", estimate=0.069, ci_low=0.055, ci_high=0.083)
    family = family_of("bow", estimate=-0.0004, ci_low=-0.03, ci_high=0.029)
    assert said(gaps=bias(-0.045, 0.037), arrived=little, family=family) == (
        f"A bag of words was not seen to take over its teacher's gap{BLIND}: women minus men on "
        "held-out reviews, the teacher's gap is -0.045 (-0.082 to -0.008) in log-odds, and the "
        "teacher's opinion of gender adds -0.0004 (-0.0300 to +0.0290) to the gap of a bag of "
        "words. Of a gap planted in the teacher's labels 7 % (6 % to 8 %) arrives in a bag of "
        f"words, so -0.003 was to be expected. The change of -0.0004 {DOES_NOT}; it may be as "
        "large as 50 % of the teacher's gap, and this test would find that with a probability of "
        "only 4 %."
    )
