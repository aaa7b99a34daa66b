"""A pretrained encoder: its dropout, its positions, and a folder that plain transformers loads."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from bias_transfer.io.errors import InputError
from bias_transfer.students.student import build

KINDS = ["tiny_encoder", "tiny_distilbert"]


@pytest.mark.parametrize(
    ("kind", "attention", "elsewhere"),
    [
        ("tiny_encoder", "attention_probs_dropout_prob", "hidden_dropout_prob"),
        ("tiny_distilbert", "attention_dropout", "dropout"),
    ],
)
def test_nothing_is_dropped_from_attention_and_elsewhere_as_before(
    kind, attention, elsewhere, tiny_student
):
    network = build(tiny_student(kind), [], seed=0).network
    assert getattr(network.model.config, attention) == 0
    assert getattr(network.model.config, elsewhere) == 0.1
    rates = {module.p for module in network.modules() if isinstance(module, torch.nn.Dropout)}
    assert 0.1 in rates


@pytest.mark.parametrize("kind", KINDS)
def test_plain_transformers_load_a_transformer_students_folder(
    tiny_student, kind, sentences, tmp_path
):
    """Padded and cut as the student does: the last text is longer than ``max_length``."""
    student = build(tiny_student(kind, max_length=8), [], seed=0)
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


@pytest.mark.parametrize("name", KINDS)
def test_transformer_longer_than_its_positions_is_refused(tiny_student, name):
    build(tiny_student(name, max_length=64), [], seed=0)
    with pytest.raises(InputError, match="max_length 65 exceeds the 64 positions"):
        build(tiny_student(name, max_length=65), [], seed=0)


def test_transformer_that_is_not_there(tiny_student, tmp_path):
    with pytest.raises(InputError, match="nowhere is missing"):
        build(tiny_student("tiny_encoder", model=str(tmp_path / "nowhere")), [], seed=0)
