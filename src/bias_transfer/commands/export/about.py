"""What is known of a study beside its files: what it found, with which software and sources."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bias_transfer import __version__
from bias_transfer.io import provenance, tables
from bias_transfer.pretrained import packages
from bias_transfer.report import answer
from bias_transfer.study.params import Files, Params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import arms

LICENCE = "Apache-2.0"  # of this project: its code, and the labels and tables it makes
UNKNOWN = "see its own page"


@dataclass(frozen=True)
class Source:
    """What a study rests on and does not pass on: reviews, or a model.

    ``address`` is where it comes from: a package, a model's name and revision, or where reviews
    were read.
    """

    id: str
    name: str
    address: str
    licence: str


@dataclass(frozen=True)
class About:
    """A study: its ``answer`` in one sentence, and what made it.

    ``versions`` are those of the libraries that its first student was trained with, ``commit`` that
    of this checkout (None outside of git), and ``date`` that of the export.
    """

    study: str
    answer: str
    date: str
    commit: str | None
    versions: dict[str, str]
    sources: tuple[Source, ...]
    version: str = __version__
    licence: str = LICENCE

    @property
    def name(self) -> str:
        """A title for the study."""
        return f"bias-transfer study {self.study}"

    @property
    def description(self) -> str:
        """The answer, what is here, and what is not."""
        return (
            "Does a small model distilled from a large language model inherit its social bias? "
            f"{self.answer} Here are the teacher's labels, every system's scores, and the tables "
            "of the report. Texts are known by the hash of their content and are not here: the "
            "stages in dvc.yaml make them again."
        )

    @property
    def citation(self) -> str:
        """The software, as BibTeX."""
        return (
            "@software{bias_transfer, author = {{The bias-transfer authors}}, title = "
            "{bias-transfer: does a small model distilled from an {LLM} inherit the {LLM}'s social "
            f"bias?}}, version = {{{self.version}}}}}"
        )


def about(params: Params, root: Path) -> About:
    """What is known of the current study.

    Raises
    ------
    InputError
        If a table that its answer rests on is missing.
    """
    layout = Layout(params.study, root, root)
    training: dict[str, Any] = tables.read_json(layout.training(arms(params.study)[0]))
    return About(
        study=params.study.name,
        answer=str(answer.of_study(params, layout)),
        date=datetime.now(UTC).date().isoformat(),
        commit=provenance.code()["commit"],
        versions=training.get("versions", {}),
        sources=(_reviews(params), _teacher(params)),
    )


def _reviews(params: Params) -> Source:
    name = params.study.reviews
    entry = params.reviews[name]
    if isinstance(entry, Files):
        places = entry.path if isinstance(entry.path, tuple) else (entry.path,)
        known = [str(place) for place in (*places, entry.train, entry.test) if place]
        return Source("#reviews", f"reviews {name}", ", ".join(known), UNKNOWN)
    package = packages.PACKAGES[entry.source]
    address = f"pkg:pypi/{package.name}@{package.version}"
    return Source("#reviews", f"reviews {name}", address, package.licence)


def _teacher(params: Params) -> Source:
    name = params.study.teacher
    entry = params.teachers[name]
    address = f"{entry.model}@{entry.revision}" if entry.revision else entry.model
    return Source("#teacher", f"teacher {name}", address, packages.licence(entry.model) or UNKNOWN)
