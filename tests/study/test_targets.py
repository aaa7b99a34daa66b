"""The targets of a study: what stands in the teacher's place, by hand, and what they are called."""

import dataclasses
import re

import numpy as np
import pytest
import torch
from torch.nn import functional

from bias_transfer.distillation.loss import distillation_loss
from bias_transfer.study import targets
from bias_transfer.study.targets import (
    BASELINE,
    DISTILLED,
    TARGETS,
    Labelled,
    as_many_at_random,
    comparisons,
    plant,
    soft_labels,
)

TEACHER = np.array([[0.9, 0.1], [0.3, 0.7], [0.5, 0.5], [0.6, 0.4]])
LABELS = np.array([1, 1, 0, 0])
WOMEN = np.array([True, False, True, False])
VERSIONS = np.stack([TEACHER, TEACHER[:, ::-1]])  # of women what it is, of men the contrary
OF_WOMEN = np.array([[True, True, False, False], [False] * 4])
BY_HAND = Labelled(TEACHER, LABELS, WOMEN, VERSIONS, OF_WOMEN, seed=0)
CONTROLS = ("teacher-argmax", "smoothed", "permuted")
NAMES = [f"{name}-0.5" if row.dosed else name for name, row in TARGETS.items()]


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2, 200)


@pytest.fixture(scope="module")
def teacher(labels) -> np.ndarray:
    """200 different rows: below 1/2 those of a negative review, above those of a positive one."""
    positive = (labels + np.random.default_rng(1).random(len(labels))) / 2
    return np.stack([1 - positive, positive], 1)


@pytest.fixture(scope="module")
def labelled(teacher, labels):
    """The same reviews with a seed of one's choice; the first 30 mention more women than men."""

    def make(seed: int = 0) -> Labelled:
        women, both = np.arange(len(labels)) < 30, np.stack([teacher, teacher])
        return Labelled(teacher, labels, women, both, np.stack([women, ~women]), seed)

    return make


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    return np.log(probabilities[:, 1] / probabilities[:, 0])


def test_every_row_of_the_table_has_a_name_a_colour_and_words_of_its_own():
    for field in ("name", "words", "colour"):
        assert len({getattr(row, field) for row in TARGETS.values()}) == len(TARGETS)
    assert all(name == row.name for name, row in TARGETS.items())
    assert {row.rows for row in TARGETS.values()} == {"all", "doubled"}
    assert {row.remedy_of for row in TARGETS.values()} <= {"", *TARGETS}


@pytest.mark.parametrize("target", [BASELINE, DISTILLED])
def test_baseline_and_distilled_have_the_teacher_as_it_is(target):
    np.testing.assert_array_equal(soft_labels(target, BY_HAND), TEACHER)


def test_argmax_is_the_teachers_answer_and_an_exact_tie_counts_half_each():
    expected = [[1, 0], [0, 1], [0.5, 0.5], [1, 0]]
    np.testing.assert_array_equal(soft_labels("teacher-argmax", BY_HAND), expected)


def test_smoothed_is_the_hard_label_at_the_teachers_mean_confidence():
    """Confidence (.9 + .7 + .5 + .6) / 4, whether the teacher was right or not."""
    expected = [[0.325, 0.675], [0.325, 0.675], [0.675, 0.325], [0.675, 0.325]]
    np.testing.assert_allclose(soft_labels("smoothed", BY_HAND), expected, rtol=1e-15)


def test_permuted_shuffles_the_teachers_rows_within_each_hard_label(labelled, teacher, labels):
    permuted = soft_labels("permuted", labelled())
    for label in (0, 1):
        own, given = (rows[labels == label].tolist() for rows in (teacher, permuted))
        assert given != own
        assert sorted(given) == sorted(own)
    assert (permuted[:, 1] != teacher[:, 1]).mean() > 0.9


def test_permuted_says_nothing_of_the_single_review(labelled, teacher, labels):
    permuted = soft_labels("permuted", labelled())
    for label in (0, 1):
        rows = labels == label
        assert abs(np.corrcoef(teacher[rows, 1], permuted[rows, 1])[0, 1]) < 0.3


