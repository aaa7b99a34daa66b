"""Convolutional network over words.

Yoon Kim, "Convolutional Neural Networks for Sentence Classification", 2014.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from bias_transfer.students import sparse
from bias_transfer.students.embedding import start_small
from bias_transfer.students.tokenizer import PAD_ID


class WordCnn(nn.Module):
    """Filters of several widths, ReLU, maximum over positions, dropout, linear.

    A window counts if it starts on a word of the text. Past the text's end it reads zeros, as the
    embedding of padding is zero. So a text shorter than a filter still has windows, and no window
    depends on how far its batch was padded.
    """

    def __init__(
        self,
        vocabulary: int,
        embedding_dim: int,
        filter_widths: tuple[int, ...],
        filters: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding_dim, padding_idx=PAD_ID)
        start_small(self.embedding.weight)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(embedding_dim, filters, width) for width in filter_widths
        )
        self._beyond = max(filter_widths) - 1  # how far the last window reads past the text
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(filters * len(filter_widths), 2)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits, shape (batch, 2), of ids and mask of shape (batch, length)."""
        padded = functional.pad(input_ids, (0, self._beyond), value=PAD_ID)
        words, places = padded.unique(return_inverse=True)
        embedded = functional.embedding(words, self.embedding.weight, PAD_ID)
        pooled = [
            _Highest.apply(embedded, conv.weight, places, attention_mask.bool()) + conv.bias
            for conv in self.convolutions
        ]
        return self.output(self.dropout(torch.cat(pooled, 1).relu()))


class _Highest(torch.autograd.Function):
    """Highest value of each filter over the windows that count, shape (texts, filters).

    Of no window it is minus infinity. A batch has far fewer different words than positions. So each
    word meets each filter once, in one product of matrices, and a window is a sum of rows of the
    result. Per text and filter, only the highest window has a gradient: the backward pass is a
    product with a sparse matrix.
    """

    @staticmethod
    def forward(
        ctx: Any,
        embedded: torch.Tensor,
        weight: torch.Tensor,
        places: torch.Tensor,
        counts: torch.Tensor,
    ) -> torch.Tensor:
        """Values from the batch's different words, the filters, and where each word stands.

        Parameters
        ----------
        embedded
            Of the different words, shape (words, dim).
        weight
            Of the filters, shape (filters, dim, width).
        places
            Row of ``embedded`` at each position, shape (texts, length + padding).
        counts
            Which windows count, by the position they start at: bool, shape (texts, length).
        """
        filters, _, width = weight.shape
        products = (embedded @ weight.permute(1, 2, 0).flatten(1)).view(-1, filters)
        windows = places.unfold(1, width, 1)[:, : counts.shape[1]]
        rows = windows * width + torch.arange(width, device=places.device)
        sums = functional.embedding_bag(rows.flatten(0, 1), products, mode="sum")
        sums = sums.view(*counts.shape, filters)
        highest, winner = sums.masked_fill_(~counts.unsqueeze(-1), -torch.inf).max(1)
        ctx.save_for_backward(embedded, weight, windows, winner)
        return highest

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Gradients of words and filters; places and counts have none."""
        embedded, weight, windows, winner = ctx.saved_tensors
        filters, dim, width = weight.shape
        texts = torch.arange(len(windows), device=winner.device).unsqueeze(1)
        # A tap is one position of one filter. The word under each tap, shape (taps, texts).
        words = windows[texts, winner].permute(1, 2, 0).flatten(0, 1)
        values = gradient.t().repeat_interleave(width, 0)
        taps = weight.transpose(1, 2).flatten(0, 1)
        of_taps = functional.embedding_bag(words, embedded, mode="sum", per_sample_weights=values)
        which = torch.arange(len(taps), device=words.device).repeat_interleave(len(texts))
        of_embedded = sparse.product(words.flatten(), which, values.flatten(), len(embedded), taps)
        return of_embedded, of_taps.view(filters, width, dim).transpose(1, 2), None, None
