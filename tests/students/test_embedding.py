"""Word embeddings start small, padding at 0."""

import pytest
import torch

from bias_transfer.students.bow import BagOfWords
from bias_transfer.students.cnn import WordCnn
from bias_transfer.students.embedding import STD, start_small
from bias_transfer.students.tokenizer import PAD_ID


def test_embeddings_are_drawn_small_and_padding_is_0():
    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.full((2000, 50), 7.0))
    start_small(weight)
    assert not weight[PAD_ID].any()
    assert weight[1:].std().item() == pytest.approx(STD, rel=0.02)
    assert weight[1:].mean().item() == pytest.approx(0, abs=STD / 50)


@pytest.mark.parametrize(
    "network", [BagOfWords(500, 40, 0.5), WordCnn(500, 40, (2, 3), 4, 0.5)], ids=["bow", "cnn"]
)
def test_both_word_level_students_start_with_them(network):
    weight = network.embedding.weight
    assert not weight[PAD_ID].any()
    assert weight[1:].std().item() == pytest.approx(STD, rel=0.05)
