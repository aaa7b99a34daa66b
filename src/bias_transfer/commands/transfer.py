"""Command ``transfer``: what distilling did to a student's gaps, from anybody's EEC predictions."""

from pathlib import Path

import pandas as pd

from bias_transfer.bias import scores
from bias_transfer.bias.transfer import Reliabilities, measure_reliability, transfer
from bias_transfer.io import tables
from bias_transfer.io.errors import InputError


def run(
    student: str,
    teacher: Path,
    baseline: tuple[Path, ...],
    distilled: tuple[Path, ...],
    variants: tuple[Path, ...],
    other_prompt: bool,
    out: Path,
) -> None:
    """Write the transfer table of one student to ``out``.

    Parameters
    ----------
    student
        Its name in the table.
    teacher, baseline, distilled
        Predictions; of each arm one file per seed, in the same order.
    variants
        The teacher's predictions under other prompts, for its reliability.
    other_prompt
        Whether the student learnt from another prompt than that of ``teacher``. Its slope is then
        corrected.

    Raises
    ------
    InputError
        If the arms differ in their number of files, a file is not a scored EEC, or there are no
        variants to estimate the reliability from that a corrected slope needs.
    """
    if len(baseline) != len(distilled):
        raise InputError(
            f"{len(baseline)} baseline and {len(distilled)} distilled files: give one of each a "
            "seed, in the same order"
        )
    if other_prompt and not variants:
        raise InputError(
            "--other-prompt needs the teacher's predictions under other prompts: give --variant"
        )
    own = scores.read(teacher)
    arms = [[scores.read(path) for path in paths] for paths in (baseline, distilled)]
    rows: list[pd.DataFrame] = []
    reliabilities: Reliabilities = {}
    if variants:
        table, reliabilities = measure_reliability(
            "teacher", own, [scores.read(path) for path in variants]
        )
        rows.append(table)
    rows.append(
        transfer(student, own, *arms, reliabilities=reliabilities if other_prompt else None)
    )
    tables.write(pd.concat(rows), out)
