"""Students are built from a seed, saved without pickles, and loaded as they were.

A text's score depends on the text alone.
"""

import json
import resource

import numpy as np
import pytest
import torch

from bias_transfer.io.errors import InputError
from bias_transfer.students import student as students
from bias_transfer.students.student import SCORING_TOKENS

KINDS = ["bow", "cnn", "tiny_encoder", "tiny_distilbert"]
FILES = ["config.json", "model.safetensors", "tokenizer.json"]
LONG = "film " * 200


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
    """One put there by hand says not how much of a text the student was trained on."""
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


@pytest.fixture(scope="module", params=KINDS)
def student(request, tiny_student, sentences, roughen):
    built = students.build(tiny_student(request.param), sentences, seed=0)
    if request.param in ("bow", "cnn"):
        roughen(built.network)
    built.network.eval()
    return built


@torch.inference_mode()
def probabilities(student, texts: list[str], extra_padding: int = 0) -> np.ndarray:
    """Scores of one batch, padded by hand to its longest text and ``extra_padding`` more."""
    encoded = student.encode(texts)
    width = max(map(len, encoded)) + extra_padding
    ids = torch.tensor(
        [tokens.tolist() + [student.pad_id] * (width - len(tokens)) for tokens in encoded],
        dtype=torch.long,
    )
    mask = torch.tensor(
        [[1] * len(tokens) + [0] * (width - len(tokens)) for tokens in encoded], dtype=torch.long
    )
    return student.network(ids, mask).double().softmax(-1).numpy()


def test_texts_differ_in_score(student, sentences):
    """Else the tests below would pass for a network that looks at nothing."""
    assert np.ptp(student.predict_proba(sentences)[:, 1]) > 0.05


def test_score_is_the_same_alone_and_beside_a_much_longer_text(student, sentences):
    for text in sentences:
        alone = student.predict_proba([text])
        np.testing.assert_allclose(
            student.predict_proba([LONG, text])[1:], alone, atol=1e-6, rtol=0
        )
        np.testing.assert_allclose(
            probabilities(student, [LONG, text])[1:], alone, atol=1e-6, rtol=0
        )


@pytest.mark.parametrize("extra", [1, 2, 7, 30])
def test_score_is_the_same_with_any_amount_of_padding(student, sentences, extra):
    texts = [sentences[0], "film", "a film"]
    expected = student.predict_proba(texts)
    np.testing.assert_allclose(probabilities(student, texts, extra), expected, atol=1e-6, rtol=0)


def test_order_of_texts_does_not_matter(student, sentences):
    texts = [" ".join(text.split()[:n]) for text in sentences for n in range(1, 9)]
    order = np.random.default_rng(0).permutation(len(texts))
    shuffled = student.predict_proba([texts[i] for i in order])
    np.testing.assert_allclose(shuffled, student.predict_proba(texts)[order], atol=1e-6, rtol=0)


def test_more_texts_than_a_scoring_batch_are_all_scored_in_place(student, sentences):
    n_words = sum(len(text.split()) for text in sentences)
    texts = (sentences * (2 * SCORING_TOKENS // n_words))[:-1]
    scores = student.predict_proba(texts)
    once = student.predict_proba(sentences)
    expected = np.array([once[i % len(sentences)] for i in range(len(texts))])
    np.testing.assert_allclose(scores, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("text", ["", "zebra", "123 !?", "Ω"])
def test_text_without_a_known_word_is_scored_the_same_everywhere(student, text):
    alone = student.predict_proba([text])
    assert np.isfinite(alone).all()
    np.testing.assert_allclose(
        student.predict_proba([LONG, text, "film"])[1:2], alone, atol=1e-6, rtol=0
    )
    np.testing.assert_allclose(
        probabilities(student, [text, "film"], 5)[:1], alone, atol=1e-6, rtol=0
    )


def test_dropout_is_off_when_scoring(student, sentences):
    student.network.train()
    first = student.predict_proba(sentences)
    student.network.train()
    np.testing.assert_array_equal(student.predict_proba(sentences), first)
