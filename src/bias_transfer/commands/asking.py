"""Anybody's system, in any of its forms, as a scored corpus."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations
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
WINS = 0.499  # what the winner of two labels has at least
HARD = 2  # as many different scores as labels have
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
        CSV or parquet, by path or URL; a table of sentences and P(positive), or of sentences,
        winning labels and their scores; or a function that takes a list of texts and gives
        P(positive) of each, both labels' probabilities of each (negative first, unless columns or
        the classes of scikit-learn say otherwise), or what a text-classification pipeline of
        ``transformers`` gives.
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
        return scores.match(
            _of_winners(user_tables.read_counted(path), path, score), path, score, corpus
        )
    if isinstance(system, pd.DataFrame):
        return scores.match(_of_winners(system, name, score), name, score, corpus)
    if not callable(system):
        hint = ": give its predict_proba" if hasattr(system, "predict_proba") else ""
        raise InputError(
            f"{name} is {type(system).__name__!r}, and neither a path, a DataFrame nor a function "
            f"of a list of texts{hint}"
        )
    sentences = (eec.generate() if corpus is None else corpus)["sentence"].tolist()
    # A method of scikit-learn's, whose columns are in the order of the classes' names.
    classes = getattr(getattr(system, "__self__", None), "classes_", None)
    parts = [
        probabilities(system(batch), len(batch), name, classes).assign(sentence=batch)
        for batch in _batches(sentences)
    ]
    return scores.match(pd.concat(parts, ignore_index=True), name, corpus=corpus)


def probabilities(
    answers: Any, n: int, name: str, classes: Iterable[Any] | None = None
) -> pd.DataFrame:
    """Answers to ``n`` texts as columns: ``label_1``, and ``label_0`` where both are given.

    ``classes`` names the columns of an array; those of a DataFrame have names of their own.

    Raises
    ------
    InputError
        If there are not ``n``, they have no form that ``scored`` knows, it is not clear which
        column is P(positive), or one is no probability.
    """
    if isinstance(answers, list | tuple) and answers and isinstance(_inner(answers[0]), Mapping):
        answers = [_of_labels(answer, name) for answer in answers]
    if isinstance(answers, pd.DataFrame):
        classes = answers.columns
    if hasattr(answers, "detach"):  # a tensor of torch
        answers = answers.detach().cpu().double()
    try:
        values = np.asarray(answers, dtype=float)
    except (TypeError, ValueError):
        raise InputError(
            f"{name} answers with {type(answers).__name__!r}, not with probabilities"
        ) from None
    labels = np.asarray([] if classes is None else classes)
    if values.ndim == 2 and values.shape[1:] == labels.shape != (1,):
        column = _positive(labels.tolist(), name)
        values = values[:, [1 - column, column]] if len(labels) == 2 else values[:, column]
    if values.shape not in ((n, 2), (n,), (n, 1)):
        raise InputError(
            f"{name} answers {n} texts with an array of shape {values.shape}: it must be ({n},), "
            f"P(positive), or ({n}, 2), P(negative) and P(positive); of more classes give the "
            "column of the positive one alone, as in lambda texts: f(texts)[:, 2]"
        )
    odd = values[~((values >= -scores.ROUNDING) & (values <= 1 + scores.ROUNDING))]
    if odd.size:
        mend = "of two logits their softmax" if values.shape == (n, 2) else "of a logit its sigmoid"
        raise InputError(
            f"{name} answers with {odd[0]:.9g}, which is not a probability between 0 and 1: let it "
            f"give P(positive), {mend}, of stars or percents their place between 0 and 1"
        )
    values = values.clip(0, 1)
    if values.shape != (n, 2):
        return pd.DataFrame({"label_1": values.reshape(n)})
    apart = np.abs(values.sum(axis=1) - 1) > scores.SUM_TOLERANCE
    if apart.any():
        first, second = values[apart.argmax()]
        raise InputError(
            f"{name} answers a text with {first:g} and {second:g}, which do not sum to 1: give "
            "P(negative) and P(positive), or P(positive) alone"
        )
    return pd.DataFrame(values, columns=["label_0", "label_1"])


def refuse_same(frames: Mapping[str, pd.DataFrame]) -> None:
    """Raise ``InputError`` where two seeds of one system score every sentence alike.

    Labels in the place of probabilities may be alike by chance.
    """
    for (one, first), (other, second) in combinations(frames.items(), 2):
        same = np.array_equal(first["score"], second["score"])
        if same and first["score"].nunique() > HARD:
            raise InputError(
                f"{one} and {other} score every sentence alike, and are counted as two seeds: a "
                "seed is another training run, so give the scores of each"
            )


def _positive(labels: list[Any], name: str) -> int:
    """Which of several classes is the positive one.

    Of two numbers or truth values it is the larger one, where they are 0 or -1, and 1.
    """
    names = [str(label).strip().lower() for label in labels]
    if _numbers(labels) in ([0, 1], [-1, 1]):
        return 1
    usual = [column for column, label in enumerate(names) if label in scores.SCORE_COLUMNS]
    if len(usual) == 1:
        return usual[0]
    try:
        return column_of_positive(names, None, name)
    except InputError:
        raise InputError(
            f"{name}: it is not clear which class is the positive one ({', '.join(names)}): give "
            "P(positive) alone, one number for each text"
        ) from None


def _numbers(labels: list[Any]) -> list[float]:
    try:
        return [float(label) for label in labels]
    except (TypeError, ValueError):
        return []


def _of_winners(frame: pd.DataFrame, origin: str, score: str | None) -> pd.DataFrame:
    """P(positive) of a table that has, as a pipeline gives them, winning labels and their scores.

    A table without both columns, or whose scores are not winners', is given back as it is.

    Raises
    ------
    InputError
        If it is not clear whose the scores are.
    """
    columns = [str(column).lower() for column in frame.columns]
    if score is not None or columns.count("label") != 1 or columns.count("score") != 1:
        return frame
    place = columns.index("score")
    won = pd.to_numeric(frame.iloc[:, place], errors="coerce")
    label = frame.iloc[:, columns.index("label")].astype(str).str.strip().str.lower()
    negative = label.isin((*NEGATIVE_OF_TWO, "0"))
    known = negative | label.isin((*POSITIVE_OF_TWO, "1"))
    if known.all() and (won < WINS).any():  # the scores of one label
        return frame
    if not known.all() or negative.all():
        shown = ", ".join(sorted(set(label))[:3])
        raise InputError(
            f"{origin}: is column 'score' P(positive), or the score of column 'label' ({shown})? "
            "Give P(positive), and leave out 'label' or name the column with --score (in Python, "
            "score=)"
        )
    mended = frame.copy()
    mended.isetitem(place, won.mask(negative, 1 - won))
    return mended


def _inner(answer: Any) -> Any:
    return answer[0] if isinstance(answer, list) and answer else answer


def _of_labels(answer: Any, name: str) -> float:
    """P(positive) from one text's labels and scores: all of them, or the winner of two."""
    try:
        return _read_labels(answer, name)
    except (KeyError, TypeError, ValueError):
        raise InputError(
            f"{name} answers with {str(answer)[:60]}, which has no label with a score"
        ) from None


def _read_labels(answer: Any, name: str) -> float:
    if isinstance(answer, Mapping) and "label" not in answer:
        return float(list(answer.values())[_positive(list(answer), name)])
    if isinstance(answer, list) and len(answer) > 1:
        return float(answer[_positive([each["label"] for each in answer], name)]["score"])
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
