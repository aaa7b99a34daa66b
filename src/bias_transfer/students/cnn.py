"""Convolutional network over words (Yoon Kim, "Convolutional Neural Networks for Sentence Classification", 2014)."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from bias_transfer.students.embedding import start_small
from bias_transfer.students.tokenizer import PAD_ID


class WordCnn(nn.Module):
    """Filters of several widths, ReLU, maximum over positions, dropout, linear.

    A window counts if it starts on a word of the text; past the text's end it reads zeros, which the padding is too.
    So a text shorter than a filter still has windows, and no window depends on how far its batch was padded.
    """

    def __init__(
        self, vocabulary: int, embedding_dim: int, filter_widths: tuple[int, ...], filters: int, dropout: float
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding_dim, padding_idx=PAD_ID)
        start_small(self.embedding.weight)
        self.convolutions = nn.ModuleList(nn.Conv1d(embedding_dim, filters, width) for width in filter_widths)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(filters * len(filter_widths), 2)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits, shape (batch, 2), of ids and mask of shape (batch, length)."""
        words = self.embedding(input_ids)
        pooled = [_Pooled.apply(words, conv.weight, conv.bias, attention_mask) for conv in self.convolutions]
        return self.output(self.dropout(torch.cat(pooled, 1)))


class _Pooled(torch.autograd.Function):
    """Convolution, ReLU and maximum over the windows that count: shape (batch, filters).

    Only the window that won has a gradient, one a text and filter, so the way back touches those alone: the same
    gradients as by way of every window, for a fraction of the work.
    """

    @staticmethod
    def forward(
        ctx: Any, words: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, counts: torch.Tensor
    ) -> torch.Tensor:
        """Of words of shape (batch, length, dim), weights (filters, dim, width) and a mask (batch, length)."""
        padded = functional.pad(words.transpose(1, 2), (0, weight.shape[-1] - 1))
        # ReLU's output is never below 0, so a window masked to 0 never wins against one that counts.
        windows = functional.conv1d(padded, weight, bias).relu_().mul_(counts.unsqueeze(1))
        highest, winner = windows.max(-1)
        ctx.save_for_backward(words, weight, highest, winner)
        return highest

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Gradients of words, weight and bias."""
        words, weight, highest, winner = ctx.saved_tensors
        gradient = gradient * (highest > 0)
        padded = functional.pad(words, (0, 0, 0, weight.shape[-1] - 1))
        rows = padded.flatten(0, 1)
        starts = winner + torch.arange(len(words), device=winner.device).unsqueeze(1) * padded.shape[1]
        of_rows, of_weight = torch.zeros_like(rows), torch.empty_like(weight)
        for i in range(weight.shape[-1]):
            read = (starts + i).flatten()
            of_weight[:, :, i] = torch.einsum("bf,bfd->fd", gradient, rows[read].view(*starts.shape, -1))
            of_rows.index_add_(0, read, (gradient.unsqueeze(-1) * weight[:, :, i]).flatten(0, 1))
        of_words = of_rows.view_as(padded)[:, : words.shape[1]]
        return of_words, of_weight, gradient.sum(0), None
