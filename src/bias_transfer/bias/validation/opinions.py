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
from bias_transfer.bias.inference.two_way import Inference, with_seeds
from bias_transfer.bias.swaps import Pairs
from bias_transfer.bias.validation.controls import rate

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


def rates(reviews: Reviews, student: Student, seeds: int, draws: int) -> pd.DataFrame:
    """Share of draws in which each contrast's p is below .05.

    Returns
    -------
    DataFrame
        ``teacher, reference`` as in ``CONTRASTS``; ``rate``, 0 to 1; ``mean`` of the contrasts and
        their standard deviation ``spread`` over draws, training reviews included, and the root mean
        square of the standard errors, ``se``, which are over held-out reviews and seeds: all three
        in log-odds. Where ``spread`` is above ``se``, the interval is of these training reviews.
    """
    random = np.random.default_rng(0)
    found = [
        _contrasts(reviews, student, seeds, random)
        for _ in tqdm(range(draws), desc="opinions", unit="draw", file=sys.stderr)
    ]
    rows = []
    for names, inferences in zip(CONTRASTS, zip(*found, strict=True), strict=True):
        means, errors = (np.array([getattr(i, of) for i in inferences]) for of in ("mean", "se"))
        numbers = (rate(i.p_value for i in inferences), means.mean(), means.std(ddof=1))
        rows.append((*names, *numbers, np.sqrt((errors**2).mean())))
    columns = ["teacher", "reference", "rate", "mean", "spread", "se"]
    return pd.DataFrame(rows, columns=columns)


def _contrasts(
    reviews: Reviews, student: Student, seeds: int, random: np.random.Generator
) -> list[Inference]:
    """One draw of gender and of halves; the contrasts in the order of ``CONTRASTS``."""
    n = len(reviews.labels)
    male, other = random.integers(0, 2, (2, n)).astype(bool)
    learnt = np.zeros(n, dtype=bool)
    learnt[random.choice(n, n // 2, replace=False)] = True
    natural = reviews.first.mask(male, reviews.second)
    training = pd.DataFrame({"text": natural, "label": reviews.labels})[learnt]
    held = ~learnt & (reviews.first != reviews.second).to_numpy()
    texts = [*reviews.first[held], *reviews.second[held]]
    sides = np.where(male[held], "male", "female")
    pairs = Pairs(pd.DataFrame({"original": sides}), *np.arange(len(texts)).reshape(2, -1))
    averaged = reviews.teacher.mean(axis=0)[learnt]
    soft = {
        AVERAGED: [averaged] * seeds,
        DRAWN: [np.where(other, reviews.teacher[1], reviews.teacher[0])[learnt]] * seeds,
        PERMUTED: [shuffled(averaged, training["label"].to_numpy(), s) for s in range(seeds)],
    }
    differences = {
        name: np.array(
            [
                -np.diff(student(training, labels, seed, texts).reshape(2, -1), axis=0)[0]
                for seed, labels in enumerate(by_seed)
            ]
        )
        for name, by_seed in soft.items()
    }
    return [_contrast(pairs, differences[a] - differences[b]) for a, b in CONTRASTS]


def _contrast(pairs: Pairs, changes: np.ndarray) -> Inference:
    """As in ``bias.channel.change``; ``changes`` has shape (seeds, pairs)."""
    by_seed = np.array([pairs.balanced.value(each) for each in changes])
    return with_seeds(swaps.gap(pairs, changes.mean(axis=0)).inference, by_seed)


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
