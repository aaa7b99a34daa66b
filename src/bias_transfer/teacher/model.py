"""Load a causal language model and ask it for the log-probabilities of the two labels."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bias_transfer import devices, hub
from bias_transfer.errors import InputError
from bias_transfer.params import Teacher
from bias_transfer.teacher import prompt as prompts
from bias_transfer.teacher.version import SCORING_VERSION


@dataclass
class CausalTeacher:
    """A loaded model and its prompt."""

    model: Any
    prompt: prompts.Prompt
    batch_size: int

    def score(self, texts: list[str]) -> Iterator[tuple[list[int], np.ndarray]]:
        """Yield ``(positions, log-probabilities)`` batch by batch, one forward pass a text.

        A batch holds prompts of one length, so that nothing is ever padded and no label depends on its neighbours.

        Yields
        ------
        positions
            Indices into ``texts``.
        log_probabilities
            Shape (len(positions), 2), float64: natural logarithm of each label's next-token probability, from a
            float32 softmax over the whole vocabulary.

        Raises
        ------
        InputError
            If the model answers with something that is not a number.
        """
        import torch

        encoded = [self.prompt.ids(text) for text in texts]
        for positions in same_length_batches([len(ids) for ids in encoded], self.batch_size):
            batch = torch.tensor([encoded[i] for i in positions], device=self.model.device)
            with torch.inference_mode():
                logits = self.model(input_ids=batch, use_cache=False, logits_to_keep=1).logits[:, -1]
                log_probabilities = logits.float().log_softmax(-1)[:, list(self.prompt.label_ids)]
            answers = log_probabilities.double().cpu().numpy()
            if np.isnan(answers).any():
                raise InputError("the teacher's logits are not numbers (NaN): try another dtype, such as float32")
            yield positions, answers


def same_length_batches(lengths: list[int], size: int) -> Iterator[list[int]]:
    """Split positions into batches of at most ``size`` whose lengths are all equal, longest first."""
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    batch: list[int] = []
    for i in order:
        if batch and (len(batch) == size or lengths[i] != lengths[batch[0]]):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def fingerprint(params: Teacher) -> dict[str, Any]:
    """What decides a label besides the text: code version, weights, dtype and prompt; ``sha256`` of them all."""
    source = hub.locate(params.model, params.revision)
    parts = {
        "scoring_version": SCORING_VERSION,
        "model": params.model,
        "revision": params.revision,
        "weights_sha256": _weights_hash(source) if source.folder else None,
        "dtype": params.dtype,
        "max_text_tokens": params.max_text_tokens,
        "prompt_sha256": hashlib.sha256("\0".join((params.prompt, *params.labels)).encode()).hexdigest(),
    }
    return parts | {"sha256": hashlib.sha256(repr(sorted(parts.items())).encode()).hexdigest()}


def _weights_hash(source: hub.Source) -> str:
    digest = hashlib.sha256()
    names = [source.gguf] if source.gguf else ["*.safetensors", "config.json", "tokenizer*", "*.model"]
    files = sorted(path for name in names for path in source.folder.glob(name))
    for path in files:
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def load(params: Teacher, device: str) -> CausalTeacher:
    """Load model and tokenizer onto ``device`` (``auto``, ``cpu`` or ``cuda``).

    Raises
    ------
    InputError
        If the model is unreachable, gated or not a causal language model, or the prompt does not fit it.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    target = devices.resolve(device)
    source = hub.locate(params.model, params.revision)
    hub.reach(source)
    with hub.clear_errors(params.model):
        tokenizer = AutoTokenizer.from_pretrained(source.name, **source.options)
        model, loaded = AutoModelForCausalLM.from_pretrained(
            source.name, dtype=getattr(torch, params.dtype), output_loading_info=True, **source.weights
        )
    if loaded["missing_keys"]:
        raise InputError(
            f"model {params.model!r} is not a causal language model: its files lack {min(loaded['missing_keys'])}"
        )
    model = model.eval().to(target)
    prompt = prompts.build(params, tokenizer, getattr(model.config, "max_position_embeddings", None))
    return CausalTeacher(model, prompt, params.batch_size)
