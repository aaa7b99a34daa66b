"""vLLM, for a large teacher on GPUs.

It is no dependency of the project, since it pins its own torch and transformers.
"""

import os
from collections.abc import Container, Iterator
from typing import Any

from bias_transfer.io.errors import InputError
from bias_transfer.pretrained import hub
from bias_transfer.study.params import Teacher
from bias_transfer.teacher.scoring import Question

_QUIET = {"VLLM_NO_USAGE_STATS": "1", "VLLM_LOGGING_LEVEL": "ERROR"}


class VllmEngine:
    """Has vLLM choose one token after each question, with the log-probabilities of those wanted.

    vLLM keeps the keys and values of prompts, so a beginning that prompts share is read once. It
    would not use them for ``prompt_logprobs``, so a label of several tokens is several questions.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    def score(
        self, asked: list[list[Question]], done: Container[int]
    ) -> Iterator[dict[int, list[list[float]]]]:
        """Answer every text's questions, in one batch; see ``scoring.Engine``.

        Raises
        ------
        InputError
            If vLLM's processes end, as they do when one of them is killed or runs out of memory.
        """
        from vllm import SamplingParams

        missing = {i: questions for i, questions in enumerate(asked) if i not in done}
        questions = [question for questions in missing.values() for question in questions]
        sampling = [
            SamplingParams(
                max_tokens=1, temperature=0, detokenize=False, logprob_token_ids=question.wanted
            )
            for question in questions
        ]
        try:
            outputs = self.model.generate(
                [{"prompt_token_ids": question.ids} for question in questions],
                sampling,
                use_tqdm=False,
            )
        except Exception as error:  # any error in one of vLLM's processes ends all of them
            raise InputError(
                f"vLLM stopped while it answered {len(questions)} questions: {_one_line(error)} "
                "(see its messages above); `label` keeps what was answered before: run it again, "
                "or set `engine: transformers`"
            ) from error
        found = [
            [output.outputs[0].logprobs[0][token].logprob for token in question.wanted]
            for output, question in zip(outputs, questions, strict=True)
        ]
        yield {i: [found.pop(0) for _ in questions] for i, questions in missing.items()}


def load(params: Teacher, checkpoint: hub.Checkpoint) -> VllmEngine:
    """The model in vLLM 0.21 or newer.

    That is the first version that returns the log-probabilities of given tokens alone. Of
    bitsandbytes it has only the 4 bits, and quantizes their scales too.

    Raises
    ------
    InputError
        If vLLM is missing or too old, reads no such files, has no such quantization, or cannot run
        the model here.
    """
    if checkpoint.gguf:
        raise InputError(
            f"engine vllm reads safetensors, and {checkpoint.name} holds GGUF: set "
            "`engine: transformers`"
        )
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        from vllm import LLM, SamplingParams, __version__
    except ImportError:
        raise InputError("engine vllm is not installed: pip install vllm") from None
    # This attribute came with the log-probabilities of given tokens alone.
    if not hasattr(SamplingParams, "num_logprobs"):
        raise InputError(
            f"engine vllm needs vLLM 0.21 or newer, not {__version__}: pip install --upgrade vllm"
        )
    try:
        model = LLM(
            checkpoint.name,
            runner="generate",
            revision=checkpoint.revision,
            tokenizer_revision=checkpoint.revision,
            trust_remote_code=False,
            dtype=params.dtype,
            logprobs_mode="raw_logprobs",
            enable_prefix_caching=True,
            max_model_len=-1,  # what the model and the GPU's memory allow
            use_tqdm_on_load=False,
            **_weights(params.quantization),
        )
    except (ImportError, RuntimeError, ValueError) as error:
        raise InputError(
            f"vLLM cannot run model {params.model!r}: {_one_line(error)} (see its messages above, "
            "or set `engine: transformers`)"
        ) from error
    return VllmEngine(model)


def _weights(quantization: str | None) -> dict[str, str]:
    if quantization is None:
        return {"load_format": "safetensors"}
    if quantization != "bnb-nf4":
        raise InputError(
            f"engine vllm has no quantization {quantization}: set bnb-nf4, or "
            "`engine: transformers`"
        )
    try:
        import bitsandbytes  # noqa: F401  vLLM would say so later
    except ImportError:
        raise InputError(
            "quantization bnb-nf4 needs bitsandbytes in vLLM: pip install vllm-bnb-plugin"
        ) from None
    return {"quantization": "bitsandbytes"}


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
