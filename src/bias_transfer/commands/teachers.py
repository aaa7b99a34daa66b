"""The same students of several teachers, from one study each, as a Markdown section."""

from pathlib import Path

import pandas as pd

from bias_transfer.bias import several_teachers, swaps
from bias_transfer.bias.channel import Arms, Frames
from bias_transfer.bias.several_teachers import Pupil
from bias_transfer.bias.swaps import Pairs
from bias_transfer.commands import catalogue, section
from bias_transfer.commands.results import SCREEN_DPI
from bias_transfer.io import committed, declared, schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.report import figures, rendered
from bias_transfer.report.several_teachers import Compared, Followed, compare, sentence
from bias_transfer.stages import scored
from bias_transfer.study.params import Params
from bias_transfer.study.paths import COMMITTED, Layout
from bias_transfer.study.systems import Arm, teacher_system
from bias_transfer.study.targets import BASELINE, DISTILLED

CONTROL, REMEDY = "permuted", "swap-averaged"
NAME, FIGURE = "several teachers", "followed.png"
NEEDED = (BASELINE, DISTILLED, CONTROL, REMEDY)
Scores = dict[str, pd.DataFrame]
Layouts = dict[str, Layout]  # by teacher


def write(params: Params, names: tuple[str, ...], out: Path, command: str) -> list[Compared]:
    """Compare students that the studies ``names`` share, and write what is found into ``out``.

    Its figure goes into a folder beside it, and what the studies declared into the file that git
    keeps (``io.committed``). If ``out`` is there, what stands between its two marks is replaced.

    Parameters
    ----------
    command
        How to make the section again, for its readers.

    Raises
    ------
    InputError
        If there are fewer than two studies, they cannot be compared, one has not run, or ``out`` is
        there without the marks.
    """
    studies = [catalogue.chosen(params, name) for name in names]
    students = _students(studies)
    for name in names:
        catalogue.reported(params, name)
    before, after = section.around(out, NAME, "Several teachers, the same students")
    layouts = {study.study.teacher: Layout(study.study) for study in studies}
    first = next(iter(layouts.values()))
    versions = tables.read(first.pairs, schemas.SWAPS)
    ids = versions["id"].drop_duplicates()
    pairs = swaps.pair_up(versions, pd.Index(ids))
    if not len(pairs):
        raise InputError(f"{first.pairs} has no pair: no held-out review mentions people")
    scores = {teacher: scored.read(layout, "swaps", ids) for teacher, layout in layouts.items()}
    compared = _compare(layouts, students, scores, pairs)
    plots = out.with_suffix("")
    together = several_teachers.correlations(_teachers(layouts, scores), pairs)
    made = rendered.markdown(
        "several_teachers.md.j2",
        command=command,
        compared=compared,
        sentence=sentence(compared),
        together=together,
        n_pairs=len(pairs),
        students=students,
        figure=f"{plots.name}/{FIGURE}",
        control=CONTROL,
        remedy=REMEDY,
    )
    for layout in layouts.values():
        tested = declared.read(layout.report("hypotheses.json"))
        committed.add(COMMITTED, layout.study.name, tested)
    figures.save(figures.several_teachers(compared), plots / FIGURE, dpi=SCREEN_DPI)
    tables.write_text(before + made + after, out)
    return compared


def _compare(
    layouts: Layouts, students: dict[str, tuple[int, ...]], scores: dict[str, Scores], pairs: Pairs
) -> list[Compared]:
    """Each student of all teachers; ``scores`` are those of every system by teacher."""
    teachers = _teachers(layouts, scores)
    measured = {
        teacher: (
            tables.read(layout.report("bias.csv"), schemas.BIAS),
            tables.read(layout.report("transfer.csv"), schemas.TRANSFER),
        )
        for teacher, layout in layouts.items()
    }
    found = []
    for student, seeds in students.items():
        pupils = {
            reference: {
                teacher: _pupil(layout, scores[teacher], student, seeds, reference)
                for teacher, layout in layouts.items()
            }
            for reference in (REMEDY, CONTROL)
        }
        slopes = Followed(
            several_teachers.slopes(pupils[REMEDY], teachers, pairs, jointly=False),
            several_teachers.slopes(pupils[REMEDY], teachers, pairs, jointly=True),
            several_teachers.slopes(pupils[CONTROL], teachers, pairs, jointly=False),
        )
        found.append(compare(student, measured, slopes, REMEDY))
    return found


def _teachers(layouts: Layouts, scores: dict[str, Scores]) -> Scores:
    """Each teacher's own scores."""
    return {
        teacher: scores[teacher][teacher_system(layout.study)]
        for teacher, layout in layouts.items()
    }


def _students(studies: list[Params]) -> dict[str, tuple[int, ...]]:
    """Students that every study has with all that is needed, and the seeds that they share."""
    choices = [each.study for each in studies]
    if len({study.teacher for study in choices}) < max(2, len(choices)):
        raise InputError(
            "give two studies or more, each with a teacher of its own: "
            f"{', '.join(f'{study.name} has {study.teacher}' for study in choices)}"
        )
    if len({study.reviews for study in choices}) > 1:
        raise InputError(
            "the studies must have the same reviews: "
            f"{', '.join(f'{study.name} has {study.reviews}' for study in choices)}"
        )
    found = {}
    for student in choices[0].all_students:
        shared = [
            set(study.seeds_of(student, target))
            if student in study.all_students and target in study.targets
            else set()
            for study in choices
            for target in NEEDED
        ]
        seeds = set.intersection(*shared)
        if len(seeds) > 1:
            found[student] = tuple(sorted(seeds))
    if not found:
        raise InputError(
            f"{', '.join(study.name for study in choices)} share no student with the targets "
            f"{', '.join(NEEDED)} and two seeds or more"
        )
    return found


def _pupil(
    layout: Layout, scores: Scores, student: str, seeds: tuple[int, ...], reference: str
) -> Pupil:
    def frames(target: str, chosen: tuple[int, ...]) -> Frames:
        return {seed: scores[Arm(student, target, seed).system] for seed in chosen}

    arms = Arms(student, DISTILLED, reference, frames(DISTILLED, seeds), frames(reference, seeds))
    return Pupil(arms, frames(BASELINE, layout.study.seeds_of(student, BASELINE)))
