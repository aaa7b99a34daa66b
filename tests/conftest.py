"""Tiny real models, the same on every machine, built in seconds: no test needs the network."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is imported anywhere
os.environ["OMP_NUM_THREADS"] = (
    "1"  # before torch is: tiny models only wait for a second thread, and long if it is busy
)

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from bias_transfer import params

PROMPT = (
    "Please classify the sentiment of the following texts as either Negative or Positive.\n\nText: {text}\nSentiment:"
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


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory) -> Path:
    """Folder of a random two-layer Llama whose tokenizer holds " Negative" and " Positive" as single tokens."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny-llama")
    tokenizer = _byte_level_tokenizer()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>").save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=MAX_POSITIONS,
        initializer_range=0.3,  # so that different texts get clearly different answers
        bos_token_id=tokenizer.token_to_id("<s>"),
        eos_token_id=tokenizer.token_to_id("</s>"),
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory) -> Path:
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
    return _save_encoder(tmp_path_factory.mktemp("tiny-encoder"), tokenizer, BertModel, config)


@pytest.fixture(scope="session")
def tiny_distilbert(tmp_path_factory) -> Path:
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
    return _save_encoder(tmp_path_factory.mktemp("tiny-distilbert"), tokenizer, DistilBertModel, config)


@pytest.fixture(scope="session")
def tiny_teacher(tiny_llama) -> Callable[..., params.Teacher]:
    """Params of the tiny Llama as a teacher, with any field changed by keyword."""

    def teacher(**changes) -> params.Teacher:
        fields = {
            "model": str(tiny_llama),
            "revision": None,
            "prompt": PROMPT,
            "labels": (" Negative", " Positive"),
            "max_text_tokens": 48,
            "dtype": "float32",
        }
        return params.Teacher(**fields | changes)

    return teacher


@pytest.fixture(scope="session")
def labelling() -> params.Labelling:
    """Small batches, in this process."""
    return params.Labelling(engine="transformers", batch_tokens=256, ray_workers=0)


@pytest.fixture(scope="session")
def tiny_student(tiny_encoder, tiny_distilbert) -> Callable[..., params.Bow | params.Cnn | params.Encoder]:
    """Params of a tiny student by name (bow, cnn, tiny_encoder, tiny_distilbert), any field changed by keyword."""
    training = {"epochs": 2, "batch_size": 4, "learning_rate": 0.01, "weight_decay": 0.0, "max_length": 24}
    words = training | {"vocabulary_size": 100, "min_frequency": 1, "embedding_dim": 8, "dropout": 0.1}
    convolutions = {"filter_widths": (2, 3, 5), "filters": 4}

    def student(name: str, **changes) -> params.Bow | params.Cnn | params.Encoder:
        if name == "bow":
            return params.Bow(**{"architecture": "bow"} | words | changes)
        if name == "cnn":
            return params.Cnn(**{"architecture": "cnn"} | words | convolutions | changes)
        folder = {"tiny_encoder": tiny_encoder, "tiny_distilbert": tiny_distilbert}[name]
        fields = {"architecture": "transformer", "model": str(folder), "revision": None} | training
        return params.Encoder(**fields | changes)

    return student


@pytest.fixture(scope="session")
def sentences() -> list[str]:
    """A few sentences whose words both tiny tokenizers know."""
    return list(SENTENCES)


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
    prompts = [PROMPT.format(text=text) + label for text in SENTENCES for label in (" Negative", " Positive")]
    tokenizer.train_from_iterator(prompts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))]
    )
    return tokenizer


def _word_piece_tokenizer() -> Tokenizer:
    """Every character, and every second word of the sentences; a trained one would differ from process to process."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    text = " ".join(SENTENCES).lower()
    characters = sorted(set(text) - {" "})
    words = sorted({word for word in re.findall("[a-z]+", text) if len(word) > 1})[::2]
    known = [*special, *characters, *(f"##{character}" for character in characters), *words]
    tokenizer = Tokenizer(models.WordPiece({token: i for i, token in enumerate(known)}, unk_token="[UNK]"))
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

    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    ).save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        kind(config).save_pretrained(folder)
    return folder
