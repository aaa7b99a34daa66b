"""From a text to the token ids that the teacher reads, with the seam before the label as its tokenizer expects it."""

from dataclasses import dataclass
from typing import Any

from bias_transfer.errors import InputError
from bias_transfer.params import Teacher


@dataclass(frozen=True)
class Prompt:
    """A template, two labels, and a tokenizer that turns them into token ids.

    ``label_ids`` are the tokens that follow the prompt when ``prompt + label`` is tokenised as one string: a label
    carries the space before it (" Negative"), as the words of a tokenizer's vocabulary do, and the prompt ends without.
    """

    tokenizer: Any
    head: str
    tail: str
    label_ids: tuple[int, int]
    max_text_tokens: int

    def ids(self, text: str) -> list[int]:
        """Token ids of the whole prompt; a text over ``max_text_tokens`` is cut to its head and its tail."""
        return self.tokenizer.encode(self.head + self.fit(text) + self.tail)

    def fit(self, text: str) -> str:
        """The text, or its first and last halves of ``max_text_tokens`` with `` ... `` between."""
        offsets = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        if len(offsets) <= self.max_text_tokens:
            return text
        first = self.max_text_tokens // 2
        last = self.max_text_tokens - first
        head = text[: offsets[first - 1][1]] if first else ""
        return head + " ... " + text[offsets[-last][0] :]


def build(params: Teacher, tokenizer: Any, context: int | None) -> Prompt:
    """Check the seam and the context, and return the prompt.

    Raises
    ------
    InputError
        If a label is not one token after the prompt, both labels are the same token, or a full prompt could exceed
        ``context`` tokens (None: the model names no limit).
    """
    head, tail = params.prompt.split("{text}")
    base = tokenizer.encode(head + "x" + tail)
    label_ids = tuple(_label_id(tokenizer, head + "x" + tail, base, label) for label in params.labels)
    if label_ids[0] == label_ids[1]:
        raise InputError(f"labels {params.labels} start with the same token: choose others")
    longest = len(base) + params.max_text_tokens + 16
    if context is not None and longest > context:
        raise InputError(
            f"a prompt of up to {longest} tokens exceeds the model's context of {context}: lower max_text_tokens"
        )
    return Prompt(tokenizer, head, tail, label_ids, params.max_text_tokens)


def _label_id(tokenizer: Any, prompt: str, base: list[int], label: str) -> int:
    whole = tokenizer.encode(prompt + label)
    if whole[: len(base)] != base or len(whole) != len(base) + 1:
        raise InputError(
            f"label {label!r} is not one token of its own after the prompt (it adds {len(whole) - len(base)}): end the "
            "prompt without a space and start the label with one, or choose a shorter word"
        )
    return whole[-1]
