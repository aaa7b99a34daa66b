"""A student: a network and its tokenizer, built by name, saved as safetensors and JSON, and scored."""

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
from bias_transfer.students.tokenizer import PAD_ID, encode, train_words
from bias_transfer.study.params import Bow, Cnn, Encoder

SCORING_TOKENS = 8192  # of a batch, padding included: more are slower on a CPU and take gigabytes
_WORD_MODELS: dict[str, Callable[..., nn.Module]] = {"bow": BagOfWords, "cnn": WordCnn}
_SHAPE = {
    "bow": ("embedding_dim", "dropout"),
    "cnn": ("embedding_dim", "filter_widths", "filters", "dropout"),
}


@dataclass
class Student:
    """Anything that turns texts into P(negative), P(positive) and was trained here."""

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

        Texts are scored in float32 in batches of similar length; a text's score does not depend on
        its batch but for rounding.
        """
        return self.score(self.encode(texts))

    @torch.inference_mode()
    def score(self, ids: list[np.ndarray]) -> np.ndarray:
        """``predict_proba`` of texts that ``encode`` has been given."""
        self.network.eval()
        scores = np.empty((len(ids), 2))
        for rows in _batches(np.array([len(tokens) for tokens in ids])):
            logits = self.logits([ids[i] for i in rows])
            scores[rows] = logits.double().softmax(-1).cpu().numpy()
        return scores

    def save(self, folder: Path) -> None:
        """Write ``config.json``, ``model.safetensors`` and ``tokenizer.json`` (its cut-off included).

        Beside a transformer's stands ``tokenizer_config.json``, so that plain ``transformers``
        loads the folder too.

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
                tables.write_json(self.config, folder / "tokenizer_config.json")
            else:
                save_file(self.network.state_dict(), folder / "model.safetensors")
                tables.write_json(self.config, folder / "config.json")
        except SafetensorError as error:
            raise OSError(f"{folder / 'model.safetensors'}: {error}") from error
        tables.write_text(self.tokenizer.to_str(pretty=True), folder / "tokenizer.json")


def build(params: Bow | Cnn | Encoder, texts: list[str], seed: int) -> Student:
    """A fresh student: weights from ``seed``, and for word-level students a vocabulary from ``texts`` (training only).

    Both arms of a student are built from the same texts and seed, and so start from the same
    weights and vocabulary.
    """
    torch.manual_seed(seed)
    if isinstance(params, Encoder):
        network, tokenizer, config = transformer.pretrained(params)
        return Student(
            network, tokenizer, params.max_length, network.model.config.pad_token_id or 0, config
        )
    tokenizer = train_words(texts, params.vocabulary_size, params.min_frequency)
    shape = {name: getattr(params, name) for name in _SHAPE[params.architecture]}
    config = {
        "model_type": f"bias-transfer-{params.architecture}",
        "vocabulary": tokenizer.get_vocab_size(),
    } | shape
    return Student(_word_network(config), tokenizer, params.max_length, PAD_ID, config)


def load(folder: Path) -> Student:
    """The student that ``save`` wrote, on the CPU.

    Raises
    ------
    InputError
        If the folder lacks a file or holds another kind of model.
    """
    _refuse_without(folder, "config.json", "model.safetensors", "tokenizer.json")
    config = tables.read_json(folder / "config.json")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    if tokenizer.truncation is None:
        raise InputError(
            f"{folder / 'tokenizer.json'} says no length to cut texts to: it was not written by "
            "`train`"
        )
    max_length = tokenizer.truncation["max_length"]
    if str(config.get("model_type", "")).startswith("bias-transfer-"):
        network = _word_network(config)
        try:
            network.load_state_dict(load_file(folder / "model.safetensors"))
        except (RuntimeError, SafetensorError) as error:
            reason = " ".join(str(error).split())
            raise InputError(
                f"{folder}: model.safetensors does not fit config.json: {reason}"
            ) from None
        return Student(network, tokenizer, max_length, PAD_ID, config)
    network = transformer.saved(folder)
    _refuse_without(folder, "tokenizer_config.json")
    tokenizer_config = tables.read_json(folder / "tokenizer_config.json")
    return Student(
        network, tokenizer, max_length, network.model.config.pad_token_id or 0, tokenizer_config
    )


def _batches(lengths: np.ndarray) -> Iterator[np.ndarray]:
    """Rows in order of length, as many at a time as ``SCORING_TOKENS`` holds of the longest of them."""
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


def _word_network(config: dict[str, Any]) -> nn.Module:
    kind = str(config["model_type"]).removeprefix("bias-transfer-")
    if kind not in _WORD_MODELS:
        raise InputError(
            unknown(
                "model_type", config["model_type"], (f"bias-transfer-{k}" for k in _WORD_MODELS)
            )
        )
    if missing := [name for name in ("vocabulary", *_SHAPE[kind]) if name not in config]:
        raise InputError(
            f"config.json of a {kind} student lacks {missing[0]!r}: it was not written by `train`"
        )
    return _WORD_MODELS[kind](config["vocabulary"], **{name: config[name] for name in _SHAPE[kind]})
