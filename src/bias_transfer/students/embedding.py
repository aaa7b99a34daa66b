"""Initial word embeddings."""

import torch
from torch import nn

from bias_transfer.students.tokenizer import PAD_ID

STD = 0.02


def start_small(weight: torch.Tensor) -> None:
    """Draw embeddings from N(0, 0.02²); that of padding is 0.

    torch draws from N(0, 1). That is so large that after a few thousand short texts an embedding is
    still mostly noise.
    """
    nn.init.normal_(weight, std=STD)
    with torch.no_grad():
        weight[PAD_ID] = 0