def test_permutation_follows_from_the_seed_alone(labelled):
    first, again, other = (soft_labels("permuted", labelled(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=1).mean() > 0.9


@pytest.mark.parametrize("target", ["teacher-argmax", "smoothed", "planted-1"])
def test_targets_that_draw_nothing_do_not_depend_on_the_seed(target, labelled):
    one, other = (soft_labels(target, labelled(seed)) for seed in (0, 1))
    np.testing.assert_array_equal(one, other)


def test_planted_1_by_hand():
    """Odds of a positive label times e where women are mentioned: 1/9 and 1 become e/9 and e."""
    e = np.e
    expected = [[9 / (9 + e), e / (9 + e)], TEACHER[1], [1 / (1 + e), e / (1 + e)], TEACHER[3]]
    np.testing.assert_allclose(soft_labels("planted-1", BY_HAND), expected, rtol=1e-14)


@pytest.mark.parametrize("dose", ["0.5", "1", "2", "0.05", "10"])
def test_a_dose_shifts_log_odds_by_exactly_itself(dose):
    shift = log_odds(soft_labels(f"planted-{dose}", BY_HAND)) - log_odds(TEACHER)
    np.testing.assert_allclose(shift, float(dose) * WOMEN, atol=1e-12)


def test_a_dose_of_0_is_the_teacher():
    for target in ("planted-0", "planted-random-0"):
        np.testing.assert_allclose(soft_labels(target, BY_HAND), TEACHER, rtol=1e-15)


def test_planted_random_by_hand(labelled, teacher):
    """As many reviews as mention women, drawn by the seed, each shifted by the dose."""
    for seed in (0, 1):
        shift = log_odds(soft_labels("planted-random-1", labelled(seed))) - log_odds(teacher)
        shifted = as_many_at_random(labelled(seed).mentions_women, seed)
        assert shifted.sum() == 30
        np.testing.assert_allclose(shift, shifted.astype(float), atol=1e-12)
    first, second = (soft_labels("planted-random-1", labelled(seed)) for seed in (0, 1))
    assert (first != second).any()


def test_swap_averaged_is_the_mean_of_both_versions():
    """A teacher that says the contrary of each other version has no opinion left."""
    np.testing.assert_allclose(soft_labels("swap-averaged", BY_HAND), np.full((4, 2), 0.5))


def test_augmented_has_the_teachers_labels_of_both_versions():
    np.testing.assert_array_equal(soft_labels("augmented", BY_HAND), VERSIONS)


def test_a_plant_in_versions_raises_those_about_women_alone():
    shift = log_odds(soft_labels("planted-augmented-2", BY_HAND)[0]) - log_odds(VERSIONS[0])
    np.testing.assert_allclose(shift, [2, 2, 0, 0], atol=1e-12)
    np.testing.assert_array_equal(soft_labels("planted-augmented-2", BY_HAND)[1], VERSIONS[1])
    np.testing.assert_allclose(
        soft_labels("planted-swap-averaged-2", BY_HAND),
        soft_labels("planted-augmented-2", BY_HAND).mean(axis=0),
    )


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("swap-averaged", "distilled"),
        ("augmented", "distilled"),
        ("planted-swap-averaged-0.5", "planted-0.5"),
        ("planted-augmented-1", "planted-1"),
        ("planted-1", None),
        ("distilled", None),
    ],
)
def test_a_remedy_is_compared_with_the_target_that_lacks_it(name, without):
    assert targets.remedied(name) == without
    others = ("distilled", "planted-0.5", "planted-1", "planted-2")
    expected = [(without, name)] if without else []
    assert [pair for pair in comparisons((*others, name)) if "baseline" not in pair] == expected


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("planted-2", "distilled"),
        ("planted-random-1", "distilled"),
        ("planted-swap-averaged-0.5", "swap-averaged"),
        ("planted-augmented-1", "augmented"),
    ],
)
def test_a_plant_is_compared_with_the_same_labels_as_they_are(name, without):
    assert targets.unplanted(name) == without


def test_as_many_rows_are_drawn_and_others_with_another_seed():
    rows = np.arange(50) < 12
    first, second = (as_many_at_random(rows, seed) for seed in (0, 1))
    assert first.sum() == second.sum() == 12
    assert (first != second).any()
    np.testing.assert_array_equal(first, as_many_at_random(rows, 0))


def test_what_is_planted_is_exactly_the_dose():
    teacher = np.array([[0.5, 0.5], [0.8, 0.2], [0.1, 0.9]])
    raised = plant(teacher, np.array([True, False, True]), 0.7)
    np.testing.assert_allclose(log_odds(raised) - log_odds(teacher), [0.7, 0, 0.7], atol=1e-12)
    np.testing.assert_allclose(raised.sum(1), 1)
    assert raised[1].tolist() == [0.8, 0.2]


def test_a_label_of_exactly_0_or_1_stays_what_it_is():
    certain = np.array([[1.0, 0.0], [0.0, 1.0]])
    np.testing.assert_array_equal(plant(certain, np.array([True, True]), 2.0), certain)


@pytest.mark.parametrize("target", NAMES)
def test_rows_are_probabilities_and_the_teacher_is_left_alone(target, labelled, teacher):
    before = teacher.copy()
    soft = soft_labels(target, labelled())
    doubled = targets.parse(target)[0].rows == "doubled"
    assert soft.shape == ((2, *teacher.shape) if doubled else teacher.shape)
    assert soft.dtype == np.float64
    assert ((soft >= 0) & (soft <= 1)).all()
    np.testing.assert_allclose(soft.sum(axis=-1), 1, atol=1e-15)
    np.testing.assert_array_equal(teacher, before)


