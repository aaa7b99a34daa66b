"""A student: a network and its tokenizer, built from params, saved, loaded and scored."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import nn

from bias_transfer.io import tables
from bias_transfer.io.errors import InputError, unknown
from bias_transfer.pretrained import hub
from bias_transfer.students import transformer
from bias_transfer.students.bow import BagOfWords
from bias_transfer.students.cnn import WordCnn
from bias_transfer.students.tokenizer import FILE as TOKENIZER
from bias_transfer.students.tokenizer import PAD_ID, encode, train_words
from bias_transfer.study.params import Bow, Cnn, Encoder

SCORING_TOKENS = 4096  # per batch, padding included: more leave a CPU's cache and take memory
# Of a student's folder; transformers' own names.
CONFIG, WEIGHTS, TOKENIZER_CONFIG = "config.json", "model.safetensors", "tokenizer_config.json"
_KIND = "bias-transfer-"  # begins the model_type of a word-level student
_WORD_NETWORKS: dict[str, Callable[..., nn.Module]] = {"bow": BagOfWords, "cnn": WordCnn}
_HYPERPARAMETERS = {
    "bow": ("embedding_dim", "dropout"),
    "cnn": ("embedding_dim", "filter_widths", "filters", "dropout"),
}


@dataclass
class Student:
    """A network that turns texts into P(negative), P(positive), and what it reads them with.

    ``config`` says how to build the network again; a transformer's says how its tokenizer cuts and
    pads.
    """

    network: nn.Module
    tokenizer: Tokenizer
    max_length: int
    pad_id: int
    config: dict[str, Any]

    def encode(self, texts: list[str]) -> list[np.ndarray]:
        """Token ids of each text, unpadded."""
        return encode(self.tokenizer, texts, self.max_length)

    def logits(self, ids: list[np.ndarray]) -> torch.Tensor:
        """Logits, shape (len(ids), 2), of one padded batch, on the network's device."""
        lengths = np.array([len(tokens) for tokens in ids])
        mask = np.arange(max(1, lengths.max())) < lengths[:, None]
        batch = np.full(mask.shape, self.pad_id)
        batch[mask] = np.concatenate(ids)
        device = next(self.network.parameters()).device
        return self.network(
            torch.from_numpy(batch).to(device), torch.from_numpy(mask).long().to(device)
        )

    def predict_proba(self, texts: list[str]) -> np.ndarray:
        """P(negative), P(positive) of each text: shape (len(texts), 2), float64, rows sum to 1.

        Texts are scored in float32, in batches of similar length. But for rounding, a text's score
        does not depend on its batch.
        """
        return self.score(self.encode(texts))

    @torch.inference_mode()
    def score(self, ids: list[np.ndarray]) -> np.ndarray:
        """Like ``predict_proba``, of texts that are encoded already."""
        self.network.eval()
        scores = np.empty((len(ids), 2))
        for rows in _batches(np.array([len(tokens) for tokens in ids])):
            logits = self.logits([ids[i] for i in rows])
            scores[rows] = logits.double().softmax(-1).cpu().numpy()
        return scores

    def save(self, folder: Path) -> None:
        """Write ``config.json``, ``model.safetensors`` and ``tokenizer.json``.

        The tokenizer's file says to what length texts are cut. A transformer's folder also has
        ``tokenizer_config.json``, so that plain ``transformers`` loads it.

        Raises
        ------
        OSError
            If they cannot be written.
        """
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(self.max_length)
        try:
            if isinstance(self.network, transformer.Transformer):
                with hub.quiet():
                    self.network.model.save_pretrained(folder)
                tables.write_json(self.config, folder / TOKENIZER_CONFIG)
            else:
                save_file(self.network.state_dict(), folder / WEIGHTS)
                tables.write_json(self.config, folder / CONFIG)
        except SafetensorError as error:
            raise OSError(f"{folder / WEIGHTS}: {error}") from error
        tables.write_text(self.tokenizer.to_str(pretty=True), folder / TOKENIZER)


def build(params: Bow | Cnn | Encoder, texts: list[str], seed: int) -> Student:
    """A fresh student: weights from ``seed``, a word-level student's vocabulary from ``texts``.

    ``texts`` are training texts only. Arms of one seed are built from the same texts and seed, so
    they start from the same weights and vocabulary.
    """
    torch.manual_seed(seed)
    if isinstance(params, Encoder):
        network, tokenizer, config = transformer.pretrained(params)
        return Student(network, tokenizer, params.max_length, network.pad_id, config)
    tokenizer = train_words(texts, params.vocabulary_size, params.min_frequency)
    names = _HYPERPARAMETERS[params.architecture]
    config = {
        "model_type": f"{_KIND}{params.architecture}",
        "vocabulary": tokenizer.get_vocab_size(),
    } | {name: getattr(params, name) for name in names}
    return Student(_word_network(config), tokenizer, params.max_length, PAD_ID, config)


def load(folder: Path) -> Student:
    """A student that ``save`` wrote, on the CPU.

    Raises
    ------
    InputError
        If the folder lacks a file or holds another kind of model.
    """
    _refuse_without(folder, CONFIG, WEIGHTS, TOKENIZER)
    config = tables.read_json(folder / CONFIG)
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    if tokenizer.truncation is None:
        raise InputError(
            f"{folder / TOKENIZER} says no length to cut texts to: it was not written by `train`"
        )
    max_length = tokenizer.truncation["max_length"]
    if str(config.get("model_type", "")).startswith(_KIND):
        network = _word_network(config)
        _load_weights(network, folder)
        return Student(network, tokenizer, max_length, PAD_ID, config)
    encoder = transformer.saved(folder)
    _refuse_without(folder, TOKENIZER_CONFIG)
    tokenizer_config = tables.read_json(folder / TOKENIZER_CONFIG)
    return Student(encoder, tokenizer, max_length, encoder.pad_id, tokenizer_config)


def _batches(lengths: np.ndarray) -> Iterator[np.ndarray]:
    """Rows in order of length, so many at a time that a batch holds ``SCORING_TOKENS`` at most."""
    order = np.argsort(lengths, kind="stable")
    start = 0
    for end in range(1, len(order) + 1):
        if end == len(order) or (end + 1 - start) * lengths[order[end]] > SCORING_TOKENS:
            yield order[start:end]
            start = end


def _refuse_without(folder: Path, *names: str) -> None:
    for name in names:
        if not (folder / name).is_file():
            raise InputError(
                f"{folder} lacks {name}: `dvc repro` makes it, or `python -m bias_transfer train`"
            )


def _load_weights(network: nn.Module, folder: Path) -> None:
    try:
        network.load_state_dict(load_file(folder / WEIGHTS))
    except (RuntimeError, SafetensorError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{folder}: {WEIGHTS} does not fit {CONFIG}: {reason}") from None


def _word_network(config: dict[str, Any]) -> nn.Module:
    kind = str(config["model_type"]).removeprefix(_KIND)
    if kind not in _WORD_NETWORKS:
        known = (f"{_KIND}{name}" for name in _WORD_NETWORKS)
        raise InputError(unknown("model_type", config["model_type"], known))
    names = _HYPERPARAMETERS[kind]
    if missing := [name for name in ("vocabulary", *names) if name not in config]:
        raise InputError(
            f"{CONFIG} of a {kind} student lacks {missing[0]!r}: it was not written by `train`"
        )
    return _WORD_NETWORKS[kind](config["vocabulary"], **{name: config[name] for name in names})
