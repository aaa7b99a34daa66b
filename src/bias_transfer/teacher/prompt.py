"""From a text to the token ids that the teacher reads, and those of each label behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bias_transfer.io.errors import InputError
from bias_transfer.study.params import Teacher
from bias_transfer.teacher.examples import Pool, Solved

BREAK = "\n\n"


@dataclass(frozen=True)
class Query:
    """One text as the teacher is asked about it.

    ``context`` holds the token ids before the label, ``labels`` those of each label, and ``n_cut``
    says how many tokens of the text were left out.
    """

    context: list[int]
    labels: tuple[list[int], list[int]]
    n_cut: int


@dataclass(frozen=True)
class Prompt:
    """A template, two labels and, from ``pool``, solved examples, for one tokenizer.

    Each example repeats the template's last paragraph, which holds ``{text}``, with its label
    behind. What stands before that paragraph is said once. In a chat every example is a turn of the
    user and one of the assistant.
    """

    tokenizer: Any
    params: Teacher
    pool: Pool | None

    def queries(self, texts: Mapping[str, str]) -> list[Query]:
        """Token ids of every text (id to text), in their order.

        Prompt and label are tokenised as one string. The context is what that string shares with
        the prompt alone, so the tokenizer decides where the label begins: a space that ends the
        prompt goes to the label, if that is how its tokenizer writes a word.

        Raises
        ------
        InputError
            If a label adds no token to the prompt, or one label is the beginning of the other.
        """
        fitted = self._fit(list(texts.values()))
        prompts = [self._render(name, text) for name, (text, _) in zip(texts, fitted, strict=True)]
        encoded = (
            self._encode([prompt + label for prompt in prompts]) for label in ("", *self._labels())
        )
        return [
            self._query(parts, n_cut)
            for parts, (_, n_cut) in zip(zip(*encoded, strict=True), fitted, strict=True)
        ]

    def check(self, context: int | None) -> None:
        """Try the labels on one text, and the longest prompt against the model's context.

        ``context`` is in tokens, or None where no limit is known.

        Raises
        ------
        InputError
            If the labels do not fit (see ``queries``) or a full prompt could exceed the context.
        """
        (query,) = self.queries({"": "x"})
        shown = [text for text, _ in self._solutions(self.pool.examples(""))] if self.pool else []
        counted = (
            sum(map(len, self.tokenizer(shown, add_special_tokens=False)["input_ids"]))
            if shown
            else 0
        )
        room = (1 + len(shown)) * (self.params.max_text_tokens + 16)
        longest = len(query.context) - counted + max(map(len, query.labels)) + room
        if context is not None and longest > context:
            raise InputError(
                f"a prompt of up to {longest} tokens exceeds the model's context of {context}: "
                "lower max_text_tokens"
            )

    def _query(self, parts: tuple[list[int], ...], n_cut: int) -> Query:
        """From the ids of the prompt alone, and of the prompt with each label."""
        shared = common_prefix(parts)
        context, first, second = parts[0][:shared], parts[1][shared:], parts[2][shared:]
        labels = (first, second)
        if not context:
            raise InputError(
                "no token of the prompt stands before the label: write a word before or after "
                "{text}"
            )
        for label, ids in zip(self.params.labels, labels, strict=True):
            if not ids:
                raise InputError(
                    f"label {label!r} adds no token to the prompt: choose another word"
                )
        if common_prefix(labels) == min(map(len, labels)):
            raise InputError(
                f"labels {self.params.labels} are the same tokens, or one begins with the other: "
                "choose others"
            )
        return Query(context, labels, n_cut)

    def _labels(self) -> tuple[str, str]:
        first, second = self.params.labels
        return (first.strip(), second.strip()) if self.params.chat else (first, second)

    def _fit(self, texts: list[str]) -> list[tuple[str, int]]:
        """Each text, cut to ``max_text_tokens`` where it is longer, and how many tokens were cut.

        A cut text is its first and its last half of the limit with `` ... `` between.
        """
        limit = self.params.max_text_tokens
        encoded = self.tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True)[
            "offset_mapping"
        ]
        fitted = []
        for text, offsets in zip(texts, encoded, strict=True):
            if len(offsets) > limit:
                first, last = limit // 2, limit - limit // 2
                head = text[: offsets[first - 1][1]] if first else ""
                text = head + " ... " + text[offsets[-last][0] :]
            fitted.append((text, max(0, len(offsets) - limit)))
        return fitted

    def _render(self, name: str, text: str) -> str:
        instruction, block = split(self.params.prompt)
        solved = self.pool.examples(name) if self.pool else []
        turns = [
            (block.replace("{text}", fitted), label) for fitted, label in self._solutions(solved)
        ]
        last = block.replace("{text}", text)
        if not self.params.chat:
            return (
                instruction
                + "".join(question + answer + BREAK for question, answer in turns)
                + last
            )
        messages = []
        for question, answer in turns:
            messages += [
                {"role": "user", "content": question},
                {"role": "assistant", "content": answer},
            ]
        messages.append({"role": "user", "content": last})
        messages[0]["content"] = instruction + messages[0]["content"]
        return self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True
        )

    def _solutions(self, solved: list[Solved]) -> list[tuple[str, str]]:
        fitted = self._fit([example.text for example in solved]) if solved else []
        return [
            (text, self._labels()[example.label])
            for (text, _), example in zip(fitted, solved, strict=True)
        ]

    def _encode(self, strings: list[str]) -> list[list[int]]:
        # A chat template writes the special tokens itself. Without one, the tokenizer may end each
        # string with a token, which would stand between prompt and label.
        encoded = self.tokenizer(strings, add_special_tokens=not self.params.chat)["input_ids"]
        behind = 0 if self.params.chat else _tokens_behind(self.tokenizer)
        return [ids[: len(ids) - behind] for ids in encoded]


def split(prompt: str) -> tuple[str, str]:
    """What is said once, and what every example repeats, from the paragraph of ``{text}`` on."""
    start = prompt.rfind(BREAK, 0, prompt.index("{text}"))
    block = start + len(BREAK) if start >= 0 else 0
    return prompt[:block], prompt[block:]


def common_prefix(sequences: list[list[int]] | tuple[list[int], ...]) -> int:
    """How many leading items all sequences share."""
    first, last = min(sequences), max(sequences)
    return next(
        (i for i, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]),
        len(first),
    )


def _tokens_behind(tokenizer: Any) -> int:
    """How many special tokens the tokenizer puts at the end."""
    bare = tokenizer("x", add_special_tokens=False)["input_ids"]
    whole = tokenizer("x")["input_ids"]
    start = next(i for i in range(len(whole)) if whole[i : i + len(bare)] == bare)
    return len(whole) - start - len(bare)
