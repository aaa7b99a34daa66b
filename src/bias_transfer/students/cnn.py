"""Convolutional network over words (Yoon Kim, "Convolutional Neural Networks for Sentence Classification", 2014)."""

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
        words = self.embedding(input_ids).transpose(1, 2)
        starts = attention_mask.unsqueeze(1)
        pooled = [
            # ReLU's output is never below 0, so a window masked to 0 never wins against one that counts.
            (functional.relu(conv(functional.pad(words, (0, conv.kernel_size[0] - 1)))) * starts).amax(-1)
            for conv in self.convolutions
        ]
        return self.output(self.dropout(torch.cat(pooled, 1)))
