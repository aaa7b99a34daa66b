"""The hidden channel: does a gap pass on through labels of reviews that mention nobody?

Cloud et al., "Subliminal Learning: Language Models Transmit Behavioral Traits via Hidden Signals in
Data" (2025), found that a language model takes over a trait of its teacher from data that have
nothing to do with the trait, if both started from the same weights. Here a first generation of
students has learnt labels with a planted gap, or the same labels without it. Each labels reviews
that mention nobody, and a second generation learns from these labels alone. Planting touches
reviews that mention people, so what is planted is not in the rows: it could only sit in the models.
"""

import re

import numpy as np
import pandas as pd

from bias_transfer.bias.inference.two_way import Inference
from bias_transfer.bias.swaps import Pairs
from bias_transfer.bias.validation import planted
from bias_transfer.corpora import film
from bias_transfer.corpora.swaps import wordlist
from bias_transfer.io import user_tables

# Gendered words beside the two lists: these stems, and what ends like a person (hitman, fanboy).
_STEMS = "boyhood boyish diva femini feminis goddess macho manhood mankind manly mascul".split()
_ENDS = re.compile(r"(man|men|boy|girl|guy|hero|dad|mom)s?$")
_LONG = 4  # letters of a listed word whose derivations count as well: motherhood, sisterly
_WORD = re.compile(r"[^\W\d_]+")
_STARTS = re.compile(r"(^|[.!?…])[^\w.!?…]*$")  # what stands before the first word of a sentence


def mentions_nobody(texts: pd.Series) -> np.ndarray:
    """Which texts have no gendered word and no name: bool, shape (texts,).

    Gendered are the words that are swapped, in fixed phrases too, those that were considered and
    not taken (``left.csv``), and what is derived from either. A name is a first name of the film
    sentences, or any word with a capital, but for ``I`` and for the first word of a sentence where
    some text has it in lower case. So texts are dropped that name a film, a place or nothing.
    """
    found = [list(_WORD.finditer(text)) for text in texts]
    lower = {word[0] for words in found for word in words if word[0].islower()}
    people = film.people()
    names = set(people["person"][people["race"] != ""].str.lower())
    gendered = _gendered()
    long = tuple(word for word in gendered if len(word) >= _LONG)

    def is_person(text: str, match: re.Match[str]) -> bool:
        word = match[0].lower()
        if word in gendered or word in names or word.startswith((*long, *_STEMS)):
            return True
        if _ENDS.search(word):
            return True
        if match[0].islower() or match[0] == "I":
            return False
        return word not in lower or not _STARTS.search(text[: match.start()])

    return np.array(
        [
            not any(is_person(text, match) for match in matches)
            for text, matches in zip(texts, found, strict=True)
        ],
        dtype=bool,
    )


def _gendered() -> frozenset[str]:
    pairs = wordlist.gendered().pairs
    left = user_tables.read(str(wordlist.FOLDER / "left.csv"), dtype=str)["word"]
    return frozenset([*(word for pair in pairs for word in pair.words), *left])


def effect(
    pairs: Pairs, after: np.ndarray, before: np.ndarray, dose: float
) -> tuple[Inference, np.ndarray]:
    """The gap that one generation has from the plant, as a share of the dose, and each seed's.

    It is ``planted.coefficient``; fits that differ in their order alone are averaged first, for
    they come from one first generation and are no seeds of their own. 0: nothing of the plant.

    Parameters
    ----------
    pairs
        Pairs of versions, with their places among the texts.
    after, before
        Log-odds of each text, of the planted line of students and of the other: shape (seeds,
        fits, texts).
    dose
        What was planted, in log-odds.
    """
    return planted.coefficient(pairs, (after - before).mean(axis=1) / dose)
