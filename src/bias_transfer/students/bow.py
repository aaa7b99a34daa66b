"""Bag of words: the average of word embeddings, then a linear layer."""

import torch
from torch import nn

from bias_transfer.students.embedding import start_small
from bias_transfer.students.tokenizer import PAD_ID


class BagOfWords(nn.Module):
    """Mean over a text's own words; padding is left out of sum and count. A text without words is the zero vector."""

    def __init__(self, vocabulary: int, embedding_dim: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.EmbeddingBag(vocabulary, embedding_dim, mode="mean", padding_idx=PAD_ID)
        start_small(self.embedding.weight)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(embedding_dim, 2)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits, shape (batch, 2), of ids of shape (batch, length); the mask is implied by the padding id."""
        return self.output(self.dropout(self.embedding(input_ids)))
