"""A model behind a server that speaks OpenAI's protocol, such as vLLM's or llama.cpp's.

Prompts are sent as token ids, and written here as for the other engines. So the server adds no
second BOS, and the seam between prompt and label is the same.
"""

from collections import Counter
from collections.abc import Container, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from bias_transfer.io.errors import InputError
from bias_transfer.teacher.engines.server import CONNECTIONS, Refusal, Server
from bias_transfer.teacher.prompt import Prompt
from bias_transfer.teacher.scoring import Question, questions

BATCH = 32  # texts that are handed on at a time
LISTS = (200, 20, 5)  # tokens: what llama.cpp, vLLM and OpenAI list at most, or more than enough
# What leaves a distribution as it is, whether a server lists it before sampling or after.
_NEUTRAL = {"max_tokens": 1, "temperature": 1, "top_p": 1}


class Way(Protocol):
    """How a server is made to say how probable a token is."""

    def answer(self, server: Server, asked: list[Question]) -> list[list[float]]:
        """Answer one text's questions; see ``scoring.Engine``.

        Raises
        ------
        Refusal
            If the server has no such way.
        """


@dataclass(frozen=True)
class Given:
    """One generated token, with the log-probabilities of given ones (``logprob_token_ids``).

    vLLM has it from 0.21 on. Of all ways it is the fastest: one request for both labels, and
    what prompts share is read once.
    """

    def answer(self, server: Server, asked: list[Question]) -> list[list[float]]:
        """See ``Way``."""
        found = []
        for question in asked:
            choice = server.complete(
                prompt=question.ids,
                logprobs=1,
                logprob_token_ids=question.wanted,
                return_tokens_as_token_ids=True,
                **_NEUTRAL,
            )
            listed = _listed(server, choice)
            if not listed.keys() >= set(question.wanted):
                raise _lacking(server, "logprob_token_ids")
            found.append([listed[token] for token in question.wanted])
        return found


@dataclass(frozen=True)
class Echo:
    """Prompt and label, read back with the log-probability of each token."""

    def answer(self, server: Server, asked: list[Question]) -> list[list[float]]:
        """See ``Way``."""
        read = {ids: self._read(server, list(ids)) for ids in whole(asked)}
        return [
            [
                next(
                    values[len(question.ids)]
                    for ids, values in read.items()
                    if ids[: len(question.ids) + 1] == (*question.ids, token)
                )
                for token in question.wanted
            ]
            for question in asked
        ]

    def _read(self, server: Server, ids: list[int]) -> list[float]:
        choice = server.complete(prompt=ids, echo=True, logprobs=1, **_NEUTRAL)
        try:
            values = choice["logprobs"]["token_logprobs"]
            return [values[0], *(float(values[i]) for i in range(1, len(ids)))]
        except (KeyError, IndexError, TypeError, ValueError):
            raise _lacking(server, "echo with logprobs") from None


@dataclass(frozen=True)
class Listed:
    """One generated token, with the likeliest ones in its place."""

    names: "Names"
    most: int

    def answer(self, server: Server, asked: list[Question]) -> list[list[float]]:
        """See ``Way``. A token that is not on the list is an ``InputError``, never 0."""
        found = []
        for question in asked:
            choice = server.complete(prompt=question.ids, logprobs=self.most, **_NEUTRAL)
            listed = _listed(server, choice)
            found.append([self._find(server, listed, token) for token in question.wanted])
        return found

    def _find(self, server: Server, listed: Mapping[int | str, float], token: int) -> float:
        if token in listed:
            return listed[token]
        name = self.names.of(token)
        if name in listed:
            return listed[name]
        raise OutsideError(
            f"the server at {server.url} lists the {len(listed)} likeliest tokens, and a label's "
            f"({name!r}) is not among them, so its probability is not known: use a server with "
            "`echo`, or labels or a prompt for which the model answers with either label"
        )


class OutsideError(InputError):
    """A label is not among the tokens that a server lists."""


class Names:
    """What servers call a token that do not give its id: its text."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def of(self, token: int) -> str:
        """The token's text.

        Raises
        ------
        InputError
            If another token has the same.
        """
        name = self._all[token]
        if self._counts[name] > 1:
            raise InputError(
                f"the server lists tokens by their text, and several are {name!r}: choose other "
                "labels, or a server that lists ids"
            )
        return name

    @cached_property
    def _all(self) -> list[str]:
        return self._tokenizer.batch_decode([[i] for i in range(len(self._tokenizer))])

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(self._all)


class EndpointEngine:
    """Asks a server about several texts at a time."""

    def __init__(self, server: Server, way: Way) -> None:
        self.server, self.way = server, way

    def score(
        self, asked: list[list[Question]], done: Container[int]
    ) -> Iterator[dict[int, list[list[float]]]]:
        """Answer every text's questions; see ``scoring.Engine``.

        Raises
        ------
        InputError
            If the server fails time and again (see ``Server.complete``), or cannot say how
            probable a label is.
        """
        missing = [i for i in range(len(asked)) if i not in done]
        pool = ThreadPoolExecutor(CONNECTIONS)
        try:
            answers = pool.map(lambda i: self.way.answer(self.server, asked[i]), missing)
            for start in range(0, len(missing), BATCH):
                yield {i: next(answers) for i in missing[start : start + BATCH]}
        finally:
            pool.shutdown(cancel_futures=True)


def load(url: str, model: str, prompt: Prompt) -> EndpointEngine:
    """The server at ``url``, asked in the first way that it has.

    Raises
    ------
    InputError
        If the server is out of reach, refuses the key, has another model, or gives no
        log-probabilities in any of the ways.
    """
    server = Server(url, model)
    server.check()
    (query,) = prompt.queries({"": "x"})
    names = Names(prompt.tokenizer)
    ways: tuple[Way, ...] = (Given(), Echo(), *(Listed(names, most) for most in LISTS))
    refusals = []
    for way in ways:
        try:
            way.answer(server, questions(query))
        except OutsideError:
            pass  # of this text; the way is there
        except Refusal as refusal:
            refusals.append(str(refusal))
            continue
        return EndpointEngine(server, way)
    raise InputError(
        f"{refusals[-1]}; no other way is left: it has neither `logprob_token_ids`, nor `echo` "
        "with `logprobs`, nor lists `logprobs`"
    )


def whole(asked: list[Question]) -> list[tuple[int, ...]]:
    """The questions' tokens, each with what comes before it, less what another one begins with."""
    every = sorted({(*question.ids, token) for question in asked for token in question.wanted})
    return [
        ids for i, ids in enumerate(every) if i + 1 == len(every) or every[i + 1][: len(ids)] != ids
    ]


def _listed(server: Server, choice: Mapping[str, Any]) -> dict[int | str, float]:
    """Log-probabilities of the generated token's place, by id where the server gives it, or text.

    There are two shapes: that of /completions, and that of chats, which llama.cpp has in both.
    """
    try:
        found = choice["logprobs"]
        if found.get("content"):
            top = found["content"][0]["top_logprobs"]
            return {one.get("id", one["token"]): float(one["logprob"]) for one in top}
        return {_token(name): float(value) for name, value in found["top_logprobs"][0].items()}
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise _lacking(server, "logprobs") from None


def _token(name: str) -> int | str:
    number = name.removeprefix("token_id:")
    return int(number) if number != name and number.isdecimal() else name


def _lacking(server: Server, setting: str) -> Refusal:
    return Refusal(f"the server at {server.url} answers without `{setting}`")
