"""An arm: its base rows follow from the seed, and the student sees what is in them alone."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.corpora.splits import hold_out
from bias_transfer.distillation.arm import base_rows, fit_arm
from bias_transfer.distillation.fit import Setting
from bias_transfer.distillation.halves import half
from bias_transfer.study.params import Distillation

SHARED = Distillation(
    calibration="none",
    alpha=1.0,
    temperature=1.0,
    validation_share=0.25,
    patience=9,
    warmup_share=0.1,
)


@pytest.fixture(scope="module")
def reviews() -> pd.DataFrame:
    """40 reviews, each with a word of its own."""
    texts = [f"a {'fine' if i % 2 else 'dull'} film {chr(97 + i // 26)}{chr(97 + i % 26)}"
             for i in range(40)]  # fmt: skip
    return pd.DataFrame({"text": texts, "label": np.arange(40) % 2})


@pytest.fixture(scope="module")
def soft(reviews) -> np.ndarray:
    positive = np.where(reviews["label"] == 1, 0.8, 0.3)
    return np.stack([1 - positive, positive], 1)


@pytest.fixture
def fitted(tiny_student, reviews, soft):
    def run(seed: int = 0, alpha: float = 1.0, soft: np.ndarray = soft):
        setting = Setting(alpha, seed, "cpu", f"bow/seed-{seed}")
        return fit_arm(reviews, soft, tiny_student("bow"), SHARED, setting)

    return run


def test_base_rows_are_a_share_of_each_class_and_follow_from_the_seed(reviews):
    fitting, validation = base_rows(reviews["label"], SHARED, 3)
    for found, expected in zip(
        (fitting, validation), hold_out(reviews["label"], 0.25, 3), strict=True
    ):
        np.testing.assert_array_equal(found, expected)
    assert sorted([*fitting, *validation]) == list(range(40))
    assert reviews["label"].iloc[validation].value_counts().to_dict() == {0: 5, 1: 5}
    assert set(base_rows(reviews["label"], SHARED, 4)[1]) != set(validation)


def test_half_of_the_base_rows_are_left_by_class_and_the_same_reviews_validate(reviews):
    whole, held_out = base_rows(reviews["label"], SHARED, 3)
    found, same = base_rows(reviews["label"], SHARED, 3, "half")
    np.testing.assert_array_equal(same, held_out)
    np.testing.assert_array_equal(found, whole[half(reviews["label"].to_numpy()[whole], 3)])
    assert reviews["label"].iloc[found].value_counts().to_dict() == {0: 7, 1: 7}
    assert set(base_rows(reviews["label"], SHARED, 4, "half")[0]) != set(found)


def test_student_knows_the_words_of_the_rows_it_is_fitted_on_and_no_others(fitted, reviews):
    student = fitted(seed=2).student
    fitting, validation = base_rows(reviews["label"], SHARED, 2)
    words = reviews["text"].str.split().str[-1]
    known = set(student.tokenizer.get_vocab())
    assert set(words.iloc[fitting]) <= known
    assert not set(words.iloc[validation]) & known


def test_soft_labels_of_the_validation_rows_do_not_count(fitted, reviews, soft):
    _, validation = base_rows(reviews["label"], SHARED, 0)
    other = soft.copy()
    other[validation] = other[validation][:, ::-1]
    one, two = fitted(), fitted(soft=other)
    assert one.history.equals(two.history)
    texts = reviews["text"].tolist()
    np.testing.assert_array_equal(
        one.student.predict_proba(texts), two.student.predict_proba(texts)
    )


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_alpha_says_whether_soft_labels_count(fitted, soft, alpha):
    one, two = fitted(alpha=alpha), fitted(alpha=alpha, soft=soft[:, ::-1].copy())
    assert one.history.equals(two.history) == (alpha == 0)


def test_of_two_versions_an_epoch_takes_one_of_each_review(tiny_student, reviews, soft):
    """The same text twice, under contrary labels: what is learnt lies between both."""
    setting, text = Setting(1.0, 0, "cpu", "bow/seed-0"), reviews["text"]
    contrary = soft[:, ::-1].copy()

    def scores(labels, versions):
        fitted = fit_arm(reviews, labels, tiny_student("bow"), SHARED, setting, versions)
        return fitted.student.predict_proba(text.tolist())[:, 1]

    own, mirrored = scores(soft, None), scores(contrary, None)
    np.testing.assert_array_equal(scores(np.stack([soft, soft]), (text, text)), own)
    mixed = scores(np.stack([soft, contrary]), (text, text))
    good = reviews["label"].to_numpy() == 1
    spread = [s[good].mean() - s[~good].mean() for s in (own, mixed, mirrored)]
    assert spread[0] > spread[1] > spread[2]


def test_vocabulary_and_validation_are_of_the_reviews_whatever_their_versions(
    tiny_student, reviews, soft
):
    setting, other = Setting(1.0, 0, "cpu", "bow/seed-0"), reviews["text"] + " elsewhere"
    both = np.stack([soft, soft])
    fitted = fit_arm(reviews, both, tiny_student("bow"), SHARED, setting, (other, other))
    assert "elsewhere" not in fitted.student.tokenizer.get_vocab()
