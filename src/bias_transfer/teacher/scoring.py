"""The teacher at work: texts in, log-probabilities of the two labels out, by any engine.

An engine answers one kind of question: after these tokens, how probable is each of those? The
probability of a label of several tokens is the product of the probabilities of its tokens, each
after the ones before it. So labels of any length, and labels that share their first token, are
scored exactly.
"""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, Protocol

import numpy as np

from bias_transfer.io.errors import InputError
from bias_transfer.teacher.journal import Answer
from bias_transfer.teacher.prompt import Prompt, Query

CHUNK = 1024


class Question(NamedTuple):
    """The log-probability, right after ``ids``, of each of the tokens in ``wanted``."""

    ids: list[int]
    wanted: list[int]


class Engine(Protocol):
    """What runs the model."""

    def score(
        self, asked: list[list[Question]], done: Container[int]
    ) -> Iterator[dict[int, list[list[float]]]]:
        """Answer the questions of some texts, batch by batch.

        Parameters
        ----------
        asked
            The questions of every text.
        done
            Positions in ``asked`` that need no answer. An interrupted run passes them so that its
            batches are cut as before; a batch is left out only if all of it is done.

        Yields
        ------
        dict
            Per text of the batch that is not done: its position, and the natural logarithms of
            the probabilities asked for, one list per question, from a float32 softmax over the
            whole vocabulary.
        """


@dataclass
class Scorer:
    """A prompt and the engine that runs it."""

    prompt: Prompt
    engine: Engine

    def score(
        self, texts: Mapping[str, str], done: Container[str] = ()
    ) -> Iterator[dict[str, Answer]]:
        """Ask about every text (id to text) that is not ``done``, and yield the answers per batch.

        Texts are tokenised ``CHUNK`` at a time, so memory does not grow with their number.

        Raises
        ------
        InputError
            If the model answers with something that is not a number.
        """
        for chunk in chunks(texts):
            names = list(chunk)
            finished = {i for i, name in enumerate(names) if name in done}
            if len(finished) == len(names):
                continue
            queries = self.prompt.queries(chunk)
            for batch in self.engine.score([questions(query) for query in queries], finished):
                yield {names[i]: _answer(names[i], queries[i], found) for i, found in batch.items()}


def chunks(texts: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Cut a mapping into parts of at most ``CHUNK``."""
    items = iter(texts.items())
    while part := dict(islice(items, CHUNK)):
        yield part


def questions(query: Query) -> list[Question]:
    """What to ask for both labels: one question, unless a label has several tokens."""
    steps: dict[tuple[int, ...], list[int]] = {}
    for label in query.labels:
        for i, token in enumerate(label):
            wanted = steps.setdefault(tuple(label[:i]), [])
            if token not in wanted:
                wanted.append(token)
    return [Question([*query.context, *before], wanted) for before, wanted in steps.items()]


def _answer(name: str, query: Query, found: list[list[float]]) -> Answer:
    if np.isnan(np.concatenate(found)).any():
        raise InputError(
            f"the teacher's answer to text {name} is not a number (NaN): try another dtype, such "
            "as float32"
        )
    known = {
        (*question.ids[len(query.context) :], token): value
        for question, values in zip(questions(query), found, strict=True)
        for token, value in zip(question.wanted, values, strict=True)
    }
    first, second = (
        sum(known[tuple(label[: i + 1])] for i in range(len(label))) for label in query.labels
    )
    return Answer(first, second, query.n_cut)
