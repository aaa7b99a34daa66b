"""Anybody's system, in any of its forms, as a scored corpus."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from bias_transfer.bias import scores
from bias_transfer.corpora import eec
from bias_transfer.io import user_tables
from bias_transfer.io.errors import InputError
from bias_transfer.pretrained.labels import (
    NEGATIVE_OF_TWO,
    POSITIVE_OF_TWO,
    column_of_positive,
)

# A file's path, a table, or a function that answers texts with probabilities.
System: TypeAlias = str | os.PathLike[str] | pd.DataFrame | Callable[[list[str]], Any]
BATCH = 256  # texts that a function is asked about at once
NAME = "model"  # of one system that brings no name


def named(systems: System | Mapping[str, System]) -> dict[str, System]:
    """Systems by name: a file's stem where one system is given without a name."""
    if isinstance(systems, Mapping):
        return dict(systems)
    is_path = isinstance(systems, str | os.PathLike)
    return {Path(str(systems)).stem if is_path else NAME: systems}


def scored(
    system: System, name: str, corpus: pd.DataFrame | None = None, score: str | None = None
) -> pd.DataFrame:
    """The corpus with the system's scores, as ``bias.scores.match`` gives it.

    Parameters
    ----------
    system
        CSV or parquet, by path or URL; a table of sentences and P(positive); or a function that
        takes a list of texts and gives P(positive) of each, both labels' probabilities of each
        (negative first), or what a text-classification pipeline of ``transformers`` gives.
    name
        Named in errors.
    corpus
        Sentences to match; the EEC where it is None.
    score
        The column of P(positive) of a table, where it has no usual name.

    Raises
    ------
    InputError
        If a file cannot be read, columns are not clear, an answer is not a probability, or the
        sentences are not those of the corpus, each once.
    """
    if isinstance(system, str | os.PathLike):
        path = os.fspath(system)
        return scores.match(user_tables.read_counted(path), path, score, corpus)
    if isinstance(system, pd.DataFrame):
        return scores.match(system, name, score, corpus)
    if not callable(system):
        hint = ": give its predict_proba" if hasattr(system, "predict_proba") else ""
        raise InputError(
            f"{name} is {type(system).__name__!r}, and neither a path, a DataFrame nor a function "
            f"of a list of texts{hint}"
        )
    sentences = (eec.generate() if corpus is None else corpus)["sentence"].tolist()
    parts = [
        probabilities(system(batch), len(batch), name).assign(sentence=batch)
        for batch in _batches(sentences)
    ]
    return scores.match(pd.concat(parts, ignore_index=True), name, corpus=corpus)


def probabilities(answers: Any, n: int, name: str) -> pd.DataFrame:
    """Answers to ``n`` texts as columns: ``label_1``, and ``label_0`` where both are given.

    Raises
    ------
    InputError
        If there are not ``n``, they have no form that ``scored`` knows, or one is no probability.
    """
    if isinstance(answers, list | tuple) and answers and isinstance(_inner(answers[0]), Mapping):
        answers = [_of_labels(answer, name) for answer in answers]
    if hasattr(answers, "detach"):  # a tensor of torch
        answers = answers.detach().cpu()
    try:
        values = np.asarray(answers, dtype=float)
    except (TypeError, ValueError):
        raise InputError(
            f"{name} answers with {type(answers).__name__!r}, not with probabilities"
        ) from None
    if values.shape not in ((n, 2), (n,), (n, 1)):
        raise InputError(
            f"{name} answers {n} texts with an array of shape {values.shape}: it must be ({n},), "
            f"P(positive), or ({n}, 2), P(negative) and P(positive)"
        )
    odd = values[~((values >= 0) & (values <= 1))]
    if odd.size:
        raise InputError(
            f"{name} answers with {odd[0]:g}, which is not a probability between 0 and 1: let it "
            "give P(positive), of logits their softmax"
        )
    if values.shape == (n, 2):
        return pd.DataFrame(values, columns=["label_0", "label_1"])
    return pd.DataFrame({"label_1": values.reshape(n)})


def _inner(answer: Any) -> Any:
    return answer[0] if isinstance(answer, list) and answer else answer


def _of_labels(answer: Any, name: str) -> float:
    """P(positive) from one text's labels and scores: all of them, or the winner of two."""
    if isinstance(answer, list) and len(answer) > 1:
        labels = [str(each["label"]) for each in answer]
        return float(answer[column_of_positive(labels, None, name)]["score"])
    winner = _inner(answer)
    label = str(winner["label"]).strip().lower()
    if label in POSITIVE_OF_TWO:
        return float(winner["score"])
    if label in NEGATIVE_OF_TWO:
        return 1 - float(winner["score"])
    raise InputError(
        f"{name} answers with the label {winner['label']!r} alone, which is neither positive nor "
        "negative: let it give the scores of all labels (top_k=None)"
    )


def _batches(sentences: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(sentences), BATCH):
        yield sentences[start : start + BATCH]
