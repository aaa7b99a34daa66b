"""Asking the teacher, resuming, and label probabilities from log-probabilities."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.teacher import labels, model
from bias_transfer.teacher.journal import Answer, Journal
from bias_transfer.teacher.scoring import Scorer


def ids_of(n: int) -> list[str]:
    return [f"{i:016x}" for i in range(n)]


def frame(*pairs: tuple[float, float]) -> pd.DataFrame:
    ids = ids_of(len(pairs))
    return labels.to_labels(
        pd.Series(ids), {name: Answer(*pair, 0) for name, pair in zip(ids, pairs, strict=True)}
    )


class StopsHalfWay:
    """A teacher whose machine is switched off after two batches."""

    def __init__(self, teacher: Scorer) -> None:
        self.teacher = teacher

    def score(self, texts, done=()):
        for number, part in enumerate(self.teacher.score(texts, done)):
            if number == 2:
                raise KeyboardInterrupt
            yield part


class Counts:
    """A teacher that notes what it answered, and whom it was told to leave out."""

    def __init__(self, teacher: Scorer) -> None:
        self.teacher = teacher
        self.answered: list[str] = []

    def score(self, texts, done=()):
        for part in self.teacher.score(texts, done):
            self.answered += part
            yield part


@pytest.fixture(scope="module")
def teacher(tiny_teacher, labelling) -> Scorer:
    return model.load(tiny_teacher(), None, labelling, "cpu")


@pytest.fixture
def journal(tmp_path):
    """A journal by name, read anew."""
    return lambda name="journal": Journal(tmp_path / f"{name}.jsonl", "ab" * 32)


@pytest.fixture(scope="module")
def texts(sentences) -> dict[str, str]:
    words = " ".join(sentences).split()
    return {name: " ".join(words[i : i + 1 + i % 4]) for i, name in enumerate(ids_of(20))}


def must_not_load():
    pytest.fail("the model was loaded although nothing is missing")


def test_probabilities_by_hand():
    """Next-token probabilities .1 and .3: .25 and .75 of the .4 that the labels hold together."""
    row = frame((np.log(0.1), np.log(0.3))).iloc[0]
    assert (row["label_0"], row["label_1"], row["label_mass"]) == pytest.approx(
        (0.25, 0.75, 0.4), abs=1e-15
    )


def test_columns_fit_the_file_contract_in_the_order_of_the_ids():
    answers = {name: Answer(-1.0 - i, -2.0, 0) for i, name in enumerate(ids_of(5))}
    wanted = pd.Series(ids_of(5)[::-1], index=[7, 3, 1, 9, 4])
    result = labels.to_labels(wanted, answers)
    assert result["id"].tolist() == ids_of(5)[::-1]
    assert result["label_0"].is_monotonic_increasing
    tables.validate(result, schemas.LABELS, "here")


def test_rows_sum_to_one_and_mass_is_the_sum_of_both_exponentials():
    pairs = -np.random.default_rng(0).exponential(3, (200, 2)) - np.log(2)
    result = frame(*map(tuple, pairs))
    np.testing.assert_allclose(result["label_0"] + result["label_1"], 1, atol=1e-15, rtol=0)
    np.testing.assert_allclose(result["label_mass"], np.exp(pairs).sum(1), rtol=1e-13)
    np.testing.assert_allclose(
        result["label_1"] / result["label_0"], np.exp(pairs[:, 1] - pairs[:, 0]), rtol=1e-9
    )


def test_no_ids_give_an_empty_table():
    result = labels.to_labels(pd.Series(dtype=str), {})
    assert len(result) == 0
    assert list(result.columns) == ["id", "label_0", "label_1", "label_mass"]


@pytest.mark.parametrize("gap", [30.0, 100.0, 700.0, 1e4])
def test_extreme_log_probabilities_do_not_overflow(gap):
    result = frame((-gap, -1e-9), (-1e-9, -gap))
    assert np.isfinite(result[["label_0", "label_1", "label_mass"]].to_numpy()).all()
    np.testing.assert_allclose(result["label_1"], [1, 0], atol=1e-12)
    np.testing.assert_allclose(result["label_mass"], 1, atol=1e-8)


def test_a_sure_negative_and_a_sure_positive_are_treated_alike():
    """Else only one of them counts as saturated, and calibration refuses that one alone."""
    result = frame((-60.0, -1e-9), (-1e-9, -60.0))
    assert result["label_0"].tolist() == result["label_1"].tolist()[::-1]


def test_answers_too_small_for_a_float_still_have_a_ratio():
    row = frame((-2000.0, -2000.0 - np.log(3))).iloc[0]
    assert (row["label_0"], row["label_1"], row["label_mass"]) == pytest.approx((0.75, 0.25, 0))


def test_asks_only_for_what_is_missing(teacher, texts, journal):
    answers = journal()
    first = dict(list(texts.items())[:6])
    assert labels.ask(first, answers, lambda: teacher) == 6
    before = dict(answers.answers)
    counts = Counts(teacher)
    assert labels.ask(texts, answers, lambda: counts) == 14
    assert sorted(counts.answered) == sorted(list(texts)[6:])
    assert {name: answers.answers[name] for name in first} == before
    assert answers.answers.keys() == journal().answers.keys() == texts.keys()


def test_does_not_load_the_model_when_nothing_is_missing(teacher, texts, journal):
    labels.ask(texts, journal(), lambda: teacher)
    assert labels.ask(texts, journal(), must_not_load) == 0
    assert labels.ask({}, journal("another"), must_not_load) == 0


def test_model_is_not_loaded_beside_another_run(texts, journal):
    with journal().alone(), pytest.raises(InputError, match="another run"):
        labels.ask(texts, journal(), must_not_load)


def test_killed_half_way_and_resumed_gives_the_very_labels_of_an_unbroken_run(
    teacher, texts, journal
):
    labels.ask(texts, journal("unbroken"), lambda: teacher)
    with pytest.raises(KeyboardInterrupt):
        labels.ask(texts, journal(), lambda: StopsHalfWay(teacher))
    saved = len(journal().answers)
    assert 2 <= saved < len(texts) - 2
    assert labels.ask(texts, journal(), lambda: teacher) == len(texts) - saved
    assert journal().answers == journal("unbroken").answers


def test_largest_difference_is_found_in_the_label_and_in_the_mass():
    stored = frame(*[(-1.0, -2.0)] * 4)
    assert labels.largest_difference(stored, stored)[0] == 0
    for column, shift in (("label_1", -0.25), ("label_mass", 0.125)):
        again = stored.copy()
        again.loc[2, column] += shift
        assert labels.largest_difference(stored, again) == (abs(shift), stored["id"][2])
