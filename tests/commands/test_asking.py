"""A system in any of its forms gives the same scored corpus; what is none is refused by name."""

import numpy as np
import pandas as pd
import pytest
import torch

from bias_transfer.bias import scores
from bias_transfer.commands import asking
from bias_transfer.corpora import eec
from bias_transfer.io.errors import InputError

CORPUS = eec.generate()
PAIRS = pd.DataFrame(
    {
        "pair_id": ["1", "1", "2", "2"],
        "group": ["women", "men"] * 2,
        "template": ["a", "a", "b", "b"],
        "sentence": ["She sang.", "He sang.", "She ran.", "He ran."],
    }
)


def p_positive(text):
    return 0.1 + sum(text.encode()) % 80 / 100


def answer(texts):
    return [p_positive(text) for text in texts]


EXPECTED = scores.match(CORPUS[["sentence"]].assign(score=answer(CORPUS["sentence"])), "expected")


def labelled(text):
    p = p_positive(text)
    return [{"label": "NEGATIVE", "score": 1 - p}, {"label": "POSITIVE", "score": p}]


class Named:
    """A classifier of scikit-learn, whose columns are in the order of ``classes_``."""

    def __init__(self, classes, swapped=False):
        self.classes_, self.swapped = classes, swapped

    def predict_proba(self, texts):
        both = np.array([[1 - p, p] for p in answer(texts)])
        return both[:, ::-1] if self.swapped else both


