"""What is swapped, as a table of offsets and words, and the two versions that it makes of a text.

Only ``find`` needs a tagger. A machine without one applies the table, which holds no text.
"""

from collections.abc import Callable, Iterable, Sequence

import pandas as pd

from bias_transfer.corpora import text_id
from bias_transfer.corpora.swaps import matching
from bias_transfer.corpora.swaps.context import Found
from bias_transfer.corpora.swaps.wordlist import Words
from bias_transfer.io.errors import InputError

Span = tuple[int, int]
# Texts, and of each the spans of its ambiguous words -> for each text the uses of these words, and
# whether it names a person (None: not looked for).
Tagger = Callable[[Sequence[str], Sequence[list[Span]]], Iterable[tuple[list[str], bool | None]]]
# Start, length, the word of the first side, the word of the second.
Edit = tuple[int, int, str, str]

MIXED = "mixed"


def find(texts: pd.Series, words: Words, tagger: Tagger | None = None) -> pd.DataFrame:
    """Where the words of a list stand in each text, and what each version has in their place.

    Parameters
    ----------
    texts
        Texts; one that recurs is taken once.
    words
        The list.
    tagger
        Tells uses apart; None for a list in which no word has several.

    Returns
    -------
    DataFrame
        A row per word: ``id`` of the text, ``start`` and ``length`` in code points, two columns
        named after the list's sides, and ``named`` where the tagger looked for it: whether the text
        names a person.
    """
    unique = pd.Series(texts.unique())
    held = [(text, found) for text in unique if (found := matching.find(text, words))]
    spans = [[(f.start, f.end) for f in found if _ambiguous(f, words)] for _, found in held]
    if tagger is None:
        if any(spans):
            raise ValueError("this list has words with several uses: it needs a tagger")
        read: Iterable = ((list[str](), None) for _ in held)
    else:
        read = tagger([text for text, _ in held], spans)
    rows = []
    for (text, found), (uses, named) in zip(held, read, strict=True):
        remaining = iter(uses)
        for f in found:
            use = next(remaining) if _ambiguous(f, words) else None
            rows.append((text_id(text), f.start, len(f.word), *_versions(f, use, words), named))
    frame = pd.DataFrame(rows, columns=["id", "start", "length", *words.sides, "named"])
    looked_for = tagger is not None and frame["named"].notna().all()
    return frame if looked_for else frame.drop(columns="named")


def fitting(texts: pd.Series, edits: pd.DataFrame, words: Words) -> set[str]:
    """Ids of the texts whose edits are those that ``find`` would give, but for the uses of words.

    A text without a word of the list has no edits, and fits. Uses take a tagger; whether a word of
    several uses got one of their pairs is checked.
    """
    by_id = of_texts(edits)
    fit = set()
    for text in texts.unique():
        found, made = matching.find(text, words), sorted(by_id.get(text_id(text), []))
        places = [(f.start, len(f.word)) for f in found]
        if [edit[:2] for edit in made] == places and all(
            edit[2:] in _possible(f, words) for edit, f in zip(made, found, strict=True)
        ):
            fit.add(text_id(text))
    return fit


def apply(texts: pd.DataFrame, edits: pd.DataFrame) -> pd.DataFrame:
    """Both versions of each text that has edits.

    Parameters
    ----------
    texts
        ``id`` and ``text``.
    edits
        What ``find`` gives, of these texts or of more.

    Returns
    -------
    DataFrame
        A row per text, in its order: ``id``; two columns of versions, named after the sides; ``n_``
        and a side: how many of the original's words are of it; ``n_edits``: at how many places the
        two versions differ, which is the sum of both counts; ``original``: the side all of the
        original's words are of, or ``mixed``; ``direction``; and ``named`` where ``edits`` has it.

    Raises
    ------
    InputError
        If a text does not have the hash that its id says, or does not hold the words that were
        found in it.
    """
    sides = sides_of(edits)
    by_id = of_texts(edits)
    held = texts[texts["id"].isin(by_id)]
    rows = []
    for name, text in zip(held["id"], held["text"], strict=True):
        if text_id(text) != name:
            raise InputError(
                f"the text {text[:40]!r} is not the one with id {name}: its hash is {text_id(text)}"
            )
        rows.append((name, *versions(text, by_id[name]), *counts(text, by_id[name])))
    columns = ["id", *sides, *(f"n_{side}" for side in sides)]
    frame = pd.DataFrame(rows, columns=columns)
    first, second = frame[columns[3]], frame[columns[4]]
    frame["n_edits"] = first + second
    frame["original"] = MIXED
    frame.loc[second == 0, "original"] = sides[0]
    frame.loc[first == 0, "original"] = sides[1]
    frame["direction"] = direction(first, second)
    if "named" in edits.columns:
        frame["named"] = frame["id"].map(edits.drop_duplicates("id").set_index("id")["named"])
    return frame


