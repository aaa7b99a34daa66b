"""A system's scores from any file, matched to a corpus by sentence or id, never by row order."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bias_transfer.corpora import eec
from bias_transfer.io import user_tables
from bias_transfer.io.errors import InputError

Names = tuple[str, ...]
ID_COLUMNS: Names = ("id",)
SENTENCE_COLUMNS: Names = ("sentence", "text")
# Names of P(positive) and P(negative), in lower case.
SCORE_COLUMNS = ("label_1", "pos_prob", "p_positive", "prob_positive", "positive", "score", "1")
NEGATIVE_COLUMNS = ("label_0", "neg_prob", "p_negative", "prob_negative", "negative", "0")
SUM_TOLERANCE = 1e-3  # half-precision probabilities sum to 1.0002
ROUNDING = 1e-6  # by which a sum of float32 probabilities may leave 0 to 1
ONCE = "keep each of them once"
EMOTION_COLUMNS = ("emotion", "emotion_word", "emotion word")


class OtherSentences(InputError):
    """A table's sentences are not those of the corpus; ``sentences`` has all of the table's."""

    def __init__(self, message: str, sentences: pd.Series) -> None:
        super().__init__(message)
        self.sentences = sentences


def read(path: Path, score: str | None = None, corpus: pd.DataFrame | None = None) -> pd.DataFrame:
    """The corpus with the file's ``score`` beside each sentence.

    Parameters
    ----------
    path
        CSV or parquet with a sentence column (or the EEC's ``id``) and P(positive).
    score
        The column that holds P(positive). Needed where no column has one of the usual names, or
        two have.
    corpus
        Sentences of another corpus than the EEC (see ``bias.custom.read``).

    Returns
    -------
    DataFrame
        Columns and rows of the corpus, in the corpus's order (``eec.csv``: 8,640 rows). ``score``
        is P(positive) in float64. ``log_odds`` is log P(positive) - log P(negative), infinite where
        either is 0. For the EEC also ``emotion_missing``, bool: the file has an emotion column
        without a value for this sentence.

    Raises
    ------
    InputError
        If the file cannot be read, its columns are not clear, a score is not a probability, or its
        sentences are not those of the corpus, each once.
    """
    return match(user_tables.read_counted(str(path)), str(path), score, corpus)


def match(
    frame: pd.DataFrame, origin: str, score: str | None = None, corpus: pd.DataFrame | None = None
) -> pd.DataFrame:
    """``read`` for a frame at hand; errors name ``origin`` and a row by its index."""
    positive, negative = _probabilities(frame, origin, score)
    with np.errstate(divide="ignore"):
        values = {"score": positive, "log_odds": np.log(positive) - np.log(negative)}
    key, names = "sentence", SENTENCE_COLUMNS
    if corpus is None:
        corpus = _eec()
        values["emotion_missing"] = _emotion_missing(frame)
        if not _found(frame, SENTENCE_COLUMNS) and _found(frame, ID_COLUMNS):
            key, names = "id", ID_COLUMNS
    keys = frame[_one(frame, names, "sentence", origin)].astype(str)
    refuse(keys[keys.duplicated()], "stand twice", origin, ONCE)
    _refuse_others(keys, corpus[key], origin)
    return corpus.join(pd.DataFrame(values, index=keys), on=key)


@cache
def _eec() -> pd.DataFrame:
    """The corpus, made once; nobody may change it."""
    return eec.generate()


def by_id(predictions: pd.DataFrame) -> pd.DataFrame:
    """``score`` and ``log_odds``, indexed by id, of what a study's system predicted."""
    positive, negative = predictions["label_1"].to_numpy(), predictions["label_0"].to_numpy()
    with np.errstate(divide="ignore"):
        odds = np.log(positive) - np.log(negative)
    index = pd.Index(predictions["id"])
    return pd.DataFrame({"score": positive, "log_odds": odds}, index=index)


def refuse(sentences: pd.Series, what: str, origin: str, mend: str) -> None:
    """Raise an ``InputError`` that counts ``sentences`` and shows the first three; none is fine."""
    if len(sentences):
        raise InputError(_told(sentences, what, origin, mend))


def _refuse_others(keys: pd.Series, corpus: pd.Series, origin: str) -> None:
    """Raise ``OtherSentences`` unless the table's sentences are those of the corpus."""
    mend = f"score each of the corpus's {len(corpus)} sentences, word for word"
    for apart, what in (
        (_apart(keys, corpus), "are not in the corpus"),
        (_apart(corpus, keys), "of the corpus are missing"),
    ):
        if len(apart):
            raise OtherSentences(_told(apart, what, origin, mend), keys)


def _told(sentences: pd.Series, what: str, origin: str, mend: str) -> str:
    first = "; ".join(repr(sentence) for sentence in sentences.head(3))
    named = "ids" if sentences.name == "id" else "sentences"
    return f"{origin}: {len(sentences)} {named} {what}, the first being {first}: {mend}"


def _apart(values: pd.Series, others: pd.Series) -> pd.Series:
    """Those of ``values`` that are not among ``others``, which has no duplicates.

    ``Series.isin`` does the same, in ten times the time where values are text.
    """
    return values[pd.Index(others).get_indexer(values) < 0]


def _probabilities(
    frame: pd.DataFrame, origin: str, chosen: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """P(positive) and P(negative) of each row."""
    name = (
        _one(frame, SCORE_COLUMNS, "score", origin)
        if chosen is None
        else _named(frame, chosen, origin)
    )
    positive = _within(frame, name, "P(positive)", origin)
    rest = frame.drop(columns=name)
    others = _found(rest, NEGATIVE_COLUMNS)
    if not others or (len(others) > 1 and chosen is not None):
        return positive, 1 - positive
    other = _one(rest, NEGATIVE_COLUMNS, "P(negative)", origin)
    apart = ~(np.abs(positive + _numbers(frame, other) - 1) <= SUM_TOLERANCE)
    if apart.any():
        raise InputError(
            f"{origin}, row {frame.index[apart.argmax()]}: {str(name)!r} and {str(other)!r} "
            f"do not sum to 1 ({int(apart.sum())} such rows): remove the column that is not "
            "P(negative)"
        )
    return positive, _within(frame, other, "P(negative)", origin)


def _numbers(frame: pd.DataFrame, name: Any) -> np.ndarray:
    """A column in float64; NaN where it holds no number."""
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)


def _within(frame: pd.DataFrame, name: Any, what: str, origin: str) -> np.ndarray:
    """A column of probabilities, rounding errors beyond 0 and 1 cut off."""
    numbers, column = _numbers(frame, name), frame[name]
    bad = ~((numbers >= -ROUNDING) & (numbers <= 1 + ROUNDING))
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"{origin}, row {column.index[row]}, column {str(name)!r}: "
            f"{str(column.iloc[row])!r} is not a probability between 0 and 1, as every score must "
            f"be (rows like it: {int(bad.sum())}): give {what}"
        )
    return numbers.clip(0, 1)


