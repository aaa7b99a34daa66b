"""Word tokenisation, learnt on the training texts, in the same file format as a transformer's tokenizer."""

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


def encode(tokenizer: Tokenizer, texts: list[str], max_length: int) -> list[list[int]]:
    """Token ids of each text, cut to ``max_length``, never padded."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    return [encoding.ids for encoding in tokenizer.encode_batch(texts)]
