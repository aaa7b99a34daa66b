"""Word tokenisation, learnt on the training texts and saved as a transformer's tokenizer is."""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

FILE = "tokenizer.json"
PAD, UNKNOWN = "[PAD]", "[UNK]"
PAD_ID, UNKNOWN_ID = 0, 1
_WORD = "[a-z']+"
_BLANK_THE_REST = bytes(
    code if chr(code) in "abcdefghijklmnopqrstuvwxyz'" else ord(" ") for code in range(256)
)
_CHUNK = 5000


def train_words(texts: list[str], vocabulary_size: int, min_frequency: int) -> Tokenizer:
    """Vocabulary of lower-case words (letters and apostrophes) by frequency, ties by spelling.

    Parameters
    ----------
    texts
        Training texts only.
    vocabulary_size
        How many words are kept at most, the padding and the unknown word included.
    min_frequency
        Words that occur less often become the unknown word.
    """
    counts: Counter[str] = Counter()
    for words, codes, _ in _split(texts):
        counts.update(dict(zip(words, np.bincount(codes).tolist(), strict=True)))
    frequent = sorted((-n, word) for word, n in counts.items() if n >= min_frequency)
    known = [PAD, UNKNOWN, *(word for _, word in frequent)][:vocabulary_size]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(known)}, UNKNOWN))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_WORD), behavior="removed", invert=True)
    return tokenizer


def unknown_words(folder: Path, texts: Iterable[str]) -> set[str] | None:
    """Those of ``texts`` with a word that the student in ``folder`` does not know.

    None if the student reads parts of words, so that no word is unknown to it.
    """
    path = folder / FILE
    tokenizer = Tokenizer.from_file(str(path)) if path.is_file() else None
    if tokenizer is None or not isinstance(tokenizer.model, models.WordLevel):
        return None
    return {text for text in texts if UNKNOWN in tokenizer.encode(text).tokens}


def encode(tokenizer: Tokenizer, texts: list[str], max_length: int) -> list[np.ndarray]:
    """Token ids of each text, cut to ``max_length`` and not padded: one array of integers per text.

    Words are looked up here, which is many times as fast as by the tokenizer itself.
    """
    if isinstance(tokenizer.model, models.WordLevel):
        id_of = tokenizer.get_vocab()
        return [
            ids[:max_length]
            for words, codes, ends in _split(texts)
            for ids in np.split(
                np.array([id_of.get(word, UNKNOWN_ID) for word in words], dtype=int)[codes],
                ends[:-1],
            )
        ]
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    return [np.array(encoding.ids) for encoding in tokenizer.encode_batch(texts)]


def _split(texts: list[str]) -> Iterator[tuple[list[str], np.ndarray, np.ndarray]]:
    """Per chunk of texts: its different words, its texts end to end as their numbers, its ends."""
    chunks = (texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK))
    with ThreadPoolExecutor() as pool:
        yield from pool.map(_split_chunk, chunks)


def _split_chunk(texts: list[str]) -> tuple[list[str], np.ndarray, np.ndarray]:
    blanked = [
        text.lower().encode(errors="replace").translate(_BLANK_THE_REST).strip() or None
        for text in texts
    ]
    lists = pc.ascii_split_whitespace(pa.array(blanked, pa.large_string()))
    coded = lists.flatten().dictionary_encode()
    lengths = lists.value_lengths().fill_null(0).to_numpy()
    return (
        coded.dictionary.to_numpy(zero_copy_only=False).tolist(),
        coded.indices.to_numpy(),
        lengths.cumsum(),
    )
