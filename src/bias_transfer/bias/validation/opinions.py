"""The contrast of two arms where their teacher has no opinion on gender: how often is it found?

Real reviews with a known truth. Whether a review is about women or men is drawn for each, and its
natural text is that version; so nothing but gendered words tells the two kinds apart. The teacher
is a cross-fitted model of words, asked about both versions. Students are linear in counts of words,
for hundreds of them are fitted: each draw takes one half of the reviews to learn from and swaps the
other half. They have no seeds.
"""

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from tqdm import tqdm

from bias_transfer.bias import swaps
from bias_transfer.bias.inference.two_way import Inference
from bias_transfer.bias.swaps import Pairs
from bias_transfer.bias.validation.controls import rate

# Each contrast's teacher and reference; the target is always the teacher's labels as they are. An
# averaged teacher gives the mean over both versions; one of drawn answers is asked about a version
# that has nothing to do with the text that is learnt from. Neither has an opinion on gender.
CONTRASTS = (
    ("averaged", "permuted"),
    ("drawn", "averaged"),
    ("own", "permuted"),
    ("own", "averaged"),
)


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


def rates(reviews: Reviews, draws: int) -> pd.DataFrame:
    """Share of draws in which each contrast's p is below .05.

    Returns
    -------
    DataFrame
        ``teacher, reference`` as in ``CONTRASTS``; ``rate``, 0 to 1; ``mean`` of the
        contrasts and their standard deviation ``spread`` over draws of training reviews, and the
        root mean square of the standard errors, ``se``, which is over held-out reviews alone: all
        three in log-odds.
    """
    counts = _counts(reviews)
    random = np.random.default_rng(0)
    found: list[list[Inference]] = []
    for _ in tqdm(range(draws), desc="opinions", unit="draw", file=sys.stderr):
        found.append(_contrasts(reviews, counts, random))
    rows = []
    for names, inferences in zip(CONTRASTS, zip(*found, strict=True), strict=True):
        means, errors = (np.array([getattr(i, of) for i in inferences]) for of in ("mean", "se"))
        numbers = (rate(i.p_value for i in inferences), means.mean(), means.std(ddof=1))
        rows.append((*names, *numbers, np.sqrt((errors**2).mean())))
    return pd.DataFrame(rows, columns=["teacher", "reference", "rate", "mean", "spread", "se"])


def _contrasts(
    reviews: Reviews,
    counts: tuple[sparse.csr_matrix, sparse.csr_matrix],
    random: np.random.Generator,
) -> list[Inference]:
    """One draw of gender and of halves; the contrasts in the order of ``CONTRASTS``."""
    n = len(reviews.labels)
    rows = np.arange(n)
    male, other = random.integers(0, 2, (2, n))
    learnt = np.zeros(n, dtype=bool)
    learnt[random.choice(n, n // 2, replace=False)] = True
    natural = sparse.vstack(counts)[rows + n * male]
    soft = {
        "averaged": reviews.teacher.mean(axis=0),
        "own": reviews.teacher[male, rows],
        "drawn": reviews.teacher[other, rows],
    }
    swapped = counts[0] - counts[1]
    held = ~learnt & (np.diff(swapped.indptr) > 0)
    sides = np.where(male[held] == 1, "male", "female")
    pairs = Pairs(pd.DataFrame({"original": sides}), np.arange(held.sum()), np.arange(held.sum()))

    def differences(labels: np.ndarray) -> np.ndarray:
        return swapped[held] @ _student(natural[learnt], labels[learnt])

    found = {name: differences(labels) for name, labels in soft.items()}
    inferences = []
    for name, reference in CONTRASTS:
        if reference == "permuted":
            shuffled = _shuffled(soft[name], reviews.labels, learnt, random)
            against = differences(shuffled)
        else:
            against = found[reference]
        inferences.append(swaps.gap(pairs, found[name] - against).inference)
    return inferences


def _counts(reviews: Reviews) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    from sklearn.feature_extraction.text import CountVectorizer

    words = CountVectorizer(min_df=2).fit(pd.concat([reviews.first, reviews.second]))
    return words.transform(reviews.first), words.transform(reviews.second)


def _shuffled(
    soft: np.ndarray, labels: np.ndarray, rows: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Shuffled among the ``rows`` of one label, as the target ``permuted`` has it."""
    mixed = soft.copy()
    for label in (0, 1):
        places = np.flatnonzero(rows & (labels == label))
        mixed[places] = soft[random.permutation(places)]
    return mixed


def _student(counts: sparse.csr_matrix, soft: np.ndarray) -> np.ndarray:
    """Weights of the words, in log-odds; each review counts as both labels, by the teacher's P."""
    from sklearn.linear_model import LogisticRegression

    labels = np.repeat([1, 0], len(soft))
    weights = np.concatenate([soft, 1 - soft])
    model = LogisticRegression(solver="liblinear", random_state=0)  # others take minutes
    fitted = model.fit(sparse.vstack([counts, counts]), labels, weights)
    return fitted.coef_[0]
