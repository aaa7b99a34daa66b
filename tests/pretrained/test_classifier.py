"""Any text classifier as a system: scores of a plain forward pass, and what is refused."""

import json
import shutil

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from bias_transfer.io.errors import InputError
from bias_transfer.pretrained import classifier
from bias_transfer.students import student as students

START, END = "<s>", "</s>"  # of the tiny Llama


@pytest.fixture
def texts(sentences):
    """Of very different lengths, in no order of length, and more than a batch."""
    words = " ".join(sentences).split()
    return [
        " ".join(words[i % 50 : i % 50 + 1 + i * 7 % 19]) for i in range(classifier.BATCH * 2 + 5)
    ]


def save(base, folder, labels=("negative", "positive"), **config):
    """A classifier with a random head on the tiny model ``base``, and its tokenizer."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = AutoModelForSequenceClassification.from_pretrained(
            base, num_labels=len(labels), id2label=dict(enumerate(labels)), **config
        )
        for parameter in model.parameters():  # a head as random as the rest, so that texts differ
            if parameter.shape[0] == len(labels):
                torch.nn.init.normal_(parameter, std=0.2)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    return str(folder)


def alone(folder, texts):
    """Softmax over all labels of each text by itself, unpadded, by plain transformers."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        rows = [
            tokenizer(text, truncation=True, max_length=64, return_tensors="pt") for text in texts
        ]
        logits = [
            model(row["input_ids"], attention_mask=row["attention_mask"]).logits[0] for row in rows
        ]
    return torch.stack(logits).double().softmax(-1).numpy()


@pytest.mark.parametrize("base", ["tiny_encoder", "tiny_distilbert"])
def test_scores_are_those_of_a_plain_forward_pass(request, tmp_path, texts, base):
    folder = save(request.getfixturevalue(base), tmp_path, ("negative", "neutral", "positive"))
    scores = classifier.score(folder, texts, None)
    assert scores.dtype == np.float64
    assert scores.shape == (len(texts),)
    assert scores.std() > 0.01
    np.testing.assert_allclose(scores, alone(folder, texts)[:, 2], atol=1e-5, rtol=0)


@pytest.mark.parametrize("pad", [False, True])
def test_classifier_that_pools_the_last_token(tiny_llama, tmp_path, texts, pad):
    folder = save(tiny_llama, tmp_path)
    if pad:
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(folder, pad_token=END)
        tokenizer.save_pretrained(folder)
        change(tmp_path / "config.json", pad_token_id=tokenizer.pad_token_id)
    np.testing.assert_allclose(
        classifier.score(folder, texts, None), alone(folder, texts)[:, 1], atol=1e-5, rtol=0
    )


def change(path, **values):
    path.write_text(
        json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8"
    )


def test_padding_of_the_tokenizer_that_the_model_would_take_for_words(tiny_llama, tmp_path, texts):
    """Its configuration names another padding token, so the model would pool a padded position."""
    from transformers import AutoTokenizer

    folder = save(tiny_llama, tmp_path)
    AutoTokenizer.from_pretrained(folder, pad_token=START).save_pretrained(folder)
    change(tmp_path / "config.json", pad_token_id=1)
    np.testing.assert_allclose(
        classifier.score(folder, texts, None), alone(folder, texts)[:, 1], atol=1e-5, rtol=0
    )


def test_long_text_is_cut_to_what_the_model_reads(tiny_encoder, tmp_path):
    folder = save(tiny_encoder, tmp_path)
    long = ["film " * 500, "dull " * 500]
    np.testing.assert_allclose(
        classifier.score(folder, long, None), alone(folder, long)[:, 1], atol=1e-5, rtol=0
    )


@pytest.mark.parametrize("kind", ["bow", "cnn", "tiny_encoder", "tiny_distilbert"])
def test_student_of_this_project(tiny_student, sentences, texts, tmp_path, kind):
    texts = [*texts, "film " * 60]
    student = students.build(tiny_student(kind), sentences, seed=0)
    student.save(tmp_path)
    positive, negative = (
        classifier.score(str(tmp_path), texts, label) for label in (None, "Negative")
    )
    np.testing.assert_allclose(positive, student.predict_proba(texts)[:, 1], atol=1e-6, rtol=0)
    np.testing.assert_allclose(positive + negative, 1, atol=1e-14, rtol=0)


def cut_tokenizer(folder, length):
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(length)
    tokenizer.save(str(folder / "tokenizer.json"))


