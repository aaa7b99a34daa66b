"""Which reviews mention more women than men: the ones where a gap is planted."""

import re

import numpy as np
import pandas as pd

# Pronouns, common nouns, and the nouns of the EEC's noun phrases with their plurals.
FEMALE = frozenset(
    "she her hers herself woman women girl girls lady ladies female females sister sisters "
    "daughter daughters wife wives girlfriend girlfriends mother mothers aunt aunts mom "
    "moms".split()
)
MALE = frozenset(
    "he him his himself man men boy boys gentleman gentlemen male males brother brothers son sons "
    "husband husbands boyfriend boyfriends father fathers uncle uncles dad dads".split()
)


def mentions_more_women(texts: pd.Series) -> np.ndarray:
    """Which texts hold more words of ``FEMALE`` than of ``MALE``: bool, shape (texts,).

    Case does not matter, and a word ends at an apostrophe, so "She's" and "woman's" count.
    """

    def count(words: frozenset[str]) -> np.ndarray:
        return texts.str.count(
            rf"\b(?:{'|'.join(sorted(words))})\b", flags=re.IGNORECASE
        ).to_numpy()

    return count(FEMALE) > count(MALE)
