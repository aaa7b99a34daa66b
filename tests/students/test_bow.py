"""The bag of words computes the mean that it says, by hand, and that mean's gradients."""

import numpy as np
import pytest
import torch

from bias_transfer.students.bow import BagOfWords
from bias_transfer.students.tokenizer import PAD_ID


@pytest.fixture
def bow(roughen) -> BagOfWords:
    network = BagOfWords(vocabulary=7, embedding_dim=3, dropout=0.5).eval()
    roughen(network)
    return network


@pytest.mark.parametrize("padding", [1, 4])
@pytest.mark.parametrize("ids", [[2], [1, 5, 5, 3], [6, 2, 4, 1, 3], [1, 1]])
def test_bow_is_the_mean_of_embeddings_then_linear(bow, logits, parameters, ids, padding):
    (embedding,) = parameters(bow.embedding)
    weight, bias = parameters(bow.output)
    expected = weight @ (sum(embedding[i] for i in ids) / len(ids)) + bias
    np.testing.assert_allclose(logits(bow, ids, padding), expected, atol=1e-5)


def test_bow_of_no_words_is_the_bias(bow, logits, parameters):
    np.testing.assert_allclose(logits(bow, [], 3), parameters(bow.output)[1], atol=1e-6)


def test_bow_does_not_read_word_order(bow, logits):
    np.testing.assert_allclose(logits(bow, [2, 3, 4], 0), logits(bow, [4, 3, 2], 0), atol=1e-6)
    assert abs(logits(bow, [2, 3, 4], 0) - logits(bow, [2, 3, 5], 0)).max() > 0.01


def test_gradients_of_the_bag_of_words_are_those_of_the_plain_mean():
    """In float64, with a word twice in a text, and with a text without words."""
    torch.manual_seed(0)
    network = BagOfWords(9, 5, 0.0).double()
    ids = torch.tensor([[3, 4, 3, 8], [3, 1, PAD_ID, PAD_ID], [PAD_ID] * 4])
    mask = (ids != PAD_ID).long()
    pull = torch.randn(3, 2, dtype=torch.float64)

    (network(ids, mask) * pull).sum().backward()
    found = [parameter.grad.clone() for parameter in network.parameters()]
    network.zero_grad()
    mean = network.embedding(ids).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
    (network.output(mean) * pull).sum().backward()
    for gradient, parameter in zip(found, network.parameters(), strict=True):
        assert gradient.abs().max() > 0
        torch.testing.assert_close(gradient, parameter.grad)
