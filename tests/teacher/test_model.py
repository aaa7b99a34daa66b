"""The teacher's answers against a plain computation, whatever the batch; and what makes a teacher another one."""

import random
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForSequenceClassification

from bias_transfer.errors import InputError
from bias_transfer.teacher import model


def scores(teacher, texts: list[str]) -> np.ndarray:
    answers = np.full((len(texts), 2), np.nan)
    for positions, log_probabilities in teacher.score(texts):
        answers[positions] = log_probabilities
    return answers


@pytest.fixture(scope="module")
def texts(sentences) -> list[str]:
    """70 texts of many lengths, several of each length, some of them over the limit."""
    words = " ".join(sentences).split()
    pick = random.Random(0)
    return [" ".join(pick.choices(words, k=pick.choice([1, 2, 3, 5, 8, 13, 60]))) for _ in range(70)]


@pytest.fixture(scope="module")
def plain(tiny_llama):
    """One text at a time: prompt and label as one string, logits of every position, softmax in float64."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_llama)
    network = AutoModelForCausalLM.from_pretrained(tiny_llama, dtype=torch.float32).eval()

    def answer(params, text: str) -> list[float]:
        whole = [tokenizer.encode(params.prompt.replace("{text}", text) + label) for label in params.labels]
        assert whole[0][:-1] == whole[1][:-1]
        with torch.inference_mode():
            logits = network(input_ids=torch.tensor([whole[0]])).logits[0]
        log_probabilities = logits[len(whole[0]) - 2].double().log_softmax(-1)
        return [log_probabilities[ids[-1]].item() for ids in whole]

    return answer


@pytest.mark.parametrize("batch_size", [1, 8, 64])
def test_answers_match_a_plain_computation_at_every_batch_size(tiny_teacher, plain, texts, batch_size):
    params = tiny_teacher(batch_size=batch_size)
    teacher = model.load(params, "cpu")
    expected = np.array([plain(params, teacher.prompt.fit(text)) for text in texts])
    assert np.ptp(expected, axis=0).min() > 0.5  # the texts do differ, or the comparison would say little
    np.testing.assert_allclose(scores(teacher, texts), expected, atol=1e-5, rtol=0)


def test_order_of_texts_does_not_matter(tiny_teacher, texts):
    teacher = model.load(tiny_teacher(), "cpu")
    order = np.random.default_rng(1).permutation(len(texts))
    shuffled = scores(teacher, [texts[i] for i in order])
    np.testing.assert_allclose(shuffled, scores(teacher, texts)[order], atol=1e-5, rtol=0)


def test_every_text_is_answered_once_in_float64(tiny_teacher, texts):
    teacher = model.load(tiny_teacher(batch_size=2), "cpu")
    parts = list(teacher.score(texts))
    assert sorted(i for positions, _ in parts for i in positions) == list(range(len(texts)))
    assert all(answers.shape == (len(positions), 2) and answers.dtype == np.float64 for positions, answers in parts)
    assert all((answers < 0).all() for _, answers in parts)
    assert max(len(positions) for positions, _ in parts) == teacher.batch_size


def test_no_texts_give_no_answers(tiny_teacher):
    assert list(model.load(tiny_teacher(), "cpu").score([])) == []


@pytest.mark.parametrize("size", [1, 3, 100])
def test_same_length_batches(size):
    lengths = np.random.default_rng(0).integers(1, 6, 50).tolist()
    parts = list(model.same_length_batches(lengths, size))
    assert sorted(i for part in parts for i in part) == list(range(50))
    assert all(1 <= len(part) <= size for part in parts)
    assert all(len({lengths[i] for i in part}) == 1 for part in parts)
    firsts = [lengths[part[0]] for part in parts]
    assert firsts == sorted(firsts, reverse=True)
    assert len(parts) == sum(-(-lengths.count(length) // size) for length in set(lengths))


def test_same_length_batches_of_nothing():
    assert list(model.same_length_batches([], 4)) == []


def test_answers_that_are_not_numbers_are_refused(tiny_teacher, texts):
    teacher = model.load(tiny_teacher(), "cpu")
    with torch.no_grad():
        teacher.model.lm_head.weight[0, 0] = float("nan")
    with pytest.raises(InputError, match=r"not numbers \(NaN\).*dtype"):
        scores(teacher, texts)


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "Text: {text}\nSentiment:"},
        {"labels": (" Positive", " Negative")},
        {"dtype": "bfloat16"},
        {"max_text_tokens": 47},
    ],
    ids=lambda change: next(iter(change)),
)
def test_fingerprint_changes_with_what_decides_a_label(tiny_teacher, change):
    assert model.fingerprint(tiny_teacher(**change))["sha256"] != model.fingerprint(tiny_teacher())["sha256"]


def test_fingerprint_does_not_change_with_the_batch_size(tiny_teacher):
    assert model.fingerprint(tiny_teacher(batch_size=1)) == model.fingerprint(tiny_teacher(batch_size=64))


def test_fingerprint_keeps_prompt_and_labels_apart(tiny_teacher):
    """Moving a character from the prompt to a label makes another question."""
    one = tiny_teacher(prompt="{text}\nS:", labels=(" A", " B"))
    other = tiny_teacher(prompt="{text}\nS", labels=(": A", " B"))
    assert model.fingerprint(one)["sha256"] != model.fingerprint(other)["sha256"]


def test_fingerprint_changes_with_the_weights(tiny_teacher, tiny_llama, tmp_path):
    folder = shutil.copytree(tiny_llama, tmp_path / "copy")
    before = model.fingerprint(tiny_teacher(model=str(folder)))["sha256"]
    assert model.fingerprint(tiny_teacher(model=str(folder)))["sha256"] == before
    weights = load_file(folder / "model.safetensors")
    weights["lm_head.weight"][0, 0] += 1
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert model.fingerprint(tiny_teacher(model=str(folder)))["sha256"] != before


def test_fingerprint_changes_with_the_tokenizer(tiny_teacher, tiny_llama, tmp_path):
    folder = shutil.copytree(tiny_llama, tmp_path / "copy")
    before = model.fingerprint(tiny_teacher(model=str(folder)))["sha256"]
    tokenizer = folder / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text(encoding="utf-8").replace("ĠNegative", "ĠNegation"), encoding="utf-8")
    assert model.fingerprint(tiny_teacher(model=str(folder)))["sha256"] != before


def test_missing_folder(tiny_teacher, tmp_path):
    with pytest.raises(InputError, match="nowhere is missing"):
        model.load(tiny_teacher(model=str(tmp_path / "nowhere")), "cpu")


def test_empty_folder(tiny_teacher, tmp_path):
    with pytest.raises(InputError, match="cannot be loaded"):
        model.load(tiny_teacher(model=str(tmp_path)), "cpu")


@pytest.mark.parametrize("encoder", ["tiny_encoder", "tiny_distilbert"])
def test_model_that_is_not_a_causal_language_model(tiny_teacher, request, encoder):
    folder = request.getfixturevalue(encoder)
    with pytest.raises(InputError, match=r"(?i)causal ?l"):  # and not for what its tokenizer does to the labels
        model.load(tiny_teacher(model=str(folder), labels=(" funny", " dull")), "cpu")


def test_model_without_a_language_head_is_refused(tiny_teacher, tiny_llama, tmp_path):
    """Without this, transformers draws the missing head at random and the labels are noise."""
    folder = shutil.copytree(tiny_llama, tmp_path / "classifier")
    LlamaForSequenceClassification(LlamaConfig.from_pretrained(tiny_llama)).save_pretrained(folder)
    with pytest.raises(InputError, match="not a causal language model"):
        model.load(tiny_teacher(model=str(folder)), "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there")
def test_cuda_without_a_gpu(tiny_teacher):
    with pytest.raises(InputError, match="no GPU"):
        model.load(tiny_teacher(), "cuda")
