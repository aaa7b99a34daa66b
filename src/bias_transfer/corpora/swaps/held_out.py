"""Passages of held-out reviews, each in both versions: what a study's systems are scored on."""

import numpy as np
import pandas as pd

from bias_transfer.corpora import text_id
from bias_transfer.corpora.swaps import edits as edit_table
from bias_transfer.corpora.swaps import passages
from bias_transfer.corpora.swaps.pairs import fresh

SHARED = ["pair_id", "original", "direction", "n_edits", "n_words", "word"]


def versions(reviews: pd.DataFrame, edits: pd.DataFrame, longest: int) -> pd.DataFrame:
    """Both versions of each review's passage, a row each.

    Parameters
    ----------
    reviews
        ``id`` and ``text``.
    edits
        What ``edits.find`` gives, of these reviews or of more.
    longest
        How many words, between spaces, a passage may hold. A longer review is cut around its first
        word that is swapped (``passages.cut``).

    Returns
    -------
    DataFrame
        Two rows per review that has edits, in the order of ``reviews``, its first side above:
        ``id`` of the version, ``sentence``, ``group`` (the version's side), ``pair_id`` (the
        review's id), ``original``, ``direction`` and ``n_edits`` as in ``edits.apply``, ``n_words``
        of the passage, ``word`` (the first pair of words that is swapped in it), and ``named``
        where ``edits`` has it. No version stands twice: a review one of whose versions is one of an
        earlier review is left out.
    """
    sides = edit_table.sides_of(edits)
    cut = _passages(reviews, edits, longest)
    both = edit_table.apply(cut.drop(columns="edits"), _as_table(cut, sides))
    both = both.merge(cut[["id", "pair_id", "n_words", "word"]], on="id")
    if "named" in edits.columns:
        named = edits.drop_duplicates("id").set_index("id")["named"]
        both["named"] = both["pair_id"].map(named)
    both = both[np.array(fresh(both, sides), dtype=bool)]
    columns = [*SHARED, *(["named"] if "named" in edits.columns else [])]
    parts = [both[columns].assign(group=side, sentence=both[side]) for side in sides]
    long = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    long["id"] = long["sentence"].map(text_id)
    return long[["id", "sentence", "group", *columns]]


def _passages(reviews: pd.DataFrame, edits: pd.DataFrame, longest: int) -> pd.DataFrame:
    """The passage of each review that has edits, once each; ``edits`` are those in it."""
    by_id = edit_table.of_texts(edits)
    rows = []
    for name, text in zip(reviews["id"], reviews["text"], strict=True):
        if name in by_id:
            passage, inside = passages.cut(
                text, by_id[name], lambda part: len(part.split()) <= longest
            )
            word = "/".join(inside[0][2:]).lower()
            rows.append((text_id(passage), passage, name, len(passage.split()), word, inside))
    columns = ["id", "text", "pair_id", "n_words", "word", "edits"]
    return pd.DataFrame(rows, columns=columns).drop_duplicates("id", ignore_index=True)


def _as_table(cut: pd.DataFrame, sides: tuple[str, str]) -> pd.DataFrame:
    rows = [
        (name, *edit)
        for name, inside in zip(cut["id"], cut["edits"], strict=True)
        for edit in inside
    ]
    return pd.DataFrame(rows, columns=["id", "start", "length", *sides])
