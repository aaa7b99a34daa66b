"""Metrics of how well a system tells positive from negative reviews."""

import numpy as np
from scipy.stats import binomtest
from sklearn import metrics


def log_loss(labels: np.ndarray, positive: np.ndarray) -> float:
    """Mean of ``-log P(true label)`` in nats.

    0 is perfect; log 2 = 0.693 is a coin's. It is infinite where a score is sure and wrong.
    """
    with np.errstate(divide="ignore"):
        return float(-np.log(np.where(labels == 1, positive, 1 - positive)).mean())


def calibration_bins(labels: np.ndarray, positive: np.ndarray, bins: int = 15) -> np.ndarray:
    """Mean score, share of positive labels and count of each bin: shape (bins, 3).

    Bins are equally filled. Ties keep their order, so a bin may begin with the score that the bin
    before it ends with.
    """
    order = np.argsort(positive, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return np.array([[positive[part].mean(), labels[part].mean(), len(part)] for part in parts])


def calibration_error(labels: np.ndarray, positive: np.ndarray) -> float:
    """Expected calibration error: mean absolute gap between a bin's score and share of positives.

    From 0, which is perfect, to 1. Bins are equally filled (Nixon et al., "Measuring Calibration in
    Deep Learning", 2019). With few reviews even perfect scores have more than 0: see
    ``calibration_error_floor``.
    """
    bins = calibration_bins(labels, positive)
    return float(np.average(np.abs(bins[:, 0] - bins[:, 1]), weights=bins[:, 2]))


def calibration_error_floor(positive: np.ndarray, n_draws: int = 200, seed: int = 0) -> float:
    """The ``calibration_error`` of perfect calibration on so many reviews.

    It is the mean over labels that are drawn from the scores themselves.
    """
    random = np.random.default_rng(seed)
    draws = (
        calibration_error(random.random(positive.shape) < positive, positive)
        for _ in range(n_draws)
    )
    return float(np.mean(list(draws)))


def evaluate(labels: np.ndarray, positive: np.ndarray) -> dict[str, float]:
    """Metrics of P(positive) against hard labels; a score above 0.5 is predicted positive.

    Parameters
    ----------
    labels
        0 or 1, shape (n,).
    positive
        P(positive), shape (n,).

    Returns
    -------
    dict
        ``n``; ``accuracy`` and its 95 % interval (Wilson, 1927) over test reviews,
        ``accuracy_ci_low`` and ``accuracy_ci_high``; ``precision``, ``recall``, ``f1`` of the
        positive class (0 to 1; NaN where a denominator is 0); ``log_loss`` in nats; ``brier`` (mean
        squared error of P, 0 to 1, 0 is perfect); ``auc`` (0.5 is chance; NaN with one class);
        ``ece``, the calibration error; and the four cells of the confusion matrix as counts.
    """
    predicted = (positive > 0.5).astype(int)
    (tn, fp), (fn, tp) = metrics.confusion_matrix(labels, predicted, labels=[0, 1]).tolist()
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        labels, predicted, average="binary", zero_division=np.nan
    )
    both = len(set(labels)) == 2
    interval = binomtest(tn + tp, len(labels)).proportion_ci(0.95, method="wilson")
    return {
        "n": len(labels),
        "accuracy": float((predicted == labels).mean()),
        "accuracy_ci_low": float(interval.low),
        "accuracy_ci_high": float(interval.high),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
        "log_loss": log_loss(labels, positive),
        "brier": float(((positive - labels) ** 2).mean()),
        "auc": float(metrics.roc_auc_score(labels, positive)) if both else float("nan"),
        "ece": calibration_error(labels, positive),
        "true_negative": tn,
        "false_positive": fp,
        "false_negative": fn,
        "true_positive": tp,
    }
