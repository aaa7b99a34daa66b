"""Both versions of anybody's texts, as the pairs that ``audit --corpus`` reads."""

from dataclasses import dataclass

import pandas as pd

from bias_transfer.corpora import text_id
from bias_transfer.corpora.swaps import edits
from bias_transfer.corpora.swaps.wordlist import Words
from bias_transfer.io.errors import InputError

COLUMNS = ["pair_id", "group", "template", "sentence", "unit", "original", "n_edits"]
TEXT_COLUMNS = ("text", "review", "sentence", "content", "comment", "body", "snippet")


@dataclass(frozen=True)
class WrittenPairs:
    """``frame`` has two rows per text that was swapped; ``counts`` says what became of all."""

    frame: pd.DataFrame
    counts: dict[str, int]


def text_column(frame: pd.DataFrame, origin: str) -> pd.Series:
    """The one column of texts, found by its name, whatever its case.

    Raises
    ------
    InputError
        If no column, or more than one, has a usual name, or a value is not a text.
    """
    named = [name for name in frame.columns if str(name).strip().lower() in TEXT_COLUMNS]
    if len(named) != 1:
        what = (
            f"columns {', '.join(map(repr, named))} all could be"
            if named
            else "no column is named as"
        )
        raise InputError(
            f"{origin}: {what} the texts: name one column {TEXT_COLUMNS[0]!r} "
            f"(or {', '.join(TEXT_COLUMNS[1:])}), and no other so"
        )
    texts = frame[named[0]]
    odd = ~texts.map(lambda value: isinstance(value, str)).to_numpy(dtype=bool)
    if odd.any():
        row = int(odd.argmax())
        value = str(texts.iloc[row])[:40]
        raise InputError(f"{origin}, row {row + 2}, column {named[0]!r}: {value!r} is not a text")
    return texts.astype(object)


def pairs(texts: pd.Series, words: Words, tagger: edits.Tagger | None, origin: str) -> WrittenPairs:
    """Swap every text that holds a word of the list.

    Returns
    -------
    WrittenPairs
        ``frame``: ``pair_id``, ``template`` and ``unit`` are the text's id; ``group`` and
        ``original`` are sides of the list (``original``: ``mixed`` where the text has words of
        both); ``n_edits`` counts the places at which the two sentences differ. ``counts``: texts
        that were read, dropped as duplicates, without a word of the list, dropped since a version
        equals one of an earlier pair, and swapped.

    Raises
    ------
    InputError
        If no text holds a word of the list, or too few for an audit.
    """
    unique = pd.DataFrame({"text": texts.drop_duplicates().to_numpy()})
    unique["id"] = unique["text"].map(text_id)
    both = edits.apply(unique, edits.find(unique["text"], words, tagger))
    if both.empty:
        example = " or ".join(map(repr, words.pairs[0].words))
        raise InputError(
            f"{origin}: none of the {len(unique)} texts holds a word that can be swapped, such as "
            f"{example}: give texts that mention people"
        )
    kept = both[fresh(both, words.sides)]
    counts = {
        "read": len(texts),
        "duplicates": len(texts) - len(unique),
        "without": len(unique) - len(both),
        "repeated": len(both) - len(kept),
        "swapped": len(kept),
    }
    if len(kept) < 2:
        raise InputError(f"{origin}: one text can be swapped, and an audit needs two: give more")
    return WrittenPairs(_long(kept, words.sides), counts)


def fresh(both: pd.DataFrame, sides: tuple[str, str]) -> list[bool]:
    """Rows neither of whose versions stands in an earlier row that was kept."""
    seen: set[str] = set()
    found = []
    for versions in both[list(sides)].itertuples(index=False, name=None):
        found.append(seen.isdisjoint(versions))
        if found[-1]:
            seen.update(versions)
    return found


def _long(both: pd.DataFrame, sides: tuple[str, str]) -> pd.DataFrame:
    rows = both.assign(pair_id=both["id"], template=both["id"], unit=both["id"])
    shared = ["pair_id", "template", "unit", "original", "n_edits"]
    parts = [rows[shared].assign(group=side, sentence=rows[side]) for side in sides]
    return pd.concat(parts).sort_index(kind="stable")[COLUMNS].reset_index(drop=True)
