"""A pretrained encoder with a fresh classification head, through ``transformers``."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn

from bias_transfer.io.errors import InputError
from bias_transfer.pretrained import hub
from bias_transfer.study.params import Encoder

# What BERT and its like call it; what DistilBERT and ModernBERT do.
_ATTENTION_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout")


class Transformer(nn.Module):
    """Takes ids and mask and gives logits, as the other students' networks do."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.pad_id: int = model.config.pad_token_id or 0

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits, shape (batch, 2)."""
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


def pretrained(params: Encoder) -> tuple[Transformer, Tokenizer, dict[str, Any]]:
    """The encoder that ``params`` names, its tokenizer, and its ``tokenizer_config.json``.

    The head is drawn from torch's current random state. Attention dropout is 0, so the fused kernel
    applies: a step on a CPU takes half the time. Dropout elsewhere stays as the encoder's config
    has it. With ``tokenizer_config.json``, ``AutoTokenizer`` cuts and pads as the student does.

    Raises
    ------
    InputError
        If the model is unreachable or of another kind.
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    source = hub.locate(params.model, params.revision)
    hub.reach(source)
    with hub.clear_errors(params.model):
        shape = AutoConfig.from_pretrained(
            source.name,
            num_labels=2,
            id2label={0: "negative", 1: "positive"},
            label2id={"negative": 0, "positive": 1},
            **source.options,
        )
        for name in _ATTENTION_DROPOUT:
            if hasattr(shape, name):
                setattr(shape, name, 0.0)
        model = AutoModelForSequenceClassification.from_pretrained(
            source.name, config=shape, dtype=torch.float32, **source.weights
        )
        tokenizer = AutoTokenizer.from_pretrained(source.name, use_fast=True, **source.options)
    positions = getattr(model.config, "max_position_embeddings", params.max_length)
    if params.max_length > positions:
        raise InputError(
            f"max_length {params.max_length} exceeds the {positions} positions of {params.model}"
        )
    config = {"tokenizer_class": type(tokenizer).__name__, "model_max_length": params.max_length}
    return (
        Transformer(model),
        tokenizer.backend_tokenizer,
        config | dict(tokenizer.special_tokens_map),
    )


def saved(folder: Path) -> Transformer:
    """The model that ``Transformer.model.save_pretrained`` wrote to ``folder``."""
    from transformers import AutoModelForSequenceClassification

    with hub.clear_errors(str(folder)):
        model = AutoModelForSequenceClassification.from_pretrained(
            folder,
            dtype=torch.float32,
            trust_remote_code=False,
            use_safetensors=True,
            local_files_only=True,
        )
    return Transformer(model)
