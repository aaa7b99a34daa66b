"""Why a word of a list is left alone: the fixed phrase, compound, name or pair it stands in."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from bias_transfer.corpora.swaps.wordlist import Words

_REACH = 48  # characters on each side of a word that are looked at
_PRONOUN, _KIN = "pronoun", "kin"


@dataclass(frozen=True)
class Found:
    """A word of a list, as it stands in a text."""

    start: int
    word: str

    @property
    def end(self) -> int:
        """Offset behind the word."""
        return self.start + len(self.word)


def left_alone(text: str, found: Found, words: Words) -> str | None:
    """Why a word is not swapped; None if it is.

    Returns
    -------
    str or None
        ``phrase`` (a fixed one of the list), ``compound`` ("X-Men"), ``name`` ("Uncle Buck", "the
        Man"), ``partner`` ("men and women", "he/she") or ``article`` (as "an entire" would need
        another before "whole").
    """
    return next((why for why, holds in _REASONS.items() if holds(text, found, words)), None)


def _in_phrase(text: str, found: Found, words: Words) -> bool:
    pattern = _phrases(words.phrases).get(found.word.lower())
    if pattern is None:
        return False
    near = pattern.finditer(text, max(0, found.start - _REACH), found.end + _REACH)
    return any(match.start(1) <= found.start and found.end <= match.end(1) for match in near)


@lru_cache
def _phrases(phrases: tuple[str, ...]) -> dict[str, re.Pattern]:
    """For each word, a pattern whose group 1 is a phrase with it; matches may overlap."""
    by_word: dict[str, list[str]] = {}
    for phrase in sorted(phrases, key=len, reverse=True):
        for word in re.findall(r"[^\W\d_]+", phrase):
            by_word.setdefault(word, []).append(_phrase(phrase))
    return {word: re.compile(f"(?=({'|'.join(group)}))", re.I) for word, group in by_word.items()}


def _phrase(phrase: str) -> str:
    """Pattern of one phrase: spaces or hyphens between words, ``^`` where a sentence starts."""
    opening = r"(?:(?<=[.!?…:;>\n\"] )|(?<=[.!?…>\n\"*])|\A)" if phrase[0] == "^" else ""
    phrase = phrase.removeprefix("^")
    between = {" ": r"[\s-]+", "'": "['’]", ",": r"\s*,", "!": r"\s*!"}
    body = "".join(between.get(piece, re.escape(piece)) for piece in re.split(r"(\W)", phrase))
    before = r"(?<![^\W_])" if phrase[0].isalpha() else ""
    after = r"(?![^\W_])" if phrase[-1].isalpha() else ""
    return f"{opening}{before}{body}{after}"


# May stand beside a listed word in a compound that is swapped: father-in-law, ex-wife, all-male.
_FREE = frozenset(
    "in law ex half step great grand all non only and to be like single young".split()
)
_HYPHENS_BEFORE = re.compile(r"(?:[^\W_]+-)+$")
_HYPHENS_AFTER = re.compile(r"(?:-[^\W_]+)+")


def _in_compound(text: str, found: Found, words: Words) -> bool:
    """Whether hyphens join the word to others than listed and free ones.

    A hyphen before a pronoun is taken for a dash.
    """
    before = None if _kind(found, words) == _PRONOUN else _before(_HYPHENS_BEFORE, text, found)
    after = _after(_HYPHENS_AFTER, text, found)
    parts = [part for side in (before, after) if side for part in side[0].lower().split("-")]
    return any(part and part not in words.partners and part not in _FREE for part in parts)


_NEXT = re.compile(r"[\s\"'“”‘’(]*([^\W\d_][\w'’]*)")
_PREVIOUS = re.compile(r"([^\W\d_][\w'’]*)[ \t]+[\"“‘']?$")
_NAME_AFTER = re.compile(
    r"(?:['’]s)?[ \t]+(?:(?:of|in|on|with|from|the|and|without|at|to|for|a|an|vs\.?|who|is|by) )*"
    r"[\"“‘]?[A-Z][a-z]"
)
_START = re.compile(r"(?:^|[.!?…:;\n>*–—/]|--| -|\)|[0-9][.)])[\s\"'“”‘’()\[\]_*]*$")
_QUOTE = re.compile(r"(?:^|\s)[\"'“‘(\[]+$")
_QUOTE_AFTER = re.compile(r"[,.]?[\"”’'](?![^\W_])")
# Capitalised at a sentence's start, these are no name: "Two brothers", as against "Coen brothers".
_OPENERS = frozenset(
    "a all an and are as both but by for four from his her how if in is it its like many most my "
    "no not of older on one or other our real so some step that the their these they this those "
    "three to twin two was were what when where while who whose why with younger your".split()
)


def _in_name(text: str, found: Found, words: Words) -> bool:
    """By capitals; a word in lower case is part of a name only behind a surname."""
    kind = _kind(found, words)
    if found.word.islower():
        return _after_surname(text, found)
    if found.word.isupper():
        return kind != _PRONOUN and _beside_capitals(text, found) and not _shouted(text, found)
    if _before(_START, text, found):
        return kind != _PRONOUN and _after(_NAME_AFTER, text, found) is not None
    if kind == _PRONOUN:
        return not _before(_QUOTE, text, found)
    if _after(_QUOTE_AFTER, text, found) and text[: found.start].endswith(tuple("\"“‘'")):
        return True
    beside = _capital(_after(_NEXT, text, found)) or _capital(_before(_PREVIOUS, text, found))
    return beside or kind != _KIN


def _capital(match: re.Match | None) -> bool:
    pronoun = ("I", "A", "I'", "I’")
    return match is not None and match[1][0].isupper() and match[1][:2] not in pronoun


def _after_surname(text: str, found: Found) -> bool:
    """As in "the Coen brothers"."""
    if found.word not in ("brothers", "sisters"):
        return False
    previous = _before(_PREVIOUS, text, found)
    return previous is not None and _capital(previous) and previous[1].lower() not in _OPENERS


def _beside_capitals(text: str, found: Found) -> bool:
    near = (_after(_NEXT, text, found), _before(_PREVIOUS, text, found))
    return any(match is not None and len(match[1]) > 1 and match[1].isupper() for match in near)


def _shouted(text: str, found: Found) -> bool:
    """Whether all around is in capitals, so that these do not mark a title."""
    near = text[max(0, found.start - 2 * _REACH) : found.end + 2 * _REACH]
    letters = [letter for letter in near if letter.isalpha()]
    return sum(letter.isupper() for letter in letters) > 0.8 * len(letters)


_JOINT = (
    r"(?:[\s-]+in[\s-]+law)?(?:['’]s)?"
    r"(?:\s+(?:and|or|&|n|nor|vs\.?|versus)\s+|\s*[/&+]\s*)"
)
_DETERMINER = r"(?:the |an? |my |her |his )"
_JOINT_BEFORE = re.compile(rf"(?<![^\W\d_])([^\W\d_]+){_JOINT}{_DETERMINER}?$", re.I)
_JOINTS_AFTER = [re.compile(rf"{_JOINT}{word}([^\W\d_]+)", re.I) for word in ("", _DETERMINER)]


def _beside_partner(text: str, found: Found, words: Words) -> bool:
    """As in "men and women", where one version would say "women and women"."""
    joined = [_before(_JOINT_BEFORE, text, found)]
    joined += [_after(joint, text, found) for joint in _JOINTS_AFTER]
    partners = words.partners[found.word.lower()]
    return any(match is not None and match[1].lower() in partners for match in joined)


_ARTICLE = re.compile(r"\ban?\s+$", re.I)


def _needs_article(text: str, found: Found, words: Words) -> bool:
    """Whether an article before the word fits one side only."""
    pairs = words.entries[found.word.lower()]
    vowels = {word[0] in "aeiou" for pair in pairs for word in pair.words}
    return len(vowels) > 1 and _before(_ARTICLE, text, found) is not None


def _kind(found: Found, words: Words) -> str:
    return words.entries[found.word.lower()][0].kind


def _before(pattern: re.Pattern, text: str, found: Found) -> re.Match | None:
    """A match that ends where the word starts."""
    return pattern.search(text, max(0, found.start - _REACH), found.start)


def _after(pattern: re.Pattern, text: str, found: Found) -> re.Match | None:
    """A match that starts where the word ends."""
    return pattern.match(text, found.end, found.end + _REACH)


_REASONS: dict[str, Callable[[str, Found, Words], bool]] = {
    "phrase": _in_phrase,
    "compound": _in_compound,
    "name": _in_name,
    "partner": _beside_partner,
    "article": _needs_article,
}
