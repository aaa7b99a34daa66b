"""Command ``audit``: bias of anybody's systems from their EEC predictions."""

from pathlib import Path

from bias_transfer import tables
from bias_transfer.bias import audit, scores
from bias_transfer.errors import InputError


def run(files: tuple[str, ...], method: str, out: Path) -> None:
    """Write one row a system and axis to ``out``; ``files`` are ``NAME=PATH``.

    Raises
    ------
    InputError
        If an argument is not of that form, a name stands twice, or a file is not a scored EEC.
    """
    named = {}
    for file in files:
        name, separator, path = file.partition("=")
        if not (name and separator and path):
            raise InputError(f"{file!r} is not NAME=PATH, as in mine=predictions.csv")
        if name in named:
            raise InputError(f"the name {name!r} stands twice: give each file its own")
        named[name] = scores.read(Path(path))
    tables.write(audit(named, method), out)
