"""Are the arms of a study comparable: were they trained and tested on the same reviews?"""

from bias_transfer.io import provenance, schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm, arms, teacher_system


def refuse_other_rows(layout: Layout) -> None:
    """Compare what each arm's ``training.json`` and predictions say.

    All arms must have had the same training reviews and teacher labels, and have scored the same
    test reviews. Those of one seed must have started from the same base rows: the reviews to fit on
    and to validate with, before a target leaves out or repeats any (``Target.rows``). The teacher's
    test reviews, which may be a sample, must be among the students'.

    Raises
    ------
    InputError
        Naming the first two systems that differ, and in what; or if the study has no arm.
    """
    if not arms(layout.study):
        raise InputError("the study leaves out all of its arms: give some of them seeds")
    first: dict[str, tuple[str, str]] = {}
    for arm in arms(layout.study):
        for what, digest in _inputs(layout, arm).items():
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


def _inputs(layout: Layout, arm: Arm) -> dict[str, str]:
    """Digests of what an arm must share with others, by what is shared; base rows with its seed."""
    training = tables.read_json(layout.training(arm))
    base_rows = {
        f"rows of seed {arm.seed} for {part}": rows["ids_sha256"]
        for part, rows in training["rows"].items()
    }
    tested = {"test reviews": provenance.texts_sha256(_tested(layout, arm.system))}
    return training["inputs"] | base_rows | tested


def _tested(layout: Layout, system: str) -> set[str]:
    return set(tables.read(layout.predictions(system, "reviews"), schemas.PREDICTIONS)["id"])
