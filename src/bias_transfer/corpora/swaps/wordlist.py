"""The closed lists: pairs of words, and the fixed phrases whose words are left alone."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from bias_transfer.io import user_tables
from bias_transfer.io.errors import InputError

FOLDER = Path(__file__).parent
BOTH = "both"
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Pair:
    """One row of a list: ``words`` are lower case, in the order of the list's two sides."""

    words: tuple[str, str]
    kind: str
    use: str  # which use of a word that has several partners; empty where it has one
    found: str  # a side, or BOTH: where the pair's words are looked for in a text


@dataclass(frozen=True)
class Words:
    """Pairs whose two ``sides`` the list's header names, and phrases that are left alone."""

    sides: tuple[str, str]
    pairs: tuple[Pair, ...]
    phrases: tuple[str, ...] = ()

    @cached_property
    def entries(self) -> dict[str, list[Pair]]:
        """Pairs by the word that is looked for: several where its use decides."""
        entries: dict[str, list[Pair]] = {}
        for pair in self.pairs:
            for side, word in zip(self.sides, pair.words, strict=True):
                if pair.found in (BOTH, side):
                    entries.setdefault(word, []).append(pair)
        return entries

    @cached_property
    def partners(self) -> dict[str, frozenset[str]]:
        """Every word's partners on the other side."""
        partners: dict[str, set[str]] = {}
        for pair in self.pairs:
            for word, other in (pair.words, pair.words[::-1]):
                partners.setdefault(word, set()).add(other)
        return {word: frozenset(others) for word, others in partners.items()}

    def side(self, word: str) -> int:
        """On which side a lower-case word of ``entries`` stands: 0 or 1."""
        return self.entries[word][0].words.index(word)


def gendered() -> Words:
    """The words that are swapped, and counted when a bias is planted."""
    return read(FOLDER / "words.csv", FOLDER / "phrases.csv")


def placebo() -> Words:
    """Pairs of words without social meaning."""
    return read(FOLDER / "placebo.csv", FOLDER / "placebo_phrases.csv")


def read(path: Path, phrases: Path | None = None) -> Words:
    """Read and check a list.

    Parameters
    ----------
    path
        CSV whose first two columns are the sides; ``kind``, ``use`` and ``found`` may follow
        (``found`` names the one side whose word is looked for, where the other side's serves for
        both).
    phrases
        CSV with a column ``phrase``.

    Raises
    ------
    InputError
        Naming file and row, if a side is empty or no word, a word is on both sides, a pair stands
        twice, or a word has two partners and no ``use`` to tell them apart.
    """
    frame = user_tables.read(str(path), dtype=str, keep_default_na=False)
    if frame.shape[1] < 2:
        raise InputError(f"{path}: the first two columns must be the two sides of each pair")
    first, second = map(str, frame.columns[:2])
    sides = (first, second)
    pairs = [_pair(row, sides, f"{path}, row {n}") for n, row in _numbered(frame)]
    _check(pairs, sides, path)
    words = Words(sides, tuple(pairs))
    return Words(sides, words.pairs, _closed(_phrases(phrases), words) if phrases else ())


def _numbered(frame: pd.DataFrame) -> Iterable[tuple[int, dict[str, str]]]:
    """Rows with the number that a spreadsheet shows, the header being row 1."""
    return enumerate(frame.to_dict("records"), start=2)


def _pair(row: dict[str, str], sides: tuple[str, str], where: str) -> Pair:
    words = (row[sides[0]].strip().lower(), row[sides[1]].strip().lower())
    for side, word in zip(sides, words, strict=True):
        if not word:
            raise InputError(f"{where}: the {side} side is empty")
        if not _WORD.fullmatch(word):
            raise InputError(f"{where}: {word!r} is not one word of letters alone")
    found = row.get("found", "") or BOTH
    if found not in (BOTH, *sides):
        raise InputError(f"{where}: found must be {sides[0]}, {sides[1]} or {BOTH}, not {found!r}")
    return Pair(words, row.get("kind", ""), row.get("use", ""), found)


def _check(pairs: list[Pair], sides: tuple[str, str], path: Path) -> None:
    """Refuse what would make a swap depend on the order of the rows."""
    rows: dict[tuple[str, str], int] = {}
    first: dict[str, tuple[int, int]] = {}  # word -> its side, and the row where it first stands
    looked_for: dict[str, dict[str, int]] = {}  # word -> use -> row
    for row, pair in enumerate(pairs, start=2):
        where = f"{path}, row {row}"
        if pair.words in rows:
            raise InputError(
                f"{where}: {'/'.join(pair.words)} is in row {rows[pair.words]} already"
            )
        rows[pair.words] = row
        for i, word in enumerate(pair.words):
            side, before = first.setdefault(word, (i, row))
            if side != i:
                raise InputError(
                    f"{where}: {word!r} is on the {sides[i]} side here and on the {sides[side]} "
                    f"side in row {before}"
                )
            if pair.found in (BOTH, sides[i]):
                _refuse_two_partners(word, pair.use, row, looked_for.setdefault(word, {}), where)


def _refuse_two_partners(word: str, use: str, row: int, uses: dict[str, int], where: str) -> None:
    if uses and (not use or "" in uses or use in uses):
        raise InputError(
            f"{where}: {word!r} has another partner in row {min(uses.values())}: say in the column "
            "'use' of both when each is meant, or in 'found' from which side one is looked for"
        )
    uses[use] = row


def _phrases(path: Path) -> list[str]:
    frame = user_tables.read(str(path), dtype=str, keep_default_na=False)
    if "phrase" not in frame.columns:
        raise InputError(
            f"{path}: column 'phrase' is missing (columns: {user_tables.listed(frame.columns)})"
        )
    for row, values in _numbered(frame):
        if not values["phrase"].strip():
            raise InputError(f"{path}, row {row}: the phrase is empty")
    return [phrase.strip().lower() for phrase in frame["phrase"]]


def _closed(phrases: list[str], words: Words) -> tuple[str, ...]:
    """The phrases, and those with words of the first side also with words of the second.

    So a swap to the first side never makes a phrase: its version holds as many words that count as
    were swapped.
    """
    swapped = [_WORD.sub(lambda match: _on_second(words, match[0]), phrase) for phrase in phrases]
    return tuple(dict.fromkeys([*phrases, *swapped]))


def _on_second(words: Words, word: str) -> str:
    return words.entries[word][0].words[1] if word in words.entries else word
