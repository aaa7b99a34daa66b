"""How well a system tells positive from negative reviews."""

import numpy as np
from sklearn import metrics


def log_loss(labels: np.ndarray, positive: np.ndarray) -> float:
    """Mean of ``-log P(right label)`` in nats: 0 is perfect, log 2 = 0.693 is a coin; infinite if sure and wrong."""
    with np.errstate(divide="ignore"):
        return float(-np.log(np.where(labels == 1, positive, 1 - positive)).mean())


def calibration_bins(labels: np.ndarray, positive: np.ndarray, bins: int = 15) -> np.ndarray:
    """Mean score, share truly positive and count of equally filled bins of the scores: shape (bins, 3).

    Ties stay in one order, so a bin may begin with the score that the one before ends with.
    """
    order = np.argsort(positive, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return np.array([[positive[part].mean(), labels[part].mean(), len(part)] for part in parts])


def calibration_error(labels: np.ndarray, positive: np.ndarray) -> float:
    """Expected calibration error: mean absolute gap between a bin's score and its share of positives (0 is perfect).

    Over equally filled bins (Nixon et al., "Measuring Calibration in Deep Learning", 2019). With
    few reviews even a perfect teacher's is above 0: see ``calibration_error_floor``.
    """
    bins = calibration_bins(labels, positive)
    return float(np.average(np.abs(bins[:, 0] - bins[:, 1]), weights=bins[:, 2]))


def calibration_error_floor(positive: np.ndarray, n_draws: int = 200, seed: int = 0) -> float:
    """Mean ``calibration_error`` of labels drawn from the scores themselves: what perfect calibration would show."""
    random = np.random.default_rng(seed)
    draws = (
        calibration_error(random.random(positive.shape) < positive, positive)
        for _ in range(n_draws)
    )
    return float(np.mean(list(draws)))


def evaluate(labels: np.ndarray, positive: np.ndarray) -> dict[str, float]:
    """Metrics of P(positive) against hard labels, a score above 0.5 being called positive.

    Parameters
    ----------
    labels
        0 or 1, shape (n,).
    positive
        P(positive), shape (n,).

    Returns
    -------
    dict
        ``n``; ``accuracy``, ``precision``, ``recall``, ``f1`` of the positive class (0 to 1; NaN
        where a denominator is 0); ``log_loss`` in nats; ``brier`` (mean squared error of P, 0 to 1,
        0 is perfect); ``auc`` (0.5 is chance; NaN with one class); ``ece``, the calibration error;
        and the four cells of the confusion matrix as counts.
    """
    called = (positive > 0.5).astype(int)
    (tn, fp), (fn, tp) = metrics.confusion_matrix(labels, called, labels=[0, 1]).tolist()
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        labels, called, average="binary", zero_division=np.nan
    )
    return {
        "n": len(labels),
        "accuracy": float((called == labels).mean()),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
        "log_loss": log_loss(labels, positive),
        "brier": float(((positive - labels) ** 2).mean()),
        "auc": float(metrics.roc_auc_score(labels, positive))
        if len(set(labels)) == 2
        else float("nan"),
        "ece": calibration_error(labels, positive),
        "true_negative": tn,
        "false_positive": fp,
        "false_negative": fn,
        "true_positive": tp,
    }
