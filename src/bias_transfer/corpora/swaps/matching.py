"""Where the words of a list stand in a text, and which of them are part of a name or fixed phrase."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bias_transfer.corpora.swaps.wordlist import Words

# A letter or digit on either side would make it another word; an underscore, as in _his_, would not.
_ALONE = r"(?<![^\W_]){}(?![^\W_])"
_REACH = 48  # characters around a word in which a phrase, or a name, is looked for
_PRONOUN, _KIN = "pronoun", "kin"
# May stand beside a listed word in a compound that is swapped: father-in-law, ex-wife, all-male.
_FREE = frozenset(
    "in law ex half step great grand all non only and to be like single young".split()
)

_NEXT = re.compile(r"[\s\"'“”‘’(]*([^\W\d_][\w'’]*)")
_PREVIOUS = re.compile(r"([^\W\d_][\w'’]*)[ \t]+[\"“‘']?$")
_NAME_AFTER = re.compile(
    r"(?:['’]s)?[ \t]+(?:(?:of|in|on|with|from|the|and|without|at|to|for|a|an|vs\.?|who|is|by) )*"
    r"[\"“‘]?[A-Z][a-z]"
)
_START = re.compile(r"(?:^|[.!?…:;\n>*–—/]|--| -|\)|[0-9][.)])[\s\"'“”‘’()\[\]_*]*$")
_QUOTE = re.compile(r"(?:^|\s)[\"'“‘(\[]+$")
_ALONE_IN_QUOTES = re.compile(r"[,.]?[\"”’'](?![^\W_])")
# Capitalised at a sentence's start, these are no name: "Two brothers", as against "Coen brothers".
_OPENERS = frozenset(
    "a all an and are as both but by for four from his her how if in is it its like many most my no "
    "not of older on one or other our real so some step that the their these they this those three "
    "to twin two was were what when where while who whose why with younger your".split()
)


@dataclass(frozen=True)
class Found:
    """A word of the list that is no part of a fixed phrase or name."""

    start: int
    word: str  # as it stands in the text

    @property
    def end(self) -> int:
        """Offset behind the word."""
        return self.start + len(self.word)


def find(text: str, words: Words) -> list[Found]:
    """Every word of ``words`` in ``text`` that is to be swapped, from left to right.

    Left alone are words in a fixed phrase of the list, in a hyphenated compound ("X-Men"), in a name or
    title ("Uncle Buck", "the Man"), in a pair with their partner ("men and women", "he/she"), and where a
    swap would need another article ("an entire", of entire and whole).
    """
    return [found for found in _all(text, words) if not _left_alone(text, found, words)]


def count(text: str, words: Words) -> tuple[int, int]:
    """How many words of each side ``find`` finds."""
    sides = [words.side(found.word.lower()) for found in find(text, words)]
    return sides.count(0), sides.count(1)


def _all(text: str, words: Words) -> Iterator[Found]:
    for match in _any(tuple(words.entries)).finditer(text):
        if match[0].lower() in words.entries:  # IGNORECASE takes ſ for s
            yield Found(match.start(), match[0])


@lru_cache
def _any(words: tuple[str, ...]) -> re.Pattern:
    return re.compile(_ALONE.format(f"(?:{'|'.join(sorted(words, key=len, reverse=True))})"), re.I)


def _left_alone(text: str, found: Found, words: Words) -> bool:
    word = found.word.lower()
    kind = words.entries[word][0].kind
    return (
        _in_phrase(text, found, words)
        or _in_compound(text, found, words, kind)
        or _in_name(text, found, kind)
        or _beside_partner(text, found, words)
        or _needs_article(text, found, words)
    )


def _in_phrase(text: str, found: Found, words: Words) -> bool:
    pattern = _phrases(words.phrases).get(found.word.lower())
    if pattern is None:
        return False
    near = pattern.finditer(text, max(0, found.start - _REACH), found.end + _REACH)
    return any(match.start(1) <= found.start and found.end <= match.end(1) for match in near)


@lru_cache
def _phrases(phrases: tuple[str, ...]) -> dict[str, re.Pattern]:
    """For each word, a pattern whose group 1 is a phrase with it; overlapping matches are all found."""
    by_word: dict[str, list[str]] = {}
    for phrase in phrases:
        for word in re.findall(r"[^\W\d_]+", phrase):
            by_word.setdefault(word, []).append(phrase)
    return {
        word: re.compile(
            f"(?=({'|'.join(map(_phrase, sorted(group, key=len, reverse=True)))}))", re.I
        )
        for word, group in by_word.items()
    }


def _phrase(phrase: str) -> str:
    """Pattern of one phrase: words with spaces or hyphens between, ``^`` where a sentence starts."""
    opening = r"(?:(?<=[.!?…:;>\n\"] )|(?<=[.!?…>\n\"*])|\A)" if phrase[0] == "^" else ""
    pieces = re.split(r"( |'|\W)", phrase.removeprefix("^"))
    special = {" ": r"[\s-]+", "'": "['’]", ",": r"\s*,", "!": r"\s*!"}
    body = "".join(special.get(piece, re.escape(piece)) for piece in pieces)
    before = r"(?<![^\W_])" if phrase.removeprefix("^")[0].isalpha() else ""
    after = r"(?![^\W_])" if phrase[-1].isalpha() else ""
    return f"{opening}{before}{body}{after}"


def _in_compound(text: str, found: Found, words: Words, kind: str) -> bool:
    """Whether hyphens join the word to others than listed and free ones; sloppy dashes join no pronoun."""
    before = re.search(r"((?:[^\W_]+-)+)$", text[max(0, found.start - _REACH) : found.start])
    after = re.match(r"((?:-[^\W_]+)+)", text[found.end : found.end + _REACH])
    if kind == _PRONOUN:
        before = None
    parts = [
        part for side in (before, after) if side for part in side[0].lower().split("-") if part
    ]
    return any(part not in words.partners and part not in _FREE for part in parts)


def _in_name(text: str, found: Found, kind: str) -> bool:
    if found.word.islower():
        return _after_surname(text, found)
    if found.word.isupper():
        return kind != _PRONOUN and _beside_capitals(text, found) and not _shouted(text, found)
    before, after = text[max(0, found.start - _REACH) : found.start], text[found.end :][:_REACH]
    if _START.search(before) and (found.start <= _REACH or before.strip()):
        return kind != _PRONOUN and _NAME_AFTER.match(after) is not None
    if kind == _PRONOUN:
        return not _QUOTE.search(before)
    if _ALONE_IN_QUOTES.match(after) and before.endswith(tuple("\"“‘'")):
        return True
    if kind == _KIN:
        return _capital(_NEXT.match(after)) or _capital(_PREVIOUS.search(before))
    return True


def _capital(match: re.Match | None) -> bool:
    return (
        match is not None
        and match[1][0].isupper()
        and match[1] not in ("I", "A")
        and not (match[1].startswith(("I'", "I’")))
    )


def _after_surname(text: str, found: Found) -> bool:
    """As in "the Coen brothers"."""
    if found.word not in ("brothers", "sisters"):
        return False
    previous = _PREVIOUS.search(text[max(0, found.start - _REACH) : found.start])
    return _capital(previous) and previous[1].lower() not in _OPENERS


def _beside_capitals(text: str, found: Found) -> bool:
    before, after = text[max(0, found.start - _REACH) : found.start], text[found.end :][:_REACH]
    near = (_NEXT.match(after), _PREVIOUS.search(before))
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
_JOINTS_BEFORE = [
    re.compile(rf"([^\W\d_]+){_JOINT}{between}$", re.I) for between in ("", _DETERMINER)
]
_JOINTS_AFTER = [
    re.compile(rf"{_JOINT}{between}([^\W\d_]+)", re.I) for between in ("", _DETERMINER)
]


def _beside_partner(text: str, found: Found, words: Words) -> bool:
    """As in "men and women" or "he/she", where one version would say "women and women"."""
    before = text[max(0, found.start - _REACH) : found.start]
    after = text[found.end :][:_REACH]
    joined = [joint.search(before) for joint in _JOINTS_BEFORE]
    joined += [joint.match(after) for joint in _JOINTS_AFTER]
    partners = words.partners[found.word.lower()]
    return any(match is not None and match[1].lower() in partners for match in joined)


def _needs_article(text: str, found: Found, words: Words) -> bool:
    vowels = {
        word[0] in "aeiou" for pair in words.entries[found.word.lower()] for word in pair.words
    }
    if len(vowels) == 1:
        return False
    return re.search(r"\ban?\s+$", text[max(0, found.start - 8) : found.start], re.I) is not None
