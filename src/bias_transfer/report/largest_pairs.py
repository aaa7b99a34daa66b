"""The pairs themselves, for people to read: those whose two versions score most differently.

The page quotes reviews, so it is made on the machine where it is read and passed on nowhere.
"""

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any, NamedTuple

import pandas as pd

from bias_transfer.bias.swaps import Pairs, pooled
from bias_transfer.report import pair_texts, rendered
from bias_transfer.report.formats import signed

LARGEST = 20
_PARTS = re.compile(r"\w+|\W")


class Part(NamedTuple):
    """A stretch of a pair's text: ``first`` and ``second`` are equal but where it was edited."""

    first: str
    second: str

    @property
    def edited(self) -> bool:
        """Whether the two versions differ here."""
        return self.first != self.second


def parts(first: str, second: str) -> list[Part]:
    """Two versions of a text side by side, cut where an edit begins or ends.

    Joined, the first of each part is ``first``, and so is the second. Words are never cut.
    """
    a, b = _PARTS.findall(first), _PARTS.findall(second)
    steps = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return [Part("".join(a[i:j]), "".join(b[k:end])) for _, i, j, k, end in steps]


def largest(
    frames: Mapping[str, list[pd.DataFrame]], pairs: Pairs, versions: pd.DataFrame
) -> dict[str, list[dict[str, Any]]]:
    """The ``LARGEST`` pairs of each system by the size of their difference in P(positive).

    Parameters
    ----------
    frames
        The scores of each system, one table per seed; differences are means over them.
    pairs
        Which versions belong together.
    versions
        Their texts: ``pair_id, group, sentence``.
    """
    return {name: _largest(of_system, pairs, versions) for name, of_system in frames.items()}


def render(study: str, tables: Mapping[str, Mapping[str, list[dict[str, Any]]]]) -> str:
    """HTML of a page; ``tables`` are what ``largest`` gives, by a title for each kind of pair."""
    systems = list(dict.fromkeys(name for kind in tables.values() for name in kind))
    return rendered.page(
        "pairs.html.j2", study=study, tables=tables, systems=systems, largest=LARGEST, signed=signed
    )


def _largest(
    frames: list[pd.DataFrame], pairs: Pairs, versions: pd.DataFrame
) -> list[dict[str, Any]]:
    scores = sum(frame["score"] for frame in frames).to_numpy() / len(frames)
    found = pairs.table[["pair_id"]].assign(
        first=scores[pairs.first],
        second=scores[pairs.second],
        difference=pooled(frames, pairs, "score"),
    )
    order = (-found["difference"].abs()).argsort(kind="stable")
    rows = pair_texts.of_own(found.iloc[order].head(LARGEST), versions)
    return [
        row | {"parts": parts(row["first_text"], row["second_text"])}
        for row in rows.to_dict("records")
    ]
