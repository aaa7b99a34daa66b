"""What ``audit`` compares: the EEC, the film sentences, or pairs of the user's own."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bias_transfer.bias import audit as audit_eec
from bias_transfer.bias import crossed, custom
from bias_transfer.bias import film as film_sentences
from bias_transfer.bias.pairs import AXES, contrast
from bias_transfer.corpora import eec, film
from bias_transfer.io.errors import InputError
from bias_transfer.report import pair_texts

EEC, FILM = "eec", "film"
OWN = "own pairs"  # the name of pairs that were handed over as a table
Frames = Mapping[str, pd.DataFrame]
Unknown = Mapping[str, set[str]]


@dataclass(frozen=True)
class AuditCorpus:
    """A corpus and how it is measured.

    ``corpus`` has the sentences to match; None for the EEC, whose files may name them by id.
    ``table`` takes scored corpora by system, the margin, and by word-level system the people whose
    words it does not know. ``pairs`` takes one scored corpus, and gives by axis every pair with its
    two texts.
    """

    name: str
    axes: tuple[str, ...]
    corpus: pd.DataFrame | None
    table: Callable[[Frames, float, Unknown], pd.DataFrame]
    pairs: Callable[[pd.DataFrame], list[tuple[str, pd.DataFrame]]]

    @property
    def sentences(self) -> pd.Series:
        """Every sentence to be scored, once."""
        return (eec.generate() if self.corpus is None else self.corpus)["sentence"]

    @property
    def people(self) -> list[str]:
        """The people whose words a system may not know; none of pairs of one's own."""
        corpus = eec.generate() if self.corpus is None else self.corpus
        return list(corpus["person"].unique()) if "person" in corpus else []


def find(corpus: str | os.PathLike[str] | pd.DataFrame, method: str = "paper") -> AuditCorpus:
    """The EEC or the film sentences by name, or pairs of one's own as a file or a table.

    Raises
    ------
    InputError
        If the pairs are not what ``bias.custom.read`` takes.
    """
    if isinstance(corpus, pd.DataFrame):
        return _own(custom.check(corpus, "the pairs"), OWN)
    if os.fspath(corpus) == EEC:
        return _eec(method)
    if os.fspath(corpus) == FILM:
        return _film()
    path = Path(corpus)
    if not path.suffix and not path.exists():
        raise InputError(f"no corpus {path.name!r}: it is 'eec', 'film', or a file of pairs")
    return _own(custom.read(path), path.stem)


def like(sentences: pd.Series) -> str | None:
    """The named corpus that most of the sentences are from, if there is one."""
    for name, corpus in ((EEC, eec.generate()), (FILM, film.generate())):
        if sentences.isin(corpus["sentence"]).mean() > 0.5:
            return name
    return None


def _eec(method: str) -> AuditCorpus:
    def table(scored: Frames, margin: float, unknown: Unknown) -> pd.DataFrame:
        return audit_eec(scored, method, margin, unknown or None)

    def pairs(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
        found = [(axis, contrast(frame, axis, method).pairs) for axis in AXES]
        return [(axis, pair_texts.of_eec(rows, frame, axis)) for axis, rows in found]

    return AuditCorpus(EEC, tuple(AXES), None, table, pairs)


def _film() -> AuditCorpus:
    sentences = film.generate()
    designs = {axis: crossed.design(sentences, axis) for axis in AXES}

    def pairs(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
        found = {
            axis: film_sentences.contrast(design, frame, "score").pairs
            for axis, design in designs.items()
        }
        return [(axis, pair_texts.of_film(rows, axis)) for axis, rows in found.items()]

    return AuditCorpus(FILM, tuple(designs), sentences, film_sentences.audit, pairs)


def _own(corpus: pd.DataFrame, name: str) -> AuditCorpus:
    axis = custom.axis(corpus)

    def table(scored: Frames, margin: float, unknown: Unknown) -> pd.DataFrame:
        return custom.audit(scored, corpus, margin)

    def pairs(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
        return [(axis, pair_texts.of_own(custom.contrast(corpus, frame["score"]).pairs, corpus))]

    return AuditCorpus(name, (axis,), corpus, table, pairs)