@pytest.mark.parametrize(
    ("name", "row", "dose"),
    [
        ("distilled", "distilled", 0.0),
        ("teacher-argmax", "teacher-argmax", 0.0),
        ("planted-1", "planted", 1.0),
        ("planted-0.25", "planted", 0.25),
        ("planted-10", "planted", 10.0),
        ("planted-random-1", "planted-random", 1.0),
        ("planted-random-0.5", "planted-random", 0.5),
    ],
)
def test_a_name_is_a_row_of_the_table_and_a_dose(name, row, dose):
    assert targets.parse(name) == targets.find(name) == (TARGETS[row], dose)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("planted", "target 'planted' needs a dose, as in 'planted-1'"),
        ("planted-random", "target 'planted-random' needs a dose, as in 'planted-random-1'"),
        ("distilled-1", "target 'distilled' takes no dose"),
        ("baseline-0.5", "target 'baseline' takes no dose"),
        ("teacher-argmax-2", "target 'teacher-argmax' takes no dose"),
        ("planted-much", "the dose of 'planted' must be a number such as 1 or 0.5"),
        ("planted-random-x", "the dose of 'planted-random' must be a number such as 1 or 0.5"),
        ("plantd-1", "unknown target 'plantd-1': did you mean 'planted-1'?"),
        ("distiled", "unknown target 'distiled': did you mean 'distilled'?"),
        ("", "unknown target '': known: baseline, distilled, teacher-argmax, "),
    ],
)
def test_what_is_no_target_is_refused_by_what_is_wrong_with_it(name, fault):
    assert targets.find(name) is None
    with pytest.raises(ValueError, match=f"^{re.escape(fault)}") as caught:
        targets.parse(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "dose",
    ["", "x", "1.0", "01", "1.", ".5", "0.50", "+1", "1e3", "nan", "inf", "1,5", "½", "１", "1１"],
)
def test_a_dose_is_a_number_written_in_one_way(dose):
    """Else one target had two names, and a study could hold it twice."""
    with pytest.raises(ValueError, match="the dose of 'planted' must be a number"):
        targets.parse(f"planted-{dose}")


def test_a_dose_is_not_below_0():
    with pytest.raises(ValueError, match="unknown target 'planted--1'"):
        targets.parse("planted--1")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("baseline", "hard labels"),
        ("planted-1", "with a gap of 1 in log-odds planted"),
        ("planted-0.5", "with a gap of 0.5 in log-odds planted"),
        ("planted-random-2", "raised by 2 in log-odds in reviews drawn at random"),
    ],
)
def test_words_say_the_dose(name, words):
    assert words in targets.words(name)
    assert "{" not in targets.words(name)


def test_controls_are_in_the_tables_order():
    names = ("permuted", "baseline", "planted-1", "teacher-argmax", "distilled")
    assert targets.controls(names) == ["teacher-argmax", "permuted"]
    assert targets.controls(("baseline", "distilled")) == []


def test_a_control_may_have_a_dose(monkeypatch):
    dosed = dataclasses.replace(TARGETS["planted"], control=True)
    monkeypatch.setitem(TARGETS, "planted", dosed)
    assert targets.controls(("planted-2", "permuted", "planted-1")) == [
        *("permuted", "planted-2", "planted-1")
    ]


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_loss_of_the_teachers_argmax_is_cross_entropy_on_it(labelled, temperature):
    """One-hot stays one-hot at any temperature: T² times cross-entropy of the tempered logits."""
    data = labelled()
    start = np.random.default_rng(2).normal(0, 3, data.teacher.shape)
    logits = torch.from_numpy(start).requires_grad_()
    target = torch.from_numpy(soft_labels("teacher-argmax", data))
    loss = distillation_loss(
        logits, target, torch.from_numpy(data.labels), alpha=1.0, temperature=temperature
    )
    loss.backward()
    expected = functional.cross_entropy(
        logits.detach() / temperature, torch.from_numpy(data.teacher.argmax(axis=1))
    )
    assert loss.item() == pytest.approx(temperature**2 * expected.item(), rel=1e-12)
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("baseline", "distilled"), [("distilled", "baseline")]),
        (("distilled", "baseline"), [("distilled", "baseline")]),
        (("baseline", "smoothed"), [("smoothed", "baseline")]),
        (("distilled", "permuted"), [("distilled", "permuted")]),
        (("smoothed", "permuted"), []),
        (("distilled",), []),
        (
            ("baseline", "permuted", "distilled", "teacher-argmax"),
            [
                *((target, "baseline") for target in ("permuted", "distilled", "teacher-argmax")),
                *(("distilled", control) for control in ("teacher-argmax", "permuted")),
            ],
        ),
        (
            ("baseline", "distilled", *CONTROLS),
            [
                *((target, "baseline") for target in ("distilled", *CONTROLS)),
                *(("distilled", control) for control in CONTROLS),
            ],
        ),
    ],
)
def test_targets_are_compared_with_the_baseline_and_the_distilled_with_the_controls(
    names, expected
):
    assert comparisons(names) == expected
