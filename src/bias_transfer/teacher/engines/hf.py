"""The default engine: transformers, on one CPU or GPU."""

import copy
import logging
import sys
from collections.abc import Callable, Container, Iterator
from typing import Any

from tqdm import tqdm

from bias_transfer.io.errors import InputError
from bias_transfer.pretrained import hub
from bias_transfer.study.params import Teacher
from bias_transfer.teacher.prompt import common_prefix
from bias_transfer.teacher.scoring import Question

BATCH_TOKENS = {"cpu": 2048, "cuda": 32768}


class HfEngine:
    """Runs a causal language model over batches of a token budget.

    The tokens that all prompts of a call begin with are read once, and their keys and values are
    shared by its batches. Texts of similar length go together. Padding stands behind a text's last
    token, where none of its tokens can see it. Logits are computed at the last tokens alone.
    """

    def __init__(self, model: Any, batch_tokens: int | None) -> None:
        self.model = model
        self.batch_tokens = batch_tokens or BATCH_TOKENS[model.device.type]

    def score(
        self, asked: list[list[Question]], done: Container[int]
    ) -> Iterator[dict[int, list[list[float]]]]:
        """Answer every text's questions; see ``scoring.Engine``.

        Raises
        ------
        InputError
            If a single prompt does not fit into the device's memory.
        """
        prefix = self._read_prefix([question.ids for questions in asked for question in questions])
        for batch in self._batches(asked):
            if missing := [i for i in batch if i not in done]:
                found = self._answer([question for i in missing for question in asked[i]], prefix)
                yield {i: [found.pop(0) for _ in asked[i]] for i in missing}

    def _batches(self, asked: list[list[Question]]) -> Iterator[list[int]]:
        """Positions, longest text first, in batches of ``batch_tokens`` at most, with padding."""
        lengths = [max(len(question.ids) for question in questions) for questions in asked]
        batch: list[int] = []
        rows = 0
        for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
            if batch and lengths[batch[0]] * (rows + len(asked[i])) > self.batch_tokens:
                yield batch
                batch, rows = [], 0
            batch.append(i)
            rows += len(asked[i])
        if batch:
            yield batch

    def _read_prefix(self, sequences: list[list[int]]) -> tuple[int, Any]:
        """How many leading tokens all sequences share, and the model's keys and values for them."""
        import torch
        from transformers import DynamicCache

        shared = min(common_prefix(sequences), min(map(len, sequences)) - 1)
        if shared == 0 or len(sequences) == 1:
            return 0, None
        try:
            with torch.inference_mode():
                ids = torch.tensor([sequences[0][:shared]], device=self.model.device)
                output = self.model(input_ids=ids, use_cache=True, logits_to_keep=1)
        except torch.OutOfMemoryError:
            return 0, None
        # A recurrent layer keeps a state instead, which cannot be repeated per row.
        cache = getattr(output, "past_key_values", None)
        shareable = type(cache) is DynamicCache and all(
            hasattr(one, "batch_repeat_interleave") for one in cache.layers
        )
        return (shared, cache) if shareable else (0, None)

    def _answer(self, questions: list[Question], prefix: tuple[int, Any]) -> list[list[float]]:
        import torch

        try:
            return self._forward(questions, prefix)
        except torch.OutOfMemoryError:
            if len(questions) == 1:
                raise InputError(
                    f"a single prompt of {len(questions[0].ids)} tokens does not fit into the "
                    "device's memory: lower max_text_tokens, or set the teacher's quantization"
                ) from None
        torch.cuda.empty_cache()
        half = len(questions) // 2
        self.batch_tokens = min(
            self.batch_tokens, half * max(len(question.ids) for question in questions)
        )
        tqdm.write(
            f"out of memory: batches hold {self.batch_tokens} tokens from here on", file=sys.stderr
        )
        return self._answer(questions[:half], prefix) + self._answer(questions[half:], prefix)

    def _forward(self, questions: list[Question], prefix: tuple[int, Any]) -> list[list[float]]:
        import torch

        shared, cache = prefix
        rows = [question.ids[shared:] for question in questions]
        width = max(map(len, rows))
        ids = torch.tensor(
            [row + [0] * (width - len(row)) for row in rows], device=self.model.device
        )
        ends = torch.tensor([len(row) - 1 for row in rows], device=self.model.device)
        kept, column = ends.unique(return_inverse=True)
        options: dict[str, Any] = {"use_cache": False}
        with torch.inference_mode():
            if shared:
                own = copy.deepcopy(cache)
                own.batch_repeat_interleave(len(rows))
                options = {"use_cache": True, "past_key_values": own}
            logits = self.model(input_ids=ids, logits_to_keep=kept, **options).logits
            logits = logits[torch.arange(len(rows), device=ids.device), column]
            log_probabilities = logits.float().log_softmax(-1).cpu()
        return [
            values[question.wanted].tolist()
            for values, question in zip(log_probabilities, questions, strict=True)
        ]


