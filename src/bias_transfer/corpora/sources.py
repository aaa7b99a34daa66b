"""Review sources: texts, labels and counts, before duplicates are dropped and splits drawn."""

from dataclasses import dataclass

import pandas as pd

from bias_transfer.io import user_tables
from bias_transfer.io.errors import InputError
from bias_transfer.pretrained import packages
from bias_transfer.study.params import Files, Snippets


@dataclass(frozen=True)
class Source:
    """Reviews as they come, in ``frame``: ``text``, ``label``, and ``split`` if the source has any.

    Else ``split`` is empty. ``counts`` says how many were read, repaired and dropped.
    """

    frame: pd.DataFrame
    counts: dict[str, int]


def load(params: Snippets | Files) -> Source:
    """Read the source that ``params`` names."""
    return _snippets() if isinstance(params, Snippets) else _files(params)


def _snippets() -> Source:
    """Sentences of Rotten Tomatoes reviews with mean human ratings from -4 to 4.

    Hutto and Gilbert, ICWSM 2014.
    """
    path = packages.fetch("snippets") / "movieReviewSnippets_GroundTruth.txt"
    return parse_snippets(path.read_text(encoding="utf-8"))


def parse_snippets(text: str) -> Source:
    """Read rows of ``id <tab> rating <tab> sentence``; the label is the rating's sign.

    Ratings of 0 are dropped. Mojibake and HTML entities such as ``&amp;`` are repaired.
    """
    import ftfy

    rows = [line.split("\t", 2) for line in text.split("\n") if line]
    frame = pd.DataFrame(rows, columns=["id", "rating", "raw"])
    frame["text"] = (
        frame["raw"].map(lambda raw: ftfy.fix_text(raw, uncurl_quotes=False)).str.strip()
    )
    rating = frame["rating"].astype(float)
    kept = frame[rating != 0].assign(label=(rating[rating != 0] > 0).astype(int), split="")
    counts = {
        "read": len(frame),
        "repaired": int((frame["text"] != frame["raw"].str.strip()).sum()),
        "dropped_neutral": int((rating == 0).sum()),
    }
    return Source(kept[["text", "label", "split"]].reset_index(drop=True), counts)


def _files(params: Files) -> Source:
    if params.train and params.test:
        halves = {"train": params.train, "test": params.test}
        parts = [
            _normalise(_read(path), params, path).assign(split=split)
            for split, path in halves.items()
        ]
    else:
        paths = (params.path,) if isinstance(params.path, str) else params.path or ()
        parts = [_table(path, params) for path in paths]
    frame = pd.concat(parts, ignore_index=True)
    return Source(frame, {"read": len(frame)})


def _table(path: str, params: Files) -> pd.DataFrame:
    frame = _read(path)
    split = _column(frame, params.split_column, path) if params.split_column else ""
    frame = _normalise(frame, params, path).assign(split=split)
    known = {"train", "test"} if params.split_column else {""}
    for value in sorted(set(frame["split"]) - known, key=str):
        raise InputError(
            f"{path}, column {params.split_column!r}: {value!r} is neither 'train' nor 'test'"
        )
    return frame


def _read(path: str) -> pd.DataFrame:
    return user_tables.read(path, keep_default_na=False, na_values=[], dtype=str)


def _column(frame: pd.DataFrame, name: str, path: str) -> pd.Series:
    if name not in frame.columns:
        raise InputError(
            f"{path}: column {name!r} is missing (columns: {user_tables.listed(frame.columns)})"
        )
    return frame[name]


def _normalise(frame: pd.DataFrame, params: Files, path: str) -> pd.DataFrame:
    text = _column(frame, params.text_column, path)
    label = _column(frame, params.label_column, path)
    _refuse(text.isna(), path, params.text_column, "is empty")
    _refuse(
        ~text.map(lambda value: isinstance(value, str)),
        path,
        params.text_column,
        "is not a text",
        text,
    )
    _refuse(text.str.strip() == "", path, params.text_column, "is empty")
    numbers = pd.to_numeric(label, errors="coerce")
    _refuse(
        ~numbers.isin([0, 1]),
        path,
        params.label_column,
        "must be 0 (negative) or 1 (positive)",
        label,
    )
    return pd.DataFrame({"text": text.astype(object), "label": numbers.astype(int)})


def _refuse(
    bad: pd.Series, path: str, column: str, what: str, values: pd.Series | None = None
) -> None:
    if bad.any():
        first = int(bad.to_numpy().argmax())
        value = "" if values is None else f" ({str(values.iloc[first])[:60]!r})"
        more = f"; rows like it: {int(bad.sum())}" if bad.sum() > 1 else ""
        raise InputError(f"{path}, row {first + 2}, column {column!r}: {what}{value}{more}")