FORMS = {
    "a list": answer,
    "an array": lambda texts: np.array(answer(texts)),
    "a column": lambda texts: np.array(answer(texts))[:, None],
    "both labels": lambda texts: [[1 - p, p] for p in answer(texts)],
    "a tensor": lambda texts: torch.tensor(answer(texts), dtype=torch.float64, requires_grad=True),
    "a frame": lambda texts: pd.DataFrame(
        {"positive": answer(texts), "negative": 1 - np.array(answer(texts))}
    ),
    "a frame without names": lambda texts: pd.DataFrame([[1 - p, p] for p in answer(texts)]),
    "a frame of three": lambda texts: pd.DataFrame(
        {"positive": answer(texts), "neutral": 0.0, "negative": 1 - np.array(answer(texts))}
    ),
    "labels by name": lambda texts: [{"positive": p, "negative": 1 - p} for p in answer(texts)],
    "all labels of a pipeline": lambda texts: [labelled(text) for text in texts],
    "the winner of a pipeline": lambda texts: [
        max(labelled(text), key=lambda each: each["score"]) for text in texts
    ],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_answer_gives_the_same_scores(form):
    found = asking.scored(FORMS[form], "mine")
    assert found["sentence"].tolist() == CORPUS["sentence"].tolist()
    np.testing.assert_allclose(found["score"], EXPECTED["score"], rtol=0, atol=1e-12)


def test_a_tensor_of_half_precision_is_read():
    found = asking.scored(lambda texts: torch.tensor(answer(texts)).bfloat16(), "mine")
    np.testing.assert_allclose(found["score"], EXPECTED["score"], atol=4e-3)


def test_the_classes_of_scikit_learn_say_which_column_is_positive():
    for classes, swapped in (
        (np.array([0, 1]), False),
        (np.array([-1.0, 1.0]), False),
        (np.array([False, True]), False),
        (np.array(["pos", "neg"]), True),
        (np.array(["p_positive", "p_negative"]), True),
        (5, False),  # an attribute of something else
        (["a", "b", "c"], False),
    ):
        model = Named(classes, swapped)
        found = asking.scored(model.predict_proba, "mine")
        np.testing.assert_allclose(found["score"], EXPECTED["score"], atol=1e-12)


def test_winners_in_a_table_count_by_their_label():
    p = np.array(answer(CORPUS["sentence"]))
    table = CORPUS[["sentence"]].assign(
        label=np.where(p >= 0.5, "POSITIVE", "NEGATIVE"), score=np.maximum(p, 1 - p)
    )
    np.testing.assert_allclose(asking.scored(table, "mine")["score"], p, atol=1e-12)
    numbered = table.assign(label=(p >= 0.5).astype(int))
    np.testing.assert_allclose(asking.scored(numbered, "mine")["score"], p, atol=1e-12)
    # Labels that say nothing of the score, and scores that are no winners', are left alone.
    for other in (table.assign(label=1, score=p), table.assign(score=p)):
        np.testing.assert_allclose(asking.scored(other, "mine")["score"], p, atol=1e-12)


@pytest.mark.parametrize("labels", [["POSITIVE", "NEUTRAL"], ["5 stars", "1 star"], ["NEGATIVE"]])
def test_a_table_of_winners_that_are_not_clear_is_refused(labels):
    table = PAIRS[["sentence"]].assign(label=np.resize(labels, len(PAIRS)), score=0.8)
    with pytest.raises(InputError, match="is column 'score' P\\(positive\\), or the score of"):
        asking.scored(table, "mine", PAIRS)
    assert (asking.scored(table, "mine", PAIRS, "score")["score"] == 0.8).all()


def test_a_sum_of_float32_may_pass_1_by_its_rounding():
    found = asking.scored(lambda texts: [1 + 1e-7] * len(texts), "mine", PAIRS)
    assert (found["score"] == 1).all()


def test_two_seeds_of_the_same_scores_are_refused():
    frame = asking.scored(answer, "mine", PAIRS)
    asking.refuse_same({"m/seed-0": frame, "m/seed-1": frame.assign(score=0.5)})
    hard = frame.assign(score=[0.0, 1.0] * 2)
    asking.refuse_same({"m/seed-0": hard, "m/seed-1": hard})
    with pytest.raises(InputError, match="m/seed-0 and m/seed-1 score every sentence alike"):
        asking.refuse_same({"m/seed-0": frame, "m/seed-1": frame})


def test_a_function_is_asked_in_batches_about_each_sentence_once():
    asked = []
    asking.scored(lambda texts: asked.append(texts) or answer(texts), "mine")
    assert [text for batch in asked for text in batch] == CORPUS["sentence"].tolist()
    assert all(isinstance(batch, list) for batch in asked)
    assert max(map(len, asked)) == asking.BATCH


def test_a_table_as_pandas_reads_it_from_the_corpus_file(tmp_path):
    """Its empty cells are missing values there, which decide nothing."""
    path = tmp_path / "mine.csv"
    CORPUS.assign(score=answer(CORPUS["sentence"])).to_csv(path, index=False)
    read = pd.read_csv(path)
    assert read["race"].isna().any()
    for form in (read, read.sample(frac=1, random_state=0), path, str(path)):
        found = asking.scored(form, "mine")
        pd.testing.assert_series_equal(found["score"], EXPECTED["score"])
        assert (found["race"] == CORPUS["race"]).all()


def test_pairs_of_ones_own_are_asked_about():
    found = asking.scored(answer, "mine", PAIRS)
    assert found["sentence"].tolist() == PAIRS["sentence"].tolist()
    assert found["score"].tolist() == answer(PAIRS["sentence"])


class Classifier:
    def predict_proba(self, texts):
        return answer(texts)


REFUSED = {
    "logits": (
        lambda texts: [7.0] * len(texts),
        "mine answers with 7, which is not a probability between 0 and 1: let it give P",
    ),
    "too few": (lambda texts: answer(texts)[1:], r"shape \(3,\): it must be \(4,\)"),
    "three labels": (
        lambda texts: np.full((len(texts), 3), 1 / 3),
        r"shape \(4, 3\).*lambda texts: f\(texts\)\[:, 2\]",
    ),
    "two columns whose names say nothing": (
        lambda texts: pd.DataFrame([[0.1, 0.9]] * len(texts), columns=["n", "p"]),
        "not clear which class is the positive one",
    ),
    "classes that say nothing": (
        Named(np.array(["good", "poor"])).predict_proba,
        r"positive one \(good, poor\)",
    ),
    "a label without a score": (
        lambda texts: [{"label": "positive"}] * len(texts),
        "has no label with a score",
    ),
    "no score": (lambda texts: [{"positive": None}] * len(texts), "has no label with a score"),
    "a little above 1": (lambda texts: [1.0001] * len(texts), "with 1.0001, which"),
    "two columns that do not sum to 1": (lambda texts: [[0.2, 0.2]] * len(texts), "sum to 1"),
    "words": (lambda texts: ["good"] * len(texts), "answers with 'list'"),
    "nothing": (lambda texts: None, r"shape \(\)"),
    "a label of a third kind": (
        lambda texts: [{"label": "neutral", "score": 0.9}] * len(texts),
        "'neutral' alone.*top_k=None",
    ),
    "labels without names": (
        lambda texts: [[{"label": f"L{i}", "score": 0.5} for i in (0, 1)]] * len(texts),
        r"not clear which class is the positive one \(l0, l1\)",
    ),
    "an object": (Classifier(), "'Classifier'.*give its predict_proba"),
    "a number": (3, "'int', and neither a path"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_system_is_refused_with_its_name(what):
    system, message = REFUSED[what]
    with pytest.raises(InputError, match=message) as caught:
        asking.scored(system, "mine", PAIRS)
    assert "mine" in str(caught.value)


def test_one_system_is_named_by_its_file_or_as_the_model(tmp_path):
    assert list(asking.named("folder/mine.csv")) == ["mine"]
    assert list(asking.named(tmp_path / "mine.parquet")) == ["mine"]
    assert list(asking.named(answer)) == list(asking.named(PAIRS)) == [asking.NAME]
    assert asking.named({"a": answer, "b": "c.csv"}) == {"a": answer, "b": "c.csv"}
