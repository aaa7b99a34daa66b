"""Which files of a study are passed on, and what each is. None holds a text."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandera.pandas as pa

from bias_transfer.io import schemas
from bias_transfer.io.errors import InputError
from bias_transfer.study.params import Params, Study
from bias_transfer.study.paths import LABELLED, SCORED, Layout
from bias_transfer.study.systems import Arm, arms, systems

TABLES = {
    "accuracy.csv": schemas.ACCURACY,
    "bias.csv": schemas.BIAS,
    "breakdown.csv": schemas.BREAKDOWN,
    "calibration.csv": schemas.CALIBRATION,
    "history.csv": schemas.HISTORIES,
    "pairs.parquet": schemas.PAIRS,
    "summary.csv": schemas.SUMMARY,
    "transfer.csv": schemas.TRANSFER,
}
_PROJECT = {
    "params.yaml": "Every choice of the study.",
    "dvc.yaml": "Which stage makes which file from what.",
    "dvc.lock": "Digest of every file that the stages read and wrote.",
    "requirements.lock": "Version of every library.",
    "LICENSE": "Licence of what this project made.",
    "CITATION.cff": "How to cite the software.",
}


@dataclass(frozen=True)
class Content:
    """One file, by its path in the checkout, which is also its path in what is passed on.

    ``given`` says whether the study rests on it; else the study made it. A table has its ``schema``
    and a name, ``table``. Predictions have the name of their ``part``, whose schema is that of all.
    """

    path: Path
    about: str
    given: bool = False
    schema: pa.DataFrameSchema | None = None
    table: str = ""
    part: str = ""


def contents(params: Params, root: Path) -> list[Content]:
    """Every file of the current study that is passed on.

    Raises
    ------
    InputError
        If one is missing: a stage has not run.
    """
    layout = Layout(params.study, root, root)
    found = [*_project(root), *_labels(layout), *_predictions(params, layout), *_report(layout)]
    for content in found:
        if not (root / content.path).is_file():
            raise InputError(f"{content.path} is missing: `dvc repro` makes it")
    return found


def first_seeds(study: Study) -> list[Arm]:
    """The arms whose students are passed on: the first seed of every student and target."""
    return [arm for arm in arms(study) if arm.seed == min(study.seeds_of(arm.student, arm.target))]


def students(params: Params, root: Path) -> Iterator[Content]:
    """Every file of these students but their records of training, which are passed on anyway."""
    layout = Layout(params.study, root, root)
    for arm in first_seeds(params.study):
        for path in sorted(layout.model(arm.system).iterdir()):
            if path != layout.training(arm):
                yield Content(path.relative_to(root), f"Part of the student {arm.system}.")


def _project(root: Path) -> Iterator[Content]:
    for name, about in _PROJECT.items():
        if (root / name).is_file():
            yield Content(Path(name), about, given=True)


def _labels(layout: Layout) -> Iterator[Content]:
    def table(path: Path, name: str, schema: pa.DataFrameSchema) -> Content:
        return replace(_table(path.relative_to(layout.inputs), name, schema), given=True)

    for part in LABELLED:
        found = table(layout.labels(part), f"labels-{part}", schemas.LABELS)
        yield replace(found, about=f"The teacher's labels: {part}.")
    yield table(layout.labels("eec-variants"), "labels-eec-variants", schemas.VARIANTS)
    yield table(layout.edits, "edits", schemas.EDITS)
    for path, about in (
        (layout.labels_manifest, "What was asked of whom, and the label files' SHA-256."),
        (layout.counts, "How many reviews there were before and after each filter."),
    ):
        yield Content(path.relative_to(layout.inputs), about, given=True)


def _predictions(params: Params, layout: Layout) -> Iterator[Content]:
    def content(path: Path, about: str, part: str = "") -> Content:
        return Content(path.relative_to(layout.root), about, part=part)

    for system in systems(params.study):
        for part in SCORED:
            yield content(layout.predictions(system, part), f"Scores of {system}: {part}.", part)
        yield content(layout.metrics(system), f"Accuracy and the like of {system}.")
    yield content(layout.metrics("bias"), "Gaps of every system.")
    for arm in arms(params.study):
        yield content(layout.training(arm), f"What {arm.system} was trained from.")


def _report(layout: Layout) -> Iterator[Content]:
    for name, schema in TABLES.items():
        path = layout.report(name)
        yield _table(path.relative_to(layout.root), path.stem, schema)
    for path, about in (
        (layout.report("report.html"), "The report, one page that fetches nothing."),
        (layout.report("hypotheses.json"), str(schemas.HYPOTHESES.description)),
        *((path, "A figure of the report.") for path in sorted(layout.figures.glob("*"))),
    ):
        yield Content(path.relative_to(layout.root), about)


def _table(path: Path, name: str, schema: pa.DataFrameSchema) -> Content:
    return Content(path, str(schema.description), schema=schema, table=name)
