"""Command and function ``swap``: anybody's texts, each once about women and once about men."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bias_transfer.corpora.swaps import pairs, tagger, wordlist
from bias_transfer.io import tables, user_tables


def swap(texts: str | os.PathLike[str] | pd.DataFrame | Sequence[str]) -> pd.DataFrame:
    """Write each text once about women and once about men, as pairs for ``audit(corpus=...)``.

    Parameters
    ----------
    texts
        A list of texts; or a DataFrame, or the path or URL of a CSV or parquet file, with one
        column of texts under a usual name (``text``, ``review``, ``sentence``, ...). Texts without
        a gendered word are left out.

    Returns
    -------
    DataFrame
        ``pair_id, group, template, sentence, unit, original, n_edits``: two rows per text, the
        version about women first.

    Raises
    ------
    InputError
        If spaCy is missing, a file cannot be read, its texts cannot be told, or none mentions
        people.
    """
    return _swap(texts).frame


def run(texts: str, out: Path) -> dict[str, int]:
    """Write the pairs to ``out``, and return how many texts were read and what became of them.

    Raises
    ------
    InputError
        As ``swap``.
    """
    made = _swap(texts)
    tables.write(made.frame, out)
    return made.counts


def _swap(texts: str | os.PathLike[str] | pd.DataFrame | Sequence[str]) -> pairs.WrittenPairs:
    origin = os.fspath(texts) if isinstance(texts, str | os.PathLike) else "the texts"
    if isinstance(texts, str | os.PathLike):
        frame = user_tables.read(origin, dtype=str, keep_default_na=False)
    elif isinstance(texts, pd.DataFrame):
        frame = texts
    else:
        frame = pd.DataFrame({"text": list(texts)}, dtype=object)
    column = pairs.text_column(frame, origin)
    return pairs.pairs(column, wordlist.gendered(), tagger.load(names=False), origin)
