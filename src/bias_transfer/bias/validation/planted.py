"""Planted bias: what a student's gap does when a bias of known size is planted in its teacher.

The teacher's log-odds are raised by a known dose on reviews that mention more women than men, and,
as a control, on as many reviews at random. The estimand is the slope of the student's mean gender
gap on the dose, in log-odds per unit of dose. 0: the student did not take over what was planted. 1:
its gap grew by as much as the reviews were shifted. It can exceed 1: a bag of words averages over
words, and one word weighs more in a short sentence than in a long review.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from tqdm import tqdm

from bias_transfer.bias import swaps
from bias_transfer.bias.inference.two_way import Inference, infer, with_seeds
from bias_transfer.bias.pairs import Contrast, contrast
from bias_transfer.bias.swaps import Pairs

DOSES = (0.0, 0.5, 1.0, 2.0)


def cross_fitted(texts: pd.Series, labels: pd.Series) -> np.ndarray:
    """A stand-in for a teacher: P(negative), P(positive), shape (n, 2).

    Logistic regression on TF-IDF of words, in five folds by class. Each review is scored by the fit
    that did not see it.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(TfidfVectorizer(min_df=2), LogisticRegression(max_iter=1000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return cross_val_predict(model, texts, labels, cv=folds, method="predict_proba")


def slope_weights(doses: Sequence[float]) -> np.ndarray:
    """Weights whose product with values sums to the least-squares slope of those on ``doses``."""
    centred = np.asarray(doses) - np.mean(doses)
    return centred / (centred**2).sum()


def gaps(corpus: pd.DataFrame, log_odds: np.ndarray) -> np.ndarray:
    """Mean gender gap, female minus male, of each row of scores.

    Shape (..., sentences) to (...), in the unit of the scores.
    """
    means = [
        contrast(corpus.assign(score=row), "gender").mean
        for row in log_odds.reshape(-1, len(corpus))
    ]
    return np.reshape(means, log_odds.shape[:-1])


def slope(corpus: pd.DataFrame, log_odds: np.ndarray) -> tuple[Inference, np.ndarray]:
    """Slope of the gender gap on ``DOSES``, and each seed's slope.

    The interval includes the variance between seeds.

    Parameters
    ----------
    corpus
        Columns as in ``eec.csv``.
    log_odds
        Of each sentence: shape (seeds, doses, sentences).
    """
    weights = slope_weights(DOSES)
    by_seed = gaps(corpus, log_odds) @ weights
    score = np.einsum("sdn,d->n", log_odds, weights) / len(log_odds)
    return with_seeds(infer(contrast(corpus.assign(score=score), "gender")), by_seed), by_seed


def coefficient(pairs: Pairs, changes: np.ndarray) -> tuple[Inference, np.ndarray]:
    """Transfer coefficient on swapped reviews, in log-odds, and each seed's.

    The rule that plants raises the one version of a pair and not the other, so what is planted on
    it is the dose (``bias.channel``). The interval is over reviews and seeds.

    Parameters
    ----------
    pairs
        Pairs of versions, with their places among the texts.
    changes
        What the dose changed in the log-odds of each text, over the dose: shape (seeds, texts).
    """
    by_pair = changes[:, pairs.first] - changes[:, pairs.second]
    by_seed = np.array([pairs.balanced.value(one) for one in by_pair])
    return with_seeds(swaps.gap(pairs, by_pair.mean(axis=0)).inference, by_seed), by_seed


def false_alarms(corpus: pd.DataFrame, log_odds: np.ndarray, seeds: int, draws: int) -> float:
    """Share of intervals that leave 0 out where all doses are 0: 0 to 1; 95 % intervals allow .05.

    Each draw takes ``seeds`` times ``len(DOSES)`` fits of the pool, without replacement, as if they
    were seeds and doses, and computes their ``slope``. Draws share fits, since the pool is finite,
    so the share is less certain than the number of draws says.

    Parameters
    ----------
    corpus
        Columns as in ``eec.csv``.
    log_odds
        Of a pool of fits that differ in their seed alone: shape (fits, sentences).
    seeds, draws
        Seeds of one draw; how many draws.
    """
    pool = [contrast(corpus.assign(score=row), "gender") for row in log_odds]
    differences = np.array([fit.pairs["difference"] for fit in pool])
    influences = np.array([fit.influence["influence"] for fit in pool])
    weights, random, wrong = slope_weights(DOSES), np.random.default_rng(0), 0
    for _ in tqdm(range(draws), desc="false alarms", unit="draw", file=sys.stderr):
        dealt = random.choice(len(pool), size=(seeds, len(DOSES)), replace=False)
        by_seed = differences.mean(1)[dealt] @ weights
        share = (np.broadcast_to(weights, dealt.shape) / seeds).ravel()
        mixed = _mixed(
            pool[0], share @ differences[dealt.ravel()], share @ influences[dealt.ravel()]
        )
        inference = with_seeds(infer(mixed), by_seed)
        wrong += inference.clear
    return wrong / draws


def _mixed(base: Contrast, difference: np.ndarray, influence: np.ndarray) -> Contrast:
    """A weighted sum of contrasts: both columns are linear in the scores."""
    return replace(
        base,
        pairs=base.pairs.assign(difference=difference),
        influence=base.influence.assign(influence=influence),
    )
