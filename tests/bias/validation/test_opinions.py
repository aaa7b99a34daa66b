"""Students of a teacher without an opinion on gender: what is drawn, shuffled and averaged."""

import numpy as np
import pandas as pd
import pytest
from swapped import pairs, scored

from bias_transfer.bias import channel
from bias_transfer.bias.channel import Arms
from bias_transfer.bias.margins import Margins
from bias_transfer.bias.validation import opinions
from bias_transfer.bias.validation.opinions import CONTRASTS, Reviews
from bias_transfer.study import targets
from bias_transfer.study.targets import Labelled

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


def by_words(training, soft, seed, texts) -> np.ndarray:
    """A student that knows two words, by the mean label of the reviews that hold each."""
    soft = soft + np.random.default_rng([seed, len(soft)]).normal(0, 0.01, len(soft))
    she, he = (
        soft[training["text"].str.contains(word).to_numpy()].mean() for word in ("she", "he ")
    )
    own = np.random.default_rng([seed, int(1e6 * she)]).normal(0, 0.05, len(texts))
    return own + [she if "she" in text else he for text in texts]


def test_each_contrast_has_its_rate_and_its_error(texts):
    first, second, labels = texts
    level = 0.2 + 0.6 * labels + np.random.default_rng(2).normal(0, 0.02, N)
    opinion = np.where(np.arange(N) % 3 > 0, 0.15, 0)
    reviews = Reviews(first, second, labels, np.stack([level + opinion, level - opinion]))
    table = opinions.rates(reviews, by_words, seeds=2, draws=6, halves=4)
    assert list(table[["teacher", "reference"]].itertuples(index=False, name=None)) == list(
        CONTRASTS
    )
    assert table["rate"].between(0, 1).all()
    assert (table["rate_other"] <= table["rate"]).all()
    assert (table["spread"] > 0).all()
    assert (table["se_other"] > 0).all()
    pd.testing.assert_frame_equal(
        table, opinions.rates(reviews, by_words, seeds=2, draws=6, halves=4)
    )


def test_a_contrast_is_that_of_the_study(texts):
    made = pairs(60)
    random = np.random.default_rng(3)
    after, before = ({s: scored((made, random.normal(0.1, 1, 60))) for s in (0, 1)} for _ in "ab")
    arms = Arms("bow", "distilled", "permuted", after, before)
    expected = channel.change(arms, after[0], made, Margins()).set_index("scale").loc["log-odds"]
    changes = np.array(arms.changes(made, "log_odds"))
    this, other = opinions._contrast(made, changes, changes + np.array([[0.0], [1.0]]))
    assert this.p_value == pytest.approx(expected["p_value"])
    assert other.mean == this.mean
    assert other.se > this.se


def test_labels_are_shuffled_as_the_target_permuted_has_it():
    soft, labels = np.random.default_rng(0).random(30), np.arange(30) % 2
    teacher, nobody = np.column_stack([1 - soft, soft]), np.zeros((2, 30), bool)
    both = np.stack([teacher, teacher])
    data = Labelled(teacher, labels, nobody[0], both, nobody, seed=4)
    expected = targets.soft_labels("permuted", data)[:, 1]
    np.testing.assert_array_equal(opinions.shuffled(soft, labels, 4), expected)
