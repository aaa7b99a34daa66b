"""The study's targets and its controls: what stands in the teacher's place, by hand."""

from typing import get_args

import numpy as np
import pytest
import torch
from torch.nn import functional

from bias_transfer.distillation.loss import distillation_loss
from bias_transfer.study import params
from bias_transfer.study.targets import BASELINE, CONTROLS, DISTILLED, soft_labels

TEACHER = np.array([[0.9, 0.1], [0.3, 0.7], [0.5, 0.5], [0.6, 0.4]])
LABELS = np.array([1, 1, 0, 0])


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2, 200)


@pytest.fixture(scope="module")
def teacher(labels) -> np.ndarray:
    """200 different rows, those of a negative review below 1/2 and those of a positive one above."""
    positive = (labels + np.random.default_rng(1).random(len(labels))) / 2
    return np.stack([1 - positive, positive], 1)


def test_params_know_every_target_and_no_other():
    assert get_args(params.Target) == (BASELINE, DISTILLED, *CONTROLS)


@pytest.mark.parametrize("target", [BASELINE, DISTILLED])
def test_baseline_and_distilled_have_the_teacher_as_it_is(target):
    np.testing.assert_array_equal(soft_labels(target, TEACHER, LABELS, seed=0), TEACHER)


def test_argmax_is_the_teachers_answer_and_an_exact_tie_counts_half_each():
    expected = [[1, 0], [0, 1], [0.5, 0.5], [1, 0]]
    np.testing.assert_array_equal(soft_labels("teacher-argmax", TEACHER, LABELS, seed=0), expected)


def test_smoothed_is_the_hard_label_at_the_teachers_mean_confidence():
    """Confidence (.9 + .7 + .5 + .6) / 4, whether the teacher was right or not."""
    expected = [[0.325, 0.675], [0.325, 0.675], [0.675, 0.325], [0.675, 0.325]]
    np.testing.assert_allclose(
        soft_labels("smoothed", TEACHER, LABELS, seed=0), expected, rtol=1e-15
    )


def test_permuted_shuffles_the_teachers_rows_within_each_hard_label(teacher, labels):
    permuted = soft_labels("permuted", teacher, labels, seed=0)
    for label in (0, 1):
        own, given = (rows[labels == label].tolist() for rows in (teacher, permuted))
        assert given != own
        assert sorted(given) == sorted(own)
    assert (permuted[:, 1] != teacher[:, 1]).mean() > 0.9


def test_permuted_says_nothing_of_the_single_review(teacher, labels):
    permuted = soft_labels("permuted", teacher, labels, seed=0)
    for label in (0, 1):
        rows = labels == label
        assert abs(np.corrcoef(teacher[rows, 1], permuted[rows, 1])[0, 1]) < 0.3


def test_permutation_follows_from_the_seed_alone(teacher, labels):
    first, again, other = (soft_labels("permuted", teacher, labels, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=1).mean() > 0.9


@pytest.mark.parametrize("target", ["teacher-argmax", "smoothed"])
def test_the_other_controls_do_not_depend_on_the_seed(target, teacher, labels):
    one, other = (soft_labels(target, teacher, labels, seed) for seed in (0, 1))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("target", get_args(params.Target))
def test_rows_are_probabilities_and_the_teacher_is_left_alone(target, teacher, labels):
    before = teacher.copy()
    soft = soft_labels(target, teacher, labels, seed=0)
    assert soft.shape == teacher.shape
    assert soft.dtype == np.float64
    assert ((soft >= 0) & (soft <= 1)).all()
    np.testing.assert_allclose(soft.sum(axis=1), 1, atol=1e-15)
    np.testing.assert_array_equal(teacher, before)


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_loss_of_the_teachers_argmax_is_cross_entropy_on_it(teacher, labels, temperature):
    """One-hot targets stay one-hot at any temperature: T² times the cross-entropy of the tempered logits."""
    logits = torch.from_numpy(np.random.default_rng(2).normal(0, 3, teacher.shape)).requires_grad_()
    target = torch.from_numpy(soft_labels("teacher-argmax", teacher, labels, seed=0))
    loss = distillation_loss(
        logits, target, torch.from_numpy(labels), alpha=1.0, temperature=temperature
    )
    loss.backward()
    expected = functional.cross_entropy(
        logits.detach() / temperature, torch.from_numpy(teacher.argmax(axis=1))
    )
    assert loss.item() == pytest.approx(temperature**2 * expected.item(), rel=1e-12)
    assert torch.isfinite(logits.grad).all()
