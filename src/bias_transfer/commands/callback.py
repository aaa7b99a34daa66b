"""Gaps while a model is trained: a callback for the ``Trainer`` of ``transformers``."""

import os
from typing import Any

import pandas as pd
import torch
from transformers import Trainer, TrainerCallback

from bias_transfer.commands.audit import audit
from bias_transfer.commands.audit_corpora import EEC
from bias_transfer.pretrained.labels import column_of_positive

SHOWN = {"mean_difference": "", "ci_low": "_ci_low", "ci_high": "_ci_high"}


class BiasCallback(TrainerCallback):
    """Measure the gaps at each evaluation, and log them where the trainer logs.

    The metrics are, for each axis, ``AXIS_gap``, ``AXIS_gap_ci_low`` and ``AXIS_gap_ci_high``, in
    P(positive); 0 means that both sides score alike. What is no letter or digit in the name of an
    axis is ``_``.

    Parameters
    ----------
    trainer
        Of a text classifier, with a tokenizer as its ``processing_class``.
    positive
        The model's positive label, where it has no usual name.
    corpus
        As in ``audit``.

    Examples
    --------
    ``trainer.add_callback(BiasCallback(trainer))``
    """

    def __init__(
        self,
        trainer: Trainer,
        *,
        positive: str | None = None,
        corpus: str | os.PathLike[str] | pd.DataFrame = EEC,
    ) -> None:
        self.trainer, self.positive, self.corpus = trainer, positive, corpus

    def on_evaluate(self, *events: Any, **more: Any) -> None:
        """Ask the model as it is now."""
        model: Any = self.trainer.model
        training = model.training
        model.eval()
        try:
            table = audit(self._probabilities, corpus=self.corpus).to_frame()
        finally:
            model.train(training)
        self.trainer.log(
            {
                f"{_name(row['axis'])}_gap{suffix}": float(row[column])
                for row in table.to_dict("records")
                for column, suffix in SHOWN.items()
            }
        )

    @torch.inference_mode()
    def _probabilities(self, texts: list[str]) -> torch.Tensor:
        model: Any = self.trainer.model
        tokenizer: Any = self.trainer.processing_class
        labels = [model.config.id2label[i] for i in range(model.config.num_labels)]
        column = column_of_positive(labels, self.positive, "the trainer's model")
        batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        logits = model(**batch.to(model.device)).logits
        return logits.double().softmax(-1)[:, column]


def _name(axis: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in axis)
