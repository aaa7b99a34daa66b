"""P(positive) from any text classifier: on the hub, in a folder, or a student of this project."""

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from bias_transfer.io import tables
from bias_transfer.io.errors import InputError
from bias_transfer.pretrained import devices, hub
from bias_transfer.pretrained.labels import column_of_positive
from bias_transfer.students import student as students

BATCH = 64


@dataclass
class _Classifier:
    """``logits`` of a batch of texts: one row per text, one column per label."""

    labels: list[str]
    logits: Callable[[list[str]], torch.Tensor]
    batch: int = BATCH


def score(model: str, texts: list[str], positive: str | None) -> np.ndarray:
    """P(positive) of each text, in float64: the softmax over all labels.

    Parameters
    ----------
    model
        A hub id, ``package:NAME`` or a folder: a text classifier for ``transformers``, or a student
        of this project.
    texts
        What to score; a text longer than the model reads is cut.
    positive
        The label that means positive. None finds it by its name: "positive" or "pos", or "LABEL_1"
        of two labels.

    Raises
    ------
    InputError
        If the model cannot be loaded, is no trained classifier, or its labels do not say which one
        is positive.
    """
    device = devices.resolve("auto")
    folder = Path(model).expanduser()
    classifier = _student(folder, device) if _is_word_level(folder) else _pretrained(model, device)
    column = column_of_positive(classifier.labels, positive, model)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # so that little is padded
    scores = np.empty(len(texts))
    name = "/".join(folder.parts[-2:])
    with (
        torch.inference_mode(),
        tqdm(total=len(texts), desc=name, unit="text", file=sys.stderr, mininterval=1) as bar,
    ):
        for start in range(0, len(order), classifier.batch):
            rows = order[start : start + classifier.batch]
            logits = classifier.logits([texts[i] for i in rows])
            scores[rows] = logits.double().softmax(-1)[:, column].cpu().numpy()
            bar.update(len(rows))
    return scores


def _is_word_level(folder: Path) -> bool:
    """Whether it is a student of this project that plain ``transformers`` does not load."""
    path = folder / "config.json"
    return path.is_file() and str(tables.read_json(path).get("model_type", "")).startswith(
        "bias-transfer-"
    )


def _student(folder: Path, device: str) -> _Classifier:
    student = students.load(folder)
    student.network.to(device).eval()
    return _Classifier(
        ["negative", "positive"], lambda texts: student.logits(student.encode(texts))
    )


def _pretrained(model: str, device: str) -> _Classifier:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    checkpoint = hub.locate(model, None)
    hub.reach(checkpoint)
    with hub.clear_errors(model):
        network, report = AutoModelForSequenceClassification.from_pretrained(
            checkpoint.name, dtype=torch.float32, output_loading_info=True, **checkpoint.weights
        )
        tokenizer = AutoTokenizer.from_pretrained(
            checkpoint.name, use_fast=True, **checkpoint.options
        )
    config = network.config
    labels = [config.id2label[index] for index in range(config.num_labels)]
    _refuse_what_is_no_classifier(model, config, sorted(report["missing_keys"]))
    text_config = config.get_text_config()
    # A model that pools the last token finds it by the padding token of its own configuration.
    # Texts are padded only if the tokenizer has the same one.
    padded = (
        text_config.pad_token_id is not None and text_config.pad_token_id == tokenizer.pad_token_id
    )
    positions = getattr(text_config, "max_position_embeddings", None) or -1
    limit = (
        min(tokenizer.model_max_length, positions) if positions > 0 else tokenizer.model_max_length
    )
    accepted = inspect.signature(network.forward).parameters
    network.to(device).eval()

    def logits(texts: list[str]) -> torch.Tensor:
        batch = tokenizer(
            texts, padding=padded, truncation=True, max_length=limit, return_tensors="pt"
        )
        return network(
            **{name: values.to(device) for name, values in batch.items() if name in accepted}
        ).logits

    return _Classifier(labels, logits, BATCH if padded else 1)


def _refuse_what_is_no_classifier(model: str, config: Any, missing: list[str]) -> None:
    if missing:
        what = f"its weights lack {', '.join(missing[:3])}, without which it would answer at random"
    elif config.num_labels < 2:
        what = "it gives one number, not labels"
    elif config.problem_type == "multi_label_classification":
        what = "its labels do not exclude each other, so their probabilities do not sum to 1"
    else:
        return
    raise InputError(f"model {model!r} is no trained text classifier: {what}")
