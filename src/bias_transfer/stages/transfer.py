"""Command ``transfer``: how distilling changed a student's gaps, from anybody's EEC predictions."""

from pathlib import Path

from bias_transfer import tables
from bias_transfer.bias import scores
from bias_transfer.bias.transfer import transfer
from bias_transfer.errors import InputError


def run(student: str, teacher: Path, baseline: tuple[Path, ...], distilled: tuple[Path, ...], out: Path) -> None:
    """Write the transfer table of one student to ``out``; ``baseline`` and ``distilled`` hold one file a seed.

    Raises
    ------
    InputError
        If the arms differ in their number of files, or a file is not a scored EEC.
    """
    if len(baseline) != len(distilled):
        raise InputError(
            f"{len(baseline)} baseline and {len(distilled)} distilled files: give one of each a seed, in the same order"
        )
    arms = [[scores.read(path) for path in paths] for paths in (baseline, distilled)]
    tables.write(transfer(student, scores.read(teacher), *arms), out)
