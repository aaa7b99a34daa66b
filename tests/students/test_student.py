"""Students are built from a seed, saved without pickles, loaded as they were, and refuse what is not a student."""

import json
import resource

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from bias_transfer.io.errors import InputError
from bias_transfer.students import student as students

KINDS = ["bow", "cnn", "tiny_encoder", "tiny_distilbert"]
TRANSFORMERS = ["tiny_encoder", "tiny_distilbert"]
FILES = ["config.json", "model.safetensors", "tokenizer.json"]


@pytest.fixture(params=KINDS)
def params(request, tiny_student):
    return tiny_student(request.param)


@pytest.fixture
def built(params, sentences):
    return students.build(params, sentences, seed=0)


def same_weights(one, other) -> bool:
    first, second = one.network.state_dict(), other.network.state_dict()
    assert first.keys() == second.keys()
    return all(torch.equal(first[name], second[name]) for name in first)


def test_same_seed_gives_the_same_student(params, sentences):
    one = students.build(params, sentences, seed=3)
    torch.rand(5)  # whatever was drawn in between
    other = students.build(params, sentences, seed=3)
    assert same_weights(one, other)
    assert one.tokenizer.to_str() == other.tokenizer.to_str()


def test_another_seed_gives_another_student(params, sentences):
    one, other = (students.build(params, sentences, seed) for seed in (0, 1))
    assert not same_weights(one, other)
    assert not np.allclose(one.predict_proba(sentences), other.predict_proba(sentences), atol=1e-6)


def test_scores_are_probabilities_in_float64(built, sentences):
    scores = built.predict_proba(sentences)
    assert scores.dtype == np.float64
    assert scores.shape == (len(sentences), 2)
    assert ((scores > 0) & (scores < 1)).all()
    np.testing.assert_allclose(scores.sum(1), 1, atol=1e-15, rtol=0)


def test_no_texts_give_no_scores(built):
    assert built.predict_proba([]).shape == (0, 2)


@pytest.mark.parametrize("kind", TRANSFORMERS)
def test_plain_transformers_load_a_transformer_students_folder(
    tiny_student, kind, sentences, tmp_path
):
    """Padded and cut as the student does: the last text is longer than ``max_length``."""
    student = students.build(tiny_student(kind, max_length=8), [], seed=0)
    student.save(tmp_path)
    texts = [*sentences, " ".join(sentences)]
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    assert model.config.id2label == {0: "negative", 1: "positive"}
    inputs = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    assert inputs["input_ids"].shape[1] == 8
    with torch.inference_mode():
        scores = (
            model(inputs["input_ids"], attention_mask=inputs["attention_mask"])
            .logits.double()
            .softmax(-1)
        )
    np.testing.assert_allclose(scores, student.predict_proba(texts), atol=1e-6)


def test_save_and_load_give_the_same_scores_exactly(built, sentences, tmp_path):
    texts = [*sentences, "", "zebra", "film " * 60]
    before = built.predict_proba(texts)
    built.save(tmp_path)
    np.testing.assert_array_equal(students.load(tmp_path).predict_proba(texts), before)
    np.testing.assert_array_equal(built.predict_proba(texts), before)


def test_saved_twice_gives_the_same_bytes(params, sentences, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        students.build(params, sentences, seed=0).save(tmp_path / name)
    for file in FILES:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), (
            file
        )


def test_folder_holds_safetensors_and_json_and_nothing_else(built, params, tmp_path):
    built.save(tmp_path)
    expected = [*FILES, "tokenizer_config.json"] if params.architecture == "transformer" else FILES
    assert sorted(path.name for path in tmp_path.iterdir()) == expected
    json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    size = int.from_bytes((tmp_path / "model.safetensors").read_bytes()[:8], "little")
    json.loads((tmp_path / "model.safetensors").read_bytes()[8 : 8 + size])


def test_what_cannot_be_written_is_an_error_of_the_system(built, tmp_path):
    """``safetensors`` raises its own; here files may not grow beyond a few bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    try:
        with pytest.raises(OSError, match=r"model\.safetensors.*File too large"):
            built.save(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_length_of_the_cut_survives(built, params, tmp_path):
    built.save(tmp_path)
    loaded = students.load(tmp_path)
    assert loaded.max_length == built.max_length == params.max_length
    assert [len(ids) for ids in loaded.encode(["film " * 100])] == [params.max_length]


def test_same_cut_ids_before_and_after_scoring(built, sentences, tmp_path):
    built.save(tmp_path)
    texts = [*sentences, "film " * 100]
    for ids, expected in zip(
        students.load(tmp_path).encode(texts), built.encode(texts), strict=True
    ):
        np.testing.assert_array_equal(ids, expected)


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_transformer_longer_than_its_positions_is_refused(tiny_student, name):
    students.build(tiny_student(name, max_length=64), [], seed=0)
    with pytest.raises(InputError, match="max_length 65 exceeds the 64 positions"):
        students.build(tiny_student(name, max_length=65), [], seed=0)


def test_transformer_that_is_not_there(tiny_student, tmp_path):
    with pytest.raises(InputError, match="nowhere is missing"):
        students.build(tiny_student("tiny_encoder", model=str(tmp_path / "nowhere")), [], seed=0)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("file", FILES)
def test_missing_file_is_named(tiny_student, sentences, tmp_path, name, file):
    students.build(tiny_student(name), sentences, seed=0).save(tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(InputError, match=f"lacks {file}"):
        students.load(tmp_path)


@pytest.mark.parametrize(
    ("model_type", "message"),
    [("bias-transfer-cmm", "did you mean 'bias-transfer-cnn'"), ("gpt-eight", "cannot be loaded")],
)
def test_unknown_model_type_is_refused(tiny_student, sentences, tmp_path, model_type, message):
    students.build(tiny_student("bow"), sentences, seed=0).save(tmp_path)
    path = tmp_path / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(config | {"model_type": model_type}), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        students.load(tmp_path)


def test_tokenizer_without_a_cut_is_refused(tiny_student, sentences, tmp_path):
    """Such as a tokenizer.json put there by hand: how much of a text the student was trained on is not known."""
    student = students.build(tiny_student("bow"), sentences, seed=0)
    student.save(tmp_path)
    student.tokenizer.no_truncation()
    student.tokenizer.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(InputError, match=r"tokenizer\.json"):
        students.load(tmp_path)


def test_weights_of_another_shape_are_refused(tiny_student, sentences, tmp_path):
    students.build(tiny_student("bow"), sentences, seed=0).save(tmp_path)
    (tmp_path / "other").mkdir()
    students.build(tiny_student("bow", embedding_dim=5), sentences, seed=0).save(tmp_path / "other")
    (tmp_path / "other" / "model.safetensors").replace(tmp_path / "model.safetensors")
    with pytest.raises(InputError):
        students.load(tmp_path)


def test_vocabulary_comes_from_the_training_texts_alone(tiny_student):
    student = students.build(tiny_student("bow"), ["a fine film"], seed=0)
    assert student.encode(["a fine zebra"])[0][2] == student.tokenizer.token_to_id("[UNK]")
    assert student.config["vocabulary"] == student.network.embedding.num_embeddings == 5
