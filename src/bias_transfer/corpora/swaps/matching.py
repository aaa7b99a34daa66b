"""Where the words of a list stand in a text."""

import re

from bias_transfer.corpora.swaps.context import Found, left_alone
from bias_transfer.corpora.swaps.wordlist import Words

# A letter or digit on either side makes it another word; an underscore, as in _his_, does not.
_WORD = re.compile(r"(?<![^\W_])[^\W\d_]+(?![^\W_])")


def find(text: str, words: Words) -> list[Found]:
    """Every word of ``words`` in ``text`` that is to be swapped, from left to right."""
    return [found for found in candidates(text, words) if left_alone(text, found, words) is None]


def count(text: str, words: Words) -> tuple[int, int]:
    """How many words of each side ``find`` finds."""
    sides = [words.side(found.word.lower()) for found in find(text, words)]
    return sides.count(0), sides.count(1)


def candidates(text: str, words: Words) -> list[Found]:
    """Every word of ``words`` in ``text``, whatever it stands in."""
    return [
        Found(match.start(), match[0])
        for match in _WORD.finditer(text)
        if match[0].lower() in words.entries
    ]
