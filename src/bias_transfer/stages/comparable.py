"""Are the students of a study comparable: were they trained and tested on the same reviews?"""

from bias_transfer.io import provenance, schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm, arms, teacher_system


def refuse_other_rows(layout: Layout) -> None:
    """Compare what each student's ``training.json`` and predictions say.

    All students must have had the same training reviews and teacher labels and have scored the same
    test reviews; those of one seed must have been fitted on the same rows and validated with the
    same; the teacher's test reviews, which may be a sample, must be among the students'.

    Raises
    ------
    InputError
        Naming the first two systems that differ, and in what.
    """
    first: dict[str, tuple[str, str]] = {}
    for arm in arms(layout.study):
        for what, digest in _rows(layout, arm).items():
            system, expected = first.setdefault(what, (arm.system, digest))
            if digest != expected:
                raise InputError(
                    f"{arm.system} and {system} differ in {what} and cannot be compared: `dvc "
                    "repro` makes both anew"
                )
    teacher, student = teacher_system(layout.study), arms(layout.study)[0].system
    foreign = _tested(layout, teacher) - _tested(layout, student)
    if foreign:
        raise InputError(
            f"{teacher} was tested on {len(foreign)} reviews that {student} was not: run `dvc "
            "repro`"
        )


def _rows(layout: Layout, arm: Arm) -> dict[str, str]:
    training = tables.read_json(layout.training(arm))
    rows = {
        f"rows of seed {arm.seed} for {name}": part["ids_sha256"]
        for name, part in training["rows"].items()
    }
    return (
        training["inputs"]
        | rows
        | {"test reviews": provenance.texts_sha256(_tested(layout, arm.system))}
    )


def _tested(layout: Layout, system: str) -> set[str]:
    return set(tables.read(layout.predictions(system, "reviews"), schemas.PREDICTIONS)["id"])