def of_texts(edits: pd.DataFrame) -> dict[str, list[Edit]]:
    """The edits of each text, by its id."""
    columns = [edits[name].tolist() for name in ("id", "start", "length", *sides_of(edits))]
    by_id: dict[str, list[Edit]] = {}
    for name, *edit in zip(*columns, strict=True):
        by_id.setdefault(name, []).append(tuple(edit))
    return by_id


def direction(n_first: pd.Series, n_second: pd.Series) -> pd.Series:
    """From -1 (all of the original's words are of the second side) to 1 (all are of the first)."""
    return (n_first - n_second) / (n_first + n_second)


def sides_of(edits: pd.DataFrame) -> tuple[str, str]:
    """The names of the two columns that hold words."""
    known = ("id", "start", "length", "named", "rules")
    sides = tuple(name for name in edits.columns if name not in known)
    if len(sides) != 2 or not {"id", "start", "length"} <= set(edits.columns):
        raise InputError(
            "edits must have the columns id, start, length and two sides, not "
            + ", ".join(map(str, edits.columns))
        )
    return sides


def versions(text: str, edits: Sequence[Edit]) -> tuple[str, str]:
    """The text with all words of the first side, and with all of the second: one pass, by offset.

    Raises
    ------
    InputError
        If an edit lies outside the text, over another, or on a word that it does not know.
    """
    pieces: tuple[list[str], list[str]] = [], []
    at = 0
    for start, length, *both in sorted(edits):
        if start < at or text[start : start + length] not in both:
            held = text[start : start + length]
            raise InputError(
                f"edit at {start}: the text has {held!r}, not {both[0]!r} or {both[1]!r}"
            )
        for side, word in zip(pieces, both, strict=True):
            side += (text[at:start], word)
        at = start + length
    return "".join((*pieces[0], text[at:])), "".join((*pieces[1], text[at:]))


def counts(text: str, edits: Sequence[Edit]) -> tuple[int, int]:
    """How many of the edits' words are, in the text, of the first and of the second side."""
    n = sum(text[start : start + length] == first for start, length, first, _ in edits)
    return n, len(edits) - n


def _ambiguous(found: Found, words: Words) -> bool:
    return len(words.entries[found.word.lower()]) > 1


def _versions(found: Found, use: str | None, words: Words) -> tuple[str, str]:
    entries = words.entries[found.word.lower()]
    pairs = entries if use is None else [pair for pair in entries if pair.use == use]
    if len(pairs) != 1:
        raise ValueError(f"{found.word!r} has no use {use!r}")
    side = words.side(found.word.lower())
    both = [cased(word, found.word) for word in pairs[0].words]
    both[side] = found.word
    return both[0], both[1]


def _possible(found: Found, words: Words) -> set[tuple[str, str]]:
    entries = words.entries[found.word.lower()]
    uses = [pair.use for pair in entries] if len(entries) > 1 else [None]
    return {_versions(found, use, words) for use in uses}


def cased(word: str, model: str) -> str:
    """``word`` in lower case, in capitals or with a capital, as ``model`` is."""
    if len(model) > 1 and model.isupper():
        return word.upper()
    return word.capitalize() if model[0].isupper() else word
