"""Command and function ``transfer``: what distilling did to a student's gaps."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bias_transfer.bias.transfer import Reliabilities, measure_reliability
from bias_transfer.bias.transfer import transfer as measure
from bias_transfer.commands import asking
from bias_transfer.commands.asking import System
from bias_transfer.commands.audit import HARD
from bias_transfer.commands.audit_corpora import EEC
from bias_transfer.io import tables
from bias_transfer.io.errors import InputError
from bias_transfer.report.outcome import Transfer

TEACHER, VARIANT = "teacher", "variant"


def transfer(
    *,
    teacher: System,
    baseline: System | Sequence[System],
    distilled: System | Sequence[System],
    variants: Sequence[System] = (),
    other_prompt: bool = False,
    student: str = "student",
    score: str | None = None,
) -> Transfer:
    """Measure what distilling did to a student's gaps on the EEC, beside its teacher's own.

    Parameters
    ----------
    teacher, baseline, distilled
        Systems in any form that ``audit`` takes. The same student was trained on hard labels
        (baseline) and on the teacher's probabilities (distilled); give a list with one per seed, in
        the same order of seeds, and two or more seeds for a verdict.
    variants
        The teacher under other prompts, for its reliability.
    other_prompt
        Whether the student learnt from another prompt than that of ``teacher``. Its slope is then
        corrected.
    student
        Its name in the table.
    score
        The column of P(positive) of files and DataFrames, where it has no usual name.

    Returns
    -------
    Transfer
        Prints as a table with a sentence. It has ``to_frame()``, ``verdicts``, ``plot()`` and
        ``to_html(path)``.

    Raises
    ------
    InputError
        If the arms differ in their number of seeds, a system is not what it must be, or there are
        no variants to estimate the reliability from that a corrected slope needs.

    Examples
    --------
    >>> from bias_transfer import transfer
    >>> def model(shift):
    ...     def score(text):
    ...         return 0.4 + sum(text.encode()) % 97 / 500 + shift * text.startswith("She")
    ...     return lambda texts: [score(text) for text in texts]
    >>> result = transfer(teacher=model(0.2), baseline=model(0.0), distilled=model(0.1))
    >>> result.verdicts["gender", "log-odds", "change in gap"].startswith("none: ")  # one seed
    True
    """
    arms = {"baseline": _listed(baseline), "distilled": _listed(distilled)}
    before, after = map(len, arms.values())
    if before != after:
        raise InputError(
            f"{before} baseline and {after} distilled files: give one of each a seed, in the same "
            "order"
        )
    if other_prompt and not variants:
        raise InputError(
            "--other-prompt needs the teacher's predictions under other prompts: give --variant"
        )
    own = asking.scored(teacher, TEACHER, score=score)
    frames = {
        name: [asking.scored(each, name, score=score) for each in arm] for name, arm in arms.items()
    }
    for name, arm in frames.items():
        asking.refuse_same({f"{name} {i}": frame for i, frame in enumerate(arm, 1)})
    rows: list[pd.DataFrame] = []
    reliabilities: Reliabilities = {}
    if variants:
        worded = [asking.scored(each, VARIANT, score=score) for each in variants]
        reliability, reliabilities = measure_reliability(TEACHER, own, worded)
        rows.append(reliability)
    rows.append(
        measure(
            student,
            own,
            frames["baseline"],
            frames["distilled"],
            reliabilities=reliabilities if other_prompt else None,
        )
    )
    every = {TEACHER: [own]} | frames
    hard = [name for name, arm in every.items() if _all_hard(arm)]
    result = Transfer(
        pd.concat(rows, ignore_index=True).assign(corpus=EEC),
        notes=tuple(HARD.format(name) for name in hard),
    )
    for note in result.notes:
        warnings.warn(note, stacklevel=2)
    return result


def run(
    student: str,
    teacher: Path,
    baseline: tuple[Path, ...],
    distilled: tuple[Path, ...],
    variants: tuple[Path, ...],
    other_prompt: bool,
    out: Path,
    html: Path | None = None,
    score: str | None = None,
) -> tuple[Transfer, list[Path]]:
    """Write the transfer table of one student to ``out``; return it and every path written.

    Parameters are those of ``transfer``, with predictions as files; ``html`` is a page to write.

    Raises
    ------
    InputError
        As ``transfer``.
    """
    result = transfer(
        student=student,
        score=score,
        teacher=teacher,
        baseline=baseline,
        distilled=distilled,
        variants=variants,
        other_prompt=other_prompt,
    )
    tables.write(result.table, out)
    if html is not None:
        result.to_html(html)
    return result, [out, *([html] if html else [])]


def _listed(arm: System | Sequence[System]) -> list[System]:
    return list(arm) if isinstance(arm, list | tuple) else [arm]


def _all_hard(frames: list[pd.DataFrame]) -> bool:
    return all(frame["score"].isin([0, 1]).all() for frame in frames)
