"""The CNN takes the highest window of each filter, by hand, and has that window's gradients."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from bias_transfer.students.cnn import WordCnn


@pytest.fixture
def cnn(roughen) -> WordCnn:
    network = WordCnn(
        vocabulary=7, embedding_dim=3, filter_widths=(1, 2, 4), filters=5, dropout=0.5
    ).eval()
    roughen(network)
    return network


@pytest.fixture
def windows_by_hand(parameters):
    """Per filter, the highest ReLU over windows that start on a word; past the end they read 0."""

    def run(cnn: WordCnn, ids: list[int]) -> np.ndarray:
        (embeddings,) = parameters(cnn.embedding)
        pooled = []
        for convolution in cnn.convolutions:
            for weight, constant in zip(*parameters(convolution), strict=True):  # (dim, width)
                best = 0.0
                for start in range(len(ids)):
                    total = constant
                    for offset, word in enumerate(ids[start : start + weight.shape[1]]):
                        total += weight[:, offset] @ embeddings[word]
                    best = max(best, total)
                pooled.append(best)
        return np.array(pooled)

    return run


@pytest.mark.parametrize("padding", [1, 6])
@pytest.mark.parametrize("ids", [[2], [1, 5, 5, 3], [6, 2, 4, 1, 3, 3, 5, 2], [1, 1], []])
def test_cnn_is_the_highest_window_of_each_filter_then_linear(
    cnn, logits, parameters, windows_by_hand, ids, padding
):
    weight, bias = parameters(cnn.output)
    expected = weight @ windows_by_hand(cnn, ids) + bias
    np.testing.assert_allclose(logits(cnn, ids, padding), expected, atol=1e-5)


def test_cnn_reads_word_order(cnn, logits):
    assert abs(logits(cnn, [2, 3, 4], 0) - logits(cnn, [4, 3, 2], 0)).max() > 0.01


def test_gradients_of_the_cnn_are_those_of_every_window():
    """Against plain layers in float64; one text is shorter than a filter, one has no words."""
    torch.manual_seed(0)
    network = WordCnn(20, 5, (2, 4), 3, 0.0).double()
    lengths = torch.tensor([7, 3, 1, 0])
    ids = torch.randint(1, 20, (4, 7))
    mask = (torch.arange(7) < lengths[:, None]).long()
    ids = ids * mask
    pull = torch.randn(4, 2, dtype=torch.float64)

    (network(ids, mask) * pull).sum().backward()
    found = [parameter.grad.clone() for parameter in network.parameters()]
    network.zero_grad()
    words = network.embedding(ids).transpose(1, 2)
    pooled = []
    for conv in network.convolutions:
        windows = conv(functional.pad(words, (0, conv.kernel_size[0] - 1))).relu()
        pooled.append(windows.masked_fill(mask.unsqueeze(1) == 0, 0).amax(-1))
    (network.output(torch.cat(pooled, 1)) * pull).sum().backward()
    for gradient, parameter in zip(found, network.parameters(), strict=True):
        assert gradient.abs().max() > 0
        torch.testing.assert_close(gradient, parameter.grad)
