"""Tiny real models, random but the same on every machine, built in seconds."""

import re
from pathlib import Path

from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

PROMPT = (
    "Please classify the sentiment of the following texts as either Negative or Positive.\n\n"
    "Text: {text}\nSentiment:"
)
SENTENCES = [
    "a warm and funny film that i loved from the first scene to the last",
    "a dull and lifeless film that i hated; nothing in it is worth the ticket",
    "the actors are wonderful, the music is lovely and the story never stops",
    "the plot is thin, the jokes are stale and the ending makes no sense at all",
    "he feels angry and she feels happy",
    "the conversation with my sister was amazing",
    "my uncle made me feel miserable",
]
MAX_POSITIONS = 512
_SPECIAL = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}


def llama(folder: Path, hidden_size: int = 32) -> Path:
    """Folder of a random two-layer Llama.

    Its tokenizer holds " Negative" and " Positive" as single tokens.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    spread = 0.3 * (32 / hidden_size) ** 0.5  # different texts get clearly different answers
    tokenizer = _byte_level_tokenizer()
    ends = {"bos_token": "<s>", "eos_token": "</s>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **ends).save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=hidden_size,
        intermediate_size=2 * hidden_size,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=MAX_POSITIONS,
        initializer_range=spread,
        bos_token_id=tokenizer.token_to_id("<s>"),
        eos_token_id=tokenizer.token_to_id("</s>"),
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def encoder(folder: Path) -> Path:
    """Folder of a random two-layer BERT and its WordPiece tokenizer."""
    from transformers import BertConfig, BertModel

    tokenizer = _word_piece_tokenizer()
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.2,
        pad_token_id=tokenizer.token_to_id("[PAD]"),
    )
    return _save_encoder(folder, tokenizer, BertModel, config)


def distilbert(folder: Path) -> Path:
    """Folder of a random two-layer DistilBERT and its WordPiece tokenizer."""
    from transformers import DistilBertConfig, DistilBertModel

    tokenizer = _word_piece_tokenizer()
    config = DistilBertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        dim=32,
        n_layers=2,
        n_heads=2,
        hidden_dim=64,
        max_position_embeddings=64,
        initializer_range=0.2,
        pad_token_id=tokenizer.token_to_id("[PAD]"),
    )
    return _save_encoder(folder, tokenizer, DistilBertModel, config)


def _byte_level_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=["<s>", "</s>"],
        show_progress=False,
    )
    prompts = [
        PROMPT.format(text=text) + label
        for text in SENTENCES
        for label in (" Negative", " Positive")
    ]
    tokenizer.train_from_iterator(prompts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))]
    )
    return tokenizer


def _word_piece_tokenizer() -> Tokenizer:
    """Every character, and every second word of the sentences.

    A trained one would differ from process to process.
    """
    text = " ".join(SENTENCES).lower()
    characters = sorted(set(text) - {" "})
    words = sorted({word for word in re.findall("[a-z]+", text) if len(word) > 1})[::2]
    known = [
        *_SPECIAL.values(),
        *characters,
        *(f"##{character}" for character in characters),
        *words,
    ]
    ids = {token: i for i, token in enumerate(known)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token=_SPECIAL["unk_token"]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
    )
    return tokenizer


def _save_encoder(folder: Path, tokenizer: Tokenizer, kind: type, config) -> Path:
    import torch
    from transformers import PreTrainedTokenizerFast

    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **_SPECIAL).save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        kind(config).save_pretrained(folder)
    return folder
