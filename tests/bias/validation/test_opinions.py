"""Students of a teacher without an opinion on gender: what is drawn, shuffled and averaged."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.validation import opinions
from bias_transfer.bias.validation.opinions import CONTRASTS, Reviews

N = 240


@pytest.fixture(scope="module")
def texts() -> tuple[pd.Series, pd.Series, np.ndarray]:
    """Two of three reviews mention people; women are in good films, before anything is drawn."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, N)
    words = np.where(labels == 1, "good", "bad")
    first = pd.Series([f"she {w} film {i % 7}" if i % 3 else w for i, w in enumerate(words)])
    second = first.str.replace("she", "he")
    return first, second, labels


def test_the_teacher_has_not_seen_the_review_and_answers_on_both_versions(texts):
    first, second, labels = texts
    natural = first.where(labels == 1, second)  # good films are about women
    found = opinions.teacher(first, second, natural, labels)
    assert found.shape == (2, N)
    people = np.arange(N) % 3 > 0
    assert (found[0] > found[1])[people].all()
    np.testing.assert_allclose(found[0][~people], found[1][~people])


def test_an_opinion_is_found_and_none_is_not(texts):
    first, second, labels = texts
    level = 0.2 + 0.6 * labels
    opinion = np.where(np.arange(N) % 3 > 0, 0.15, 0)
    reviews = Reviews(first, second, labels, np.stack([level + opinion, level - opinion]))
    table = opinions.rates(reviews, 12)
    assert next(table.itertuples(index=False))[:2] == CONTRASTS[0]
    assert len(table) == len(CONTRASTS)
    by = table.set_index(["teacher", "reference"])
    assert by.loc[("own", "averaged"), "rate"] == 1
    assert by.loc[("own", "averaged"), "mean"] > 0.3
    assert abs(by.loc[("averaged", "permuted"), "mean"]) < 0.1
    assert (table["se"] >= 0).all()


def test_labels_are_shuffled_within_the_hard_label_and_the_rows():
    soft, labels = np.arange(20.0), np.arange(20) % 2
    rows = np.arange(20) < 12
    found = opinions._shuffled(soft, labels, rows, np.random.default_rng(1))
    np.testing.assert_array_equal(found[~rows], soft[~rows])
    for label in (0, 1):
        chosen = rows & (labels == label)
        assert sorted(found[chosen]) == sorted(soft[chosen])
    assert not np.array_equal(found, soft)
