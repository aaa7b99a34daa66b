"""Metrics against an example worked by hand."""

import math

import numpy as np
import pytest

from bias_transfer.students.evaluation import (
    calibration_bins,
    calibration_error,
    calibration_error_floor,
    evaluate,
    log_loss,
)

# Predicted positive above 0.5:   yes   yes   no    no    yes   no
LABELS = np.array([1, 1, 1, 0, 0, 0])
POSITIVE = np.array([0.9, 0.6, 0.4, 0.2, 0.7, 0.5])


@pytest.fixture(scope="module")
def metrics():
    return evaluate(LABELS, POSITIVE)


@pytest.mark.parametrize(
    ("name", "by_hand"),
    [
        ("n", 6),
        ("true_positive", 2),
        ("false_negative", 1),
        ("false_positive", 1),
        ("true_negative", 2),
        ("accuracy", 4 / 6),
        ("precision", 2 / 3),
        ("recall", 2 / 3),
        ("f1", 2 / 3),
        ("brier", (0.01 + 0.16 + 0.36 + 0.04 + 0.49 + 0.25) / 6),
        # Of the 9 pairs of a positive and a negative: 0.9 beats 3, 0.6 beats 2, 0.4 beats 1.
        ("auc", 6 / 9),
        ("log_loss", -sum(map(math.log, (0.9, 0.6, 0.4, 0.8, 0.3, 0.5))) / 6),
    ],
)
def test_by_hand(metrics, name, by_hand):
    assert metrics[name] == pytest.approx(by_hand, rel=1e-12)


def test_precision_and_recall_are_of_the_positive_class():
    result = evaluate(np.array([1, 1, 1, 0]), np.array([0.9, 0.1, 0.2, 0.3]))
    assert result["precision"] == 1
    assert result["recall"] == pytest.approx(1 / 3)
    assert result["f1"] == pytest.approx(0.5)


def test_values_are_plain_numbers(metrics):
    assert {type(value) for value in metrics.values()} == {int, float}


def test_half_is_predicted_negative():
    result = evaluate(np.array([0, 1]), np.array([0.5, 0.5]))
    assert (result["true_negative"], result["false_negative"]) == (1, 1)


def test_auc_counts_ties_as_half():
    assert evaluate(np.array([0, 1]), np.array([0.5, 0.5]))["auc"] == 0.5


def test_nothing_predicted_positive_has_no_precision():
    result = evaluate(np.array([1, 0]), np.array([0.2, 0.1]))
    assert math.isnan(result["precision"])
    assert result["recall"] == 0


def test_no_positive_label_has_no_recall():
    result = evaluate(np.array([0, 0]), np.array([0.9, 0.1]))
    assert math.isnan(result["recall"])
    assert result["precision"] == 0


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_has_no_auc(label):
    result = evaluate(np.array([label, label]), np.array([0.9, 0.1]))
    assert math.isnan(result["auc"])
    assert result["accuracy"] == 0.5


def test_no_positive_at_all_has_neither_precision_recall_nor_f1():
    result = evaluate(np.array([0, 0]), np.array([0.2, 0.1]))
    assert all(math.isnan(result[name]) for name in ("precision", "recall", "f1", "auc"))
    assert result["accuracy"] == 1


def test_log_loss_by_hand():
    assert log_loss(np.array([1, 0]), np.array([0.8, 0.4])) == pytest.approx(
        -(math.log(0.8) + math.log(0.6)) / 2
    )


def test_log_loss_of_a_coin_and_of_the_truth():
    assert log_loss(np.array([1, 0, 1]), np.full(3, 0.5)) == pytest.approx(math.log(2))
    assert log_loss(np.array([1, 0]), np.array([1.0, 0.0])) == 0


@pytest.mark.parametrize(("label", "positive"), [(1, 0.0), (0, 1.0)])
def test_sure_and_wrong_is_infinite(label, positive):
    labels, scores = np.array([label, 1, 0]), np.array([positive, 0.9, 0.1])
    assert log_loss(labels, scores) == math.inf
    assert evaluate(labels, scores)["log_loss"] == math.inf


def test_calibration_bins_by_hand():
    """Four scores in two bins, given out of order."""
    bins = calibration_bins(np.array([1, 0, 1, 1]), np.array([0.9, 0.1, 0.3, 0.7]), bins=2)
    np.testing.assert_allclose(bins, [[0.2, 0.5, 2], [0.8, 1.0, 2]])


def test_calibration_error_by_hand():
    """Three reviews fill three of fifteen bins, a score of 0.9, 0.6 and 0.2 beside 1, 0 and 0."""
    assert calibration_error(np.array([0, 1, 0]), np.array([0.6, 0.9, 0.2])) == pytest.approx(
        (0.6 + 0.1 + 0.2) / 3
    )


def test_calibration_error_sees_what_is_too_sure():
    random = np.random.default_rng(0)
    truth = random.random(30_000)
    labels = (random.random(30_000) < truth).astype(int)
    log_odds = np.log(truth / (1 - truth))
    assert calibration_error(labels, truth) < 0.01
    assert calibration_error(labels, 1 / (1 + np.exp(-3 * log_odds))) > 0.1


def test_floor_is_what_perfect_calibration_shows():
    """The mean error over fresh draws of labels: far from 0 with few reviews, near with many."""
    random = np.random.default_rng(1)
    scores = random.random(300)
    fresh = [calibration_error(random.random(300) < scores, scores) for _ in range(500)]
    assert calibration_error_floor(scores) == pytest.approx(np.mean(fresh), rel=0.05)
    assert calibration_error_floor(scores) > 3 * calibration_error_floor(
        np.tile(scores, 20), n_draws=20
    )
