"""The part of a long review around its first word of a list that fits a budget."""

import re
from collections.abc import Callable, Sequence

from bias_transfer.corpora.swaps.edits import Edit, versions
from bias_transfer.io.errors import InputError

Fits = Callable[[str], bool]
# Where a text may be cut, in order of preference: behind sentences, behind clauses, between words.
_CUTS = (
    re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|\n+|(?:<br\s*/?>\s*)+", re.I),
    re.compile(r"(?<=[.!?…,;:])[\"'”’)\]]*\s+|\s+(?:--+|[-–—])\s+|\n+|(?:<br\s*/?>\s*)+", re.I),
    re.compile(r"\s+"),
)


def cut(text: str, edits: Sequence[Edit], fits: Fits) -> tuple[str, list[Edit]]:
    """The passage around the first edit, and the edits in it with offsets of the passage.

    Whole sentences are added in turn behind and before the one with the first edit while both
    versions fit; clauses, if that sentence is too long; words, if its clause is.

    Parameters
    ----------
    text, edits
        A review and what is swapped in it: one edit or more.
    fits
        Whether a text is within every system's budget; a part of a text that fits must fit.

    Raises
    ------
    InputError
        If not even the first word by itself fits.
    """
    edits = sorted(edits)

    def within(start: int, end: int) -> bool:
        return all(map(fits, versions(text[start:end], _inside(edits, start, end))))

    start, end = (0, len(text)) if within(0, len(text)) else _around(text, edits[0], within)
    return text[start:end], _inside(edits, start, end)


def _around(text: str, edit: Edit, within: Callable[[int, int], bool]) -> tuple[int, int]:
    for cuts in _CUTS:
        parts = _parts(text, cuts)
        middle = next(i for i, (_, end) in enumerate(parts) if edit[0] < end)
        if within(*parts[middle]):
            return _grown(parts, middle, within)
    raise InputError(f"the budget is too small for {text[edit[0] : edit[0] + edit[1]]!r} alone")


def _parts(text: str, cuts: re.Pattern) -> list[tuple[int, int]]:
    """Offsets of the parts between cuts, without the space there.

    Closing quotes stay with their sentence.
    """
    parts, at = [], 0
    for match in cuts.finditer(text):
        end = match.start() + len(match[0]) - len(match[0].lstrip("\"'”’)]"))
        if end > at:
            parts.append((at, end))
        at = match.end()
    return [*parts, (at, len(text))] if at < len(text) else parts


def _grown(
    parts: list[tuple[int, int]], middle: int, within: Callable[[int, int], bool]
) -> tuple[int, int]:
    first = last = middle
    open_ends = [1, -1]  # behind, before
    while open_ends:
        step = open_ends.pop(0)
        new = (first, last + 1) if step > 0 else (first - 1, last)
        if new[0] >= 0 and new[1] < len(parts) and within(parts[new[0]][0], parts[new[1]][1]):
            first, last = new
            open_ends.append(step)
    return parts[first][0], parts[last][1]


def _inside(edits: Sequence[Edit], start: int, end: int) -> list[Edit]:
    return [
        (at - start, length, female, male)
        for at, length, female, male in edits
        if start <= at and at + length <= end
    ]
