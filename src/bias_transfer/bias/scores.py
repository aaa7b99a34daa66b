"""A system's EEC scores from any file: matched to the corpus by sentence or id, never by row order."""

from pathlib import Path

import numpy as np
import pandas as pd

from bias_transfer.corpora import eec
from bias_transfer.errors import InputError

SENTENCE_COLUMNS = ("sentence", "text")
# Names of P(positive), in lower case.
SCORE_COLUMNS = ("label_1", "pos_prob", "p_positive", "prob_positive", "positive", "score", "1")
NEGATIVE_COLUMNS = ("label_0", "neg_prob", "p_negative", "prob_negative", "negative", "0")
SUM_TOLERANCE = 1e-3  # half-precision probabilities sum to 1.0002
EMOTION_COLUMNS = ("emotion", "emotion_word", "emotion word")


def read(path: Path) -> pd.DataFrame:
    """The corpus with the file's ``score`` beside each sentence.

    Returns
    -------
    DataFrame
        Columns of ``eec.csv``; ``score``, P(positive) in float64; ``log_odds``, log P(positive) - log P(negative),
        infinite where either is 0; and ``emotion_missing`` (bool: the file has an emotion column and no
        value in it for this sentence). 8,640 rows in the published order.

    Raises
    ------
    InputError
        If the file cannot be read, its columns are not clear, a score is not a probability, or its sentences are not
        the corpus's, each once.
    """
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except FileNotFoundError:
        raise InputError(f"{path} is missing") from None
    except Exception as error:  # pandas and pyarrow each raise their own kinds
        raise InputError(f"{path} cannot be read as CSV or parquet: {' '.join(str(error).split())[:200]}") from error
    return match(frame, str(path))


def match(frame: pd.DataFrame, origin: str) -> pd.DataFrame:
    """``read`` for a frame at hand; ``origin`` is named in errors."""
    score = frame[_one(frame, SCORE_COLUMNS, "score", origin)]
    numbers = pd.to_numeric(score, errors="coerce").astype(np.float64)
    bad = ~numbers.between(0, 1)
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise InputError(
            f"{origin}, row {row + 2}, column {str(score.name)!r}: {str(score.iloc[row])!r} is not a probability "
            f"between 0 and 1, as every score must be (rows like it: {int(bad.sum())})"
        )
    negative = _one(frame, NEGATIVE_COLUMNS, "P(negative)", origin, needed=False)
    complement = 1 - numbers if negative is None else pd.to_numeric(frame[negative], errors="coerce").astype(np.float64)
    apart = ~((numbers + complement - 1).abs() <= SUM_TOLERANCE)
    if apart.any():
        row = int(apart.to_numpy().argmax())
        raise InputError(
            f"{origin}, row {row + 2}: {score.name!r} and {negative!r} do not sum to 1 ({int(apart.sum())} such rows): "
            "remove the column that is not P(negative)"
        )
    with np.errstate(divide="ignore"):
        log_odds = np.log(numbers.to_numpy()) - np.log(complement.to_numpy())
    lower = {str(name).lower() for name in frame.columns}
    key = "id" if "id" in lower and not lower.intersection(SENTENCE_COLUMNS) else "sentence"
    names = SENTENCE_COLUMNS if key == "sentence" else ("id",)
    keys = frame[_one(frame, names, "sentence", origin)].astype(str)
    corpus = eec.generate()
    _refuse(keys[keys.duplicated()], "stand twice", origin)
    _refuse(keys[~keys.isin(corpus[key])], "are not in the corpus", origin)
    _refuse(corpus.loc[~corpus[key].isin(keys), key], "of the corpus are missing", origin)
    emotions = [name for name in frame.columns if str(name).lower() in EMOTION_COLUMNS]
    missing = frame[emotions].isna().any(axis=1).to_numpy()
    values = pd.DataFrame({"score": numbers.to_numpy(), "log_odds": log_odds, "emotion_missing": missing}, index=keys)
    return corpus.join(values, on=key)


def _one(frame: pd.DataFrame, names: tuple[str, ...], what: str, origin: str, needed: bool = True) -> str | None:
    columns = list(frame.columns)
    found = [name for name in columns if str(name).lower() in names]
    if not found and not needed:
        return None
    if not found:
        raise InputError(
            f"{origin}: no {what} column (looked for {', '.join(names)}; the file has {', '.join(map(str, columns))})"
        )
    if len(found) > 1:
        raise InputError(f"{origin}: {len(found)} columns could be the {what} ({', '.join(map(str, found))}): keep one")
    return found[0]


def _refuse(keys: pd.Series, what: str, origin: str) -> None:
    if len(keys):
        first = "; ".join(repr(key) for key in keys.head(3))
        raise InputError(f"{origin}: {len(keys)} sentences {what}, the first being {first}")
