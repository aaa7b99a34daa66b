"""The contrast of two arms where their teacher has no opinion on gender: how often is it found?

Real reviews with a known truth. Whether a review is about women or men is drawn for each, and its
natural text is that version; so nothing but gendered words tells the two kinds apart. The teacher
is a cross-fitted model of words, asked about both versions. Each draw takes one half of the reviews
to learn from and swaps the other half.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm import tqdm

from bias_transfer.bias import swaps
from bias_transfer.bias.inference.halves import with_training_sets
from bias_transfer.bias.inference.two_way import Inference, with_seeds
from bias_transfer.bias.swaps import Pairs
from bias_transfer.bias.validation.controls import rate
from bias_transfer.distillation.halves import half

# Each contrast's teacher and reference; the target is always the teacher's labels as they are. An
# averaged teacher gives the mean over both versions; one of drawn answers is asked about a version
# that has nothing to do with the text that is learnt from. Neither has an opinion on gender.
AVERAGED, DRAWN, PERMUTED = "averaged", "drawn", "permuted"
CONTRASTS = ((AVERAGED, PERMUTED), (DRAWN, AVERAGED))
# Training reviews (``text``, ``label``), P(positive) of each, a seed, and texts -> their log-odds.
Student = Callable[[pd.DataFrame, np.ndarray, int, Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class Reviews:
    """Reviews in both versions; those without gendered words have the same text twice.

    ``first`` and ``second`` are texts, ``labels`` 0 or 1, shape (reviews,). ``teacher`` is
    P(positive) of either version, shape (2, reviews).
    """

    first: pd.Series
    second: pd.Series
    labels: np.ndarray
    teacher: np.ndarray


def teacher(
    first: pd.Series, second: pd.Series, natural: pd.Series, labels: np.ndarray
) -> np.ndarray:
    """P(positive) of both versions, shape (2, reviews), by the fit that did not see the review.

    As ``planted.cross_fitted``, which scores the natural texts alone.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline

    scores = np.empty((2, len(labels)))
    for seen, held in StratifiedKFold(5, shuffle=True, random_state=0).split(natural, labels):
        model = make_pipeline(TfidfVectorizer(min_df=2), LogisticRegression(max_iter=1000))
        model.fit(natural.iloc[seen], labels[seen])
        for number, versions in enumerate((first, second)):
            scores[number, held] = model.predict_proba(versions.iloc[held])[:, 1]
    return scores


def rates(reviews: Reviews, student: Student, seeds: int, draws: int, halves: int) -> pd.DataFrame:
    """Share of draws in which each contrast's p is below .05.

    Returns
    -------
    DataFrame
        ``teacher, reference`` as in ``CONTRASTS``; ``rate``, 0 to 1, for the training reviews of a
        draw, and ``rate_other`` for others as well, by ``halves`` of them (``bias.inference``);
        ``mean`` of the contrasts and their standard deviation ``spread`` over draws, training
        reviews included, and the root mean square of both standard errors, ``se`` and
        ``se_other``: all four in log-odds. Where ``spread`` is above ``se``, the interval is of
        these training reviews.
    """
    random = np.random.default_rng(0)
    found = [
        _contrasts(reviews, student, seeds, halves, random)
        for _ in tqdm(range(draws), desc="opinions", unit="draw", file=sys.stderr)
    ]
    rows = []
    for names, both in zip(CONTRASTS, zip(*found, strict=True), strict=True):
        this, other = zip(*both, strict=True)
        means = np.array([inference.mean for inference in this])
        shares = [rate(inference.p_value for inference in each) for each in (this, other)]
        errors = [np.sqrt(np.mean([one.se**2 for one in each])) for each in (this, other)]
        rows.append((*names, *shares, means.mean(), means.std(ddof=1), *errors))
    columns = "teacher reference rate rate_other mean spread se se_other".split()
    return pd.DataFrame(rows, columns=columns)


def _contrasts(
    reviews: Reviews, student: Student, seeds: int, halves: int, random: np.random.Generator
) -> list[tuple[Inference, Inference]]:
    """One draw of gender and of what is learnt from; ``_contrast`` of each of ``CONTRASTS``."""
    n = len(reviews.labels)
    male, other = random.integers(0, 2, (2, n)).astype(bool)
    learnt = np.zeros(n, dtype=bool)
    learnt[random.choice(n, n // 2, replace=False)] = True
    natural = reviews.first.mask(male, reviews.second)
    training = pd.DataFrame({"text": natural, "label": reviews.labels})
    held = ~learnt & (reviews.first != reviews.second).to_numpy()
    texts = [*reviews.first[held], *reviews.second[held]]
    sides = np.where(male[held], "male", "female")
    pairs = Pairs(pd.DataFrame({"original": sides}), *np.arange(len(texts)).reshape(2, -1))
    averaged = reviews.teacher.mean(axis=0)
    soft = {
        AVERAGED: averaged,
        DRAWN: np.where(other, reviews.teacher[1], reviews.teacher[0]),
        PERMUTED: averaged,
    }

    def differences(name: str, rows: np.ndarray, seed: int) -> np.ndarray:
        labels = soft[name][rows]
        if name == PERMUTED:
            labels = shuffled(labels, reviews.labels[rows], seed)
        log_odds = student(training.iloc[rows], labels, seed, texts)
        return -np.diff(log_odds.reshape(2, -1), axis=0)[0]

    all_learnt = np.flatnonzero(learnt)
    parts = [(all_learnt, seed) for seed in range(seeds)] + [
        (all_learnt[half(reviews.labels[learnt], number)], number) for number in range(halves)
    ]
    found = {name: np.array([differences(name, *part) for part in parts]) for name in soft}
    changes = [found[a] - found[b] for a, b in CONTRASTS]
    return [_contrast(pairs, each[:seeds], each[seeds:]) for each in changes]


def _contrast(
    pairs: Pairs, changes: np.ndarray, of_halves: np.ndarray
) -> tuple[Inference, Inference]:
    """For these training reviews, as in ``bias.channel.change``, and for others.

    ``changes`` has shape (seeds, pairs), and ``of_halves`` shape (halves, pairs).
    """
    given = swaps.gap(pairs, changes.mean(axis=0)).inference
    by_seed, by_half = (
        np.array([pairs.balanced.value(each) for each in part]) for part in (changes, of_halves)
    )
    this = with_seeds(given, by_seed)
    return this, with_training_sets(this, by_half)


def linear(training: pd.DataFrame, soft: np.ndarray, seed: int, texts: Sequence[str]) -> np.ndarray:
    """A ``Student`` that takes a moment: logistic regression on counts of words.

    Each review counts as both labels, by the teacher's P. It has no use for a seed.
    """
    from scipy import sparse
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    words = CountVectorizer(min_df=2)
    counts = words.fit_transform(training["text"])
    labels, weights = np.repeat([1, 0], len(soft)), np.concatenate([soft, 1 - soft])
    model = LogisticRegression(solver="liblinear", random_state=0)
    model.fit(sparse.vstack([counts, counts]), labels, weights)
    return model.decision_function(words.transform(texts))


def shuffled(soft: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray:
    """``soft`` shuffled among the reviews of a label, as the target ``permuted`` has it."""
    random, mixed = np.random.default_rng(seed), soft.copy()
    for label in (0, 1):
        rows = np.flatnonzero(labels == label)
        mixed[rows] = soft[random.permutation(rows)]
    return mixed
