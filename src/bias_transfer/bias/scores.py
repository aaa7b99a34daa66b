"""A system's scores from any file: matched to a corpus by sentence or id, never by row order."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bias_transfer.corpora import eec
from bias_transfer.io import user_tables
from bias_transfer.io.errors import InputError

SENTENCE_COLUMNS = ("sentence", "text")
# Names of P(positive), in lower case.
SCORE_COLUMNS = ("label_1", "pos_prob", "p_positive", "prob_positive", "positive", "score", "1")
NEGATIVE_COLUMNS = ("label_0", "neg_prob", "p_negative", "prob_negative", "negative", "0")
SUM_TOLERANCE = 1e-3  # half-precision probabilities sum to 1.0002
EMOTION_COLUMNS = ("emotion", "emotion_word", "emotion word")


def read(path: Path, score: str | None = None, corpus: pd.DataFrame | None = None) -> pd.DataFrame:
    """The corpus with the file's ``score`` beside each sentence.

    Parameters
    ----------
    path
        CSV or parquet with a sentence column (or the EEC's ``id``) and P(positive).
    score
        The column that holds P(positive), where its name is none of the usual or two columns have
        one.
    corpus
        Sentences of another corpus than the EEC (see ``bias.custom.read``).

    Returns
    -------
    DataFrame
        Columns and rows of the corpus in its own order (``eec.csv``: 8,640 rows); ``score``,
        P(positive) in float64; and ``log_odds``, log P(positive) - log P(negative), infinite where
        either is 0. For the EEC also ``emotion_missing`` (bool: the file has an emotion column and
        no value in it for this sentence).

    Raises
    ------
    InputError
        If the file cannot be read, its columns are not clear, a score is not a probability, or its
        sentences are not the corpus's, each once.
    """
    return match(user_tables.read(str(path)), str(path), score, corpus)


def match(
    frame: pd.DataFrame, origin: str, score: str | None = None, corpus: pd.DataFrame | None = None
) -> pd.DataFrame:
    """``read`` for a frame at hand; ``origin`` is named in errors."""
    numbers, complement = _probabilities(frame, origin, score)
    with np.errstate(divide="ignore"):
        log_odds = np.log(numbers) - np.log(complement)
    values = {"score": numbers, "log_odds": log_odds}
    lower = {str(name).lower() for name in frame.columns}
    by_id = corpus is None and "id" in lower and not lower.intersection(SENTENCE_COLUMNS)
    if corpus is None:
        corpus = eec.generate()
        emotions = [name for name in frame.columns if str(name).lower() in EMOTION_COLUMNS]
        values["emotion_missing"] = frame[emotions].isna().any(axis=1).to_numpy()
    key, names = ("id", ("id",)) if by_id else ("sentence", SENTENCE_COLUMNS)
    keys = frame[_one(frame, names, "sentence", origin)].astype(str)
    refuse(keys[keys.duplicated()], "stand twice", origin)
    refuse(keys[~keys.isin(corpus[key])], "are not in the corpus", origin)
    refuse(corpus.loc[~corpus[key].isin(keys), key], "of the corpus are missing", origin)
    return corpus.join(pd.DataFrame(values, index=keys), on=key)


def refuse(sentences: pd.Series, what: str, origin: str) -> None:
    """Raise an ``InputError`` that counts ``sentences`` and shows the first three, if there are any."""
    if len(sentences):
        first = "; ".join(repr(sentence) for sentence in sentences.head(3))
        raise InputError(f"{origin}: {len(sentences)} sentences {what}, the first being {first}")


def _probabilities(
    frame: pd.DataFrame, origin: str, chosen: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """P(positive) and P(negative) of each row."""
    name = (
        _one(frame, SCORE_COLUMNS, "score", origin)
        if chosen is None
        else _named(frame, chosen, origin)
    )
    score = frame[name]
    positive = pd.to_numeric(score, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    bad = ~((positive >= 0) & (positive <= 1))
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"{origin}, row {_row(origin, row)}, column {str(name)!r}: {str(score.iloc[row])!r} is "
            "not a probability "
            f"between 0 and 1, as every score must be (rows like it: {int(bad.sum())})"
        )
    rest = frame.drop(columns=name)
    others = _found(rest, NEGATIVE_COLUMNS)
    if not others or (len(others) > 1 and chosen is not None):
        return positive, 1 - positive
    other = _one(rest, NEGATIVE_COLUMNS, "P(negative)", origin)
    negative = pd.to_numeric(frame[other], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    apart = ~(np.abs(positive + negative - 1) <= SUM_TOLERANCE)
    if apart.any():
        raise InputError(
            f"{origin}, row {_row(origin, int(apart.argmax()))}: {str(name)!r} and {str(other)!r} "
            "do not sum to 1 "
            f"({int(apart.sum())} such rows): remove the column that is not P(negative)"
        )
    return positive, negative


def _row(origin: str, index: int) -> int:
    """As a person counts: from 1 in a table, from 2 below the header of a spreadsheet."""
    return index + (1 if user_tables.is_parquet(origin) else 2)


def _found(frame: pd.DataFrame, names: tuple[str, ...]) -> list[Any]:
    return [name for name in frame.columns if str(name).lower() in names]


def _named(frame: pd.DataFrame, chosen: str, origin: str) -> Any:
    found = [name for name in frame.columns if str(name) == chosen]
    if not found:
        raise InputError(
            f"{origin}: no column {chosen!r}, which --score names (columns: "
            f"{user_tables.listed(frame.columns)})"
        )
    return found[0]


def _one(frame: pd.DataFrame, names: tuple[str, ...], what: str, origin: str) -> Any:
    found = _found(frame, names)
    if len(found) == 1:
        return found[0]
    hint = ", or name it with `audit --score COLUMN`" if names is SCORE_COLUMNS else ""
    if found:
        raise InputError(
            f"{origin}: {len(found)} columns could be the {what} ({user_tables.listed(found)}): "
            f"keep one{hint}"
        )
    looked = f"looked for {', '.join(names)}; the file has {user_tables.listed(frame.columns)}"
    raise InputError(f"{origin}: no {what} column ({looked}): add one{hint}")
