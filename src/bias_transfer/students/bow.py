"""Bag of words: the average of word embeddings, then a linear layer."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from bias_transfer.students import sparse
from bias_transfer.students.embedding import start_small
from bias_transfer.students.tokenizer import PAD_ID


class BagOfWords(nn.Module):
    """Mean of a text's word embeddings, then a linear layer.

    Padding is left out of sum and count. The mean of a text without words is the zero vector.
    """

    def __init__(self, vocabulary: int, embedding_dim: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding_dim, padding_idx=PAD_ID)
        start_small(self.embedding.weight)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(embedding_dim, 2)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits, shape (batch, 2), of ids and mask of shape (batch, length)."""
        words, lengths = input_ids.masked_select(attention_mask.bool()), attention_mask.sum(1)
        return self.output(self.dropout(_Mean.apply(self.embedding.weight, words, lengths)))


class _Mean(torch.autograd.Function):
    """Mean embedding of each text, shape (texts, dim); of a text without words, zero.

    Its backward pass is a product with the sparse matrix of word shares. That is several times as
    fast as torch's own, which copies a text's gradient once per word.
    """

    @staticmethod
    def forward(
        ctx: Any, embedding: torch.Tensor, words: torch.Tensor, lengths: torch.Tensor
    ) -> torch.Tensor:
        """Means from embeddings (vocabulary, dim), all texts' words end to end, and lengths."""
        ctx.save_for_backward(words, lengths)
        ctx.vocabulary = len(embedding)
        return functional.embedding_bag(words, embedding, lengths.cumsum(0) - lengths, mode="mean")

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Gradient of the embeddings; words and lengths have none."""
        words, lengths = ctx.saved_tensors
        texts = torch.repeat_interleave(lengths)
        shares = 1 / lengths[texts].to(gradient)
        return sparse.product(words, texts, shares, ctx.vocabulary, gradient), None, None