def test_classifier_with_a_cut_tokenizer_is_no_student_yet(tiny_encoder, tmp_path, texts):
    """Many on the hub have one; their labels are their own."""
    folder = save(tiny_encoder, tmp_path, ("positive", "negative"))
    cut_tokenizer(tmp_path, 16)
    expected = alone(folder, texts)[:, 0]
    np.testing.assert_allclose(classifier.score(folder, texts, None), expected, atol=1e-5, rtol=0)
    (tmp_path / "tokenizer_config.json").unlink()
    short = [text for text in texts if len(text.split()) < 4]
    np.testing.assert_allclose(
        classifier.score(folder, short, None), alone(folder, short)[:, 0], atol=1e-5, rtol=0
    )


def test_encoder_that_looks_like_a_student_but_for_its_head(tiny_encoder, tmp_path, sentences):
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        shutil.copy(tiny_encoder / name, tmp_path)
    cut_tokenizer(tmp_path, 16)
    with pytest.raises(InputError, match="no trained text classifier"):
        classifier.score(str(tmp_path), sentences, None)


@pytest.mark.parametrize(
    ("labels", "column"),
    [
        (("NEGATIVE", "POSITIVE"), 1),
        (("Pos", "Neg"), 0),
        (("LABEL_0", "LABEL_1"), 1),
        (("pos", "neutral", "neg"), 0),
        (("positive", "label_1"), None),
        (("LABEL_0", "LABEL_1", "LABEL_2"), None),
        (("1 star", "5 stars"), None),
        (("pos", "positive", "neg"), None),
    ],
)
def test_positive_label_by_its_name(tiny_encoder, tmp_path, sentences, labels, column):
    folder = save(tiny_encoder, tmp_path, labels)
    if column is None:
        with pytest.raises(InputError, match=r"--positive LABEL") as caught:
            classifier.score(folder, sentences, None)
        assert f"(labels: {', '.join(labels)})" in str(caught.value)
    else:
        expected = alone(folder, sentences)[:, column]
        np.testing.assert_allclose(
            classifier.score(folder, sentences, None), expected, atol=1e-5, rtol=0
        )


def test_positive_label_named(tiny_encoder, tmp_path, sentences):
    folder = save(tiny_encoder, tmp_path, ("1 star", "3 stars", "5 stars"))
    for name in ("5 stars", "5 Stars"):
        expected = alone(folder, sentences)[:, 2]
        np.testing.assert_allclose(
            classifier.score(folder, sentences, name), expected, atol=1e-5, rtol=0
        )
    with pytest.raises(
        InputError, match=r"no label '4 stars' \(labels: 1 star, 3 stars, 5 stars\)"
    ):
        classifier.score(folder, sentences, "4 stars")


def test_model_without_a_trained_head_is_refused(tiny_encoder, tiny_llama, sentences):
    """transformers gives it a random one, whose answers mean nothing."""
    for folder in (tiny_encoder, tiny_llama):
        with pytest.raises(InputError, match="no trained text classifier: its weights lack"):
            classifier.score(str(folder), sentences, None)


def test_regression_is_refused(tiny_encoder, tmp_path, sentences):
    with pytest.raises(InputError, match="one number, not labels"):
        classifier.score(save(tiny_encoder, tmp_path, ("positive",)), sentences, None)


def test_labels_that_do_not_exclude_each_other_are_refused(tiny_encoder, tmp_path, sentences):
    folder = save(tiny_encoder, tmp_path, problem_type="multi_label_classification")
    with pytest.raises(InputError, match="do not sum to 1"):
        classifier.score(folder, sentences, None)


def test_pickled_weights_are_refused(tiny_encoder, tmp_path, sentences):
    from safetensors.torch import load_file

    folder = save(tiny_encoder, tmp_path)
    torch.save(load_file(tmp_path / "model.safetensors"), tmp_path / "pytorch_model.bin")
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(InputError, match="cannot be loaded"):
        classifier.score(folder, sentences, None)


def test_code_beside_a_model_is_not_run(tiny_encoder, tmp_path, sentences):
    folder = save(tiny_encoder, tmp_path)
    (tmp_path / "theirs.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n", encoding="utf-8")
    auto = {"AutoConfig": "theirs.Config", "AutoModelForSequenceClassification": "theirs.Model"}
    change(tmp_path / "config.json", model_type="theirs", auto_map=auto)
    with pytest.raises(InputError, match="cannot be loaded"):
        classifier.score(folder, sentences, None)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("model", "message"), [("./nowhere", "is missing"), ("", "cannot be loaded")]
)
def test_model_that_is_not_there(tmp_path, sentences, model, message):
    with pytest.raises(InputError, match=message):
        classifier.score(model or str(tmp_path), sentences, None)