def _emotion_missing(frame: pd.DataFrame) -> np.ndarray:
    """Which rows have an emotion column without a value."""
    return frame[_found(frame, EMOTION_COLUMNS)].isna().any(axis=1).to_numpy()


def _found(frame: pd.DataFrame, names: Names) -> list[Any]:
    """Columns that have one of ``names`` in any case."""
    return [name for name in frame.columns if str(name).lower() in names]


def _named(frame: pd.DataFrame, chosen: str, origin: str) -> Any:
    """The column that a user chose by name, which may be a number in the file."""
    found = [name for name in frame.columns if str(name) == chosen]
    if not found:
        raise InputError(
            f"{origin}: no column {chosen!r}, which --score names (columns: "
            f"{user_tables.listed(frame.columns)})"
        )
    return found[0]


def _one(frame: pd.DataFrame, names: Names, what: str, origin: str) -> Any:
    """The single column that has one of ``names``."""
    found = _found(frame, names)
    if len(found) == 1:
        return found[0]
    by_name = ", or name it with --score COLUMN (in Python, score='COLUMN')"
    hint = by_name if names is SCORE_COLUMNS else ""
    if found:
        raise InputError(
            f"{origin}: {len(found)} columns could be the {what} ({user_tables.listed(found)}): "
            f"keep one{hint}"
        )
    looked = f"looked for {', '.join(names)}; there are {user_tables.listed(frame.columns)}"
    raise InputError(f"{origin}: no {what} column ({looked}): add one{hint}")
