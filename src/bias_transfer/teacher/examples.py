"""Solved examples for the prompt, drawn from the training split."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bias_transfer.io.errors import InputError
from bias_transfer.study.params import Examples


@dataclass(frozen=True)
class Solved:
    """A training review and its hard label."""

    id: str
    text: str
    label: int


class Pool:
    """Examples for any text, never the text itself.

    Half of the examples are of each class; of an odd number, the seed says which class has one
    more. Their order is seeded too. The fixed examples are the reviews of each class with the
    lowest hash of seed and id, so that further reviews rarely change them. A review that is one of
    them is shown the next review in its own place.

    Raises
    ------
    InputError
        If a class has too few reviews.
    """

    def __init__(self, train: pd.DataFrame, params: Examples) -> None:
        self.params = params
        self._by_class = []
        for label in (0, 1):
            rows = train[train["label"] == label]
            if len(rows) <= self._wanted(label):
                raise InputError(
                    f"{params.count} examples need over {self._wanted(label)} training reviews "
                    f"with label {label}, and there are {len(rows)}: lower the teacher's "
                    "examples.count"
                )
            solved = [Solved(row.id, row.text, label) for row in rows[["id", "text"]].itertuples()]
            self._by_class.append(sorted(solved, key=lambda one: self._rank(one.id)))
        self._own_draw = set(train["id"]) if params.choice == "random" else set()

    def examples(self, name: str) -> list[Solved]:
        """The examples that the text with this id is shown."""
        chosen = []
        for label, solved in enumerate(self._by_class):
            wanted = self._wanted(label)
            if name in self._own_draw:
                random = np.random.default_rng([self.params.seed, label, int(name, 16)])
                candidates = [
                    solved[i] for i in random.choice(len(solved), wanted + 1, replace=False)
                ]
            else:
                candidates = solved[: wanted + 1]
            chosen += [one for one in candidates if one.id != name][:wanted]
        return sorted(chosen, key=lambda one: self._rank(one.id))

    @property
    def sha256(self) -> str:
        """Hash of every review that can be shown, and how.

        These are the fixed examples with one to spare per class, or the whole pool.
        """
        reach = [
            solved if self._own_draw else solved[: self._wanted(i) + 1]
            for i, solved in enumerate(self._by_class)
        ]
        shown = [
            self.params.model_dump(),
            *((one.id, one.label) for solved in reach for one in solved),
        ]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()

    def _wanted(self, label: int) -> int:
        odd_one = self.params.seed % 2
        return self.params.count // 2 + (self.params.count % 2 if label == odd_one else 0)

    def _rank(self, name: str) -> str:
        return hashlib.sha256(f"{self.params.seed}:{name}".encode()).hexdigest()