def load(params: Teacher, checkpoint: hub.Checkpoint, device: str) -> Any:
    """The model on ``device`` (``cpu`` or ``cuda``), quantized if its params say so.

    Raises
    ------
    InputError
        If the files hold no causal language model, or the quantization cannot be had here.
    """
    import torch
    from transformers import AutoModelForCausalLM

    from bias_transfer.teacher.engines.linear import replace_linear

    options = checkpoint.weights | _quantization(params.quantization, device)
    if checkpoint.gguf and "quantization_config" in options:
        raise InputError(
            f"quantization {params.quantization} reads safetensors, and {checkpoint.name} holds "
            "GGUF: set `quantization: int8`"
        )
    loaded: Any = AutoModelForCausalLM.from_pretrained(
        checkpoint.name, dtype=getattr(torch, params.dtype), output_loading_info=True, **options
    )
    model, report = loaded
    if report["missing_keys"]:
        raise InputError(
            f"model {params.model!r} is not a causal language model: its files lack "
            f"{min(report['missing_keys'])}"
        )
    model.eval()
    if kind := _layer(params, device):
        replace_linear(model, kind)
    return model if "quantization_config" in options else model.to(device)


def _layer(params: Teacher, device: str) -> Callable[[Any], Any] | None:
    """What replaces the model's linear layers, if anything."""
    from bias_transfer.teacher.engines import linear

    if params.quantization:
        return {"int8": linear.Int8WeightLinear, "cpu-int8": linear.Int8Linear}.get(
            params.quantization
        )
    if device != "cpu":
        return None
    if params.dtype == "float32" and linear.can_pack():
        return linear.PackedLinear
    if params.dtype == "bfloat16" and not linear.multiplies_bfloat16():
        return linear.WideLinear
    return None


def _quantization(name: str | None, device: str) -> dict[str, Any]:
    """Options of ``from_pretrained``: those of bitsandbytes, or none for layers of our own."""
    if name == "cpu-int8" and device != "cpu":
        raise InputError(
            "quantization cpu-int8 runs on a CPU alone: set `device: cpu`, or int8 on a GPU"
        )
    if name in (None, "int8", "cpu-int8"):
        return {}
    try:
        import bitsandbytes  # noqa: F401  transformers would say so later
        import torch
        from transformers import BitsAndBytesConfig
    except ImportError:
        raise InputError(
            f"quantization {name} needs bitsandbytes: pip install bitsandbytes"
        ) from None
    # Else there is a warning per layer and batch.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    bits: dict[str, dict[str, Any]] = {
        # With its usual threshold (6) a large value anywhere in a batch, padding included, would
        # decide which columns are left in float16 for every text of that batch.
        "bnb-int8": {"load_in_8bit": True, "llm_int8_threshold": 0.0},
        "bnb-nf4": {
            "load_in_4bit": True,
            "bnb_4bit_quant_type": "nf4",
            "bnb_4bit_use_double_quant": True,  # as in vLLM: one fingerprint is one set of weights
            "bnb_4bit_compute_dtype": torch.bfloat16,
        },
    }
    return {"quantization_config": BitsAndBytesConfig(**bits[name]), "device_map": {"": device}}
