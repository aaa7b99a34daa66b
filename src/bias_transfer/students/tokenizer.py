"""Word tokenisation, learnt on the training texts, in the same file format as a transformer's tokenizer."""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

PAD, UNKNOWN = "[PAD]", "[UNK]"
PAD_ID = 0


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
    tokenizer = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("[a-z']+"), behavior="removed", invert=True)
    trainer = trainers.WordLevelTrainer(
        vocab_size=vocabulary_size, min_frequency=min_frequency, special_tokens=[PAD, UNKNOWN], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    bare = Tokenizer(models.WordLevel(tokenizer.get_vocab(), UNKNOWN))  # "[PAD]" in a text is the word "pad"
    bare.normalizer, bare.pre_tokenizer = tokenizer.normalizer, tokenizer.pre_tokenizer
    return bare


def unknown_words(folder: Path, texts: Iterable[str]) -> set[str] | None:
    """Which of ``texts`` hold a word that the student in ``folder`` does not know; None if it reads parts of words."""
    path = folder / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(path)) if path.is_file() else None
    if tokenizer is None or not isinstance(tokenizer.model, models.WordLevel):
        return None
    return {text for text in texts if UNKNOWN in tokenizer.encode(text).tokens}


def encode(tokenizer: Tokenizer, texts: list[str], max_length: int) -> list[list[int]]:
    """Token ids of each text, cut to ``max_length``, never padded."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    return [encoding.ids for encoding in tokenizer.encode_batch(texts)]
