"""Which reviews mention more women than men: the ones where a gap is planted."""

import numpy as np
import pandas as pd

from bias_transfer.corpora.swaps import matching, wordlist


def mentions_more_women(texts: pd.Series) -> np.ndarray:
    """Which texts hold more female than male words: bool, shape (texts,).

    The words are those that are swapped (``swaps.wordlist.gendered``), and they count where they
    would be swapped. So the female version of a swapped text mentions more women, and the male one
    does not.
    """
    words = wordlist.gendered()
    counts = (matching.count(text, words) for text in texts)
    return np.array([female > male for female, male in counts], dtype=bool)
