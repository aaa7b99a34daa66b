"""Word tokenisation, learnt on the training texts, in the same file format as a transformer's tokenizer."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

PAD, UNKNOWN = "[PAD]", "[UNK]"
PAD_ID, UNKNOWN_ID = 0, 1
_WORD = "[a-z']+"
_find_words = re.compile(_WORD).findall


def train_words(texts: list[str], vocabulary_size: int, min_frequency: int) -> Tokenizer:
    """Vocabulary of lower-case words (letters and apostrophes) by frequency, ties by spelling.

    Parameters
    ----------
    texts
        Training texts only: what a student may know of the language.
    vocabulary_size
        Most words kept, the padding and the unknown word included.
    min_frequency
        Words seen less often become the unknown word.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_find_words(text.lower()))
    frequent = sorted((-n, word) for word, n in counts.items() if n >= min_frequency)
    known = [PAD, UNKNOWN, *(word for _, word in frequent)][:vocabulary_size]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(known)}, UNKNOWN))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_WORD), behavior="removed", invert=True)
    return tokenizer


def unknown_words(folder: Path, texts: Iterable[str]) -> set[str] | None:
    """Which of ``texts`` hold a word that the student in ``folder`` does not know; None if it reads parts of words."""
    path = folder / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(path)) if path.is_file() else None
    if tokenizer is None or not isinstance(tokenizer.model, models.WordLevel):
        return None
    return {text for text in texts if UNKNOWN in tokenizer.encode(text).tokens}


def encode(tokenizer: Tokenizer, texts: list[str], max_length: int) -> list[np.ndarray]:
    """Token ids of each text, cut to ``max_length``, never padded: one array of integers a text.

    Words are looked up here, four times as fast as by the tokenizer itself.
    """
    if isinstance(tokenizer.model, models.WordLevel):
        look_up = tokenizer.get_vocab().get
        return [
            np.array([look_up(word, UNKNOWN_ID) for word in _find_words(text.lower())[:max_length]], dtype=np.int64)
            for text in texts
        ]
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    return [np.array(encoding.ids) for encoding in tokenizer.encode_batch(texts)]
