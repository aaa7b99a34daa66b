"""Declarations kept in git: under which hypotheses each set of predictions was tested.

The file is only ever added to. So who changes a hypothesis after its predictions were made leaves
two entries of the same predictions, also where MLflow's database is a new one.
"""

from pathlib import Path
from typing import Any

from bias_transfer.io import schemas, tables
from bias_transfer.io.declared import Declared
from bias_transfer.io.errors import InputError

_KEYS = ("study", "predictions_sha256", "declaration_sha256")


def read(path: Path) -> list[tuple[str, str, str]]:
    """Study, predictions and declaration of each entry, the last two as SHA-256; none if no file.

    Raises
    ------
    InputError
        If the file is not as ``add`` writes it.
    """
    return [(entry[_KEYS[0]], entry[_KEYS[1]], entry[_KEYS[2]]) for entry in _entries(path)]


def add(path: Path, study: str, tested: Declared) -> None:
    """Add what a study declared and was tested on, unless it is there; no entry is replaced.

    Raises
    ------
    InputError
        If the file is not as this function writes it.
    """
    entries = _entries(path)
    digests = (study, tested.predictions, tested.sha256)
    if digests not in read(path):
        entries.append(dict(zip(_KEYS, digests, strict=True)) | {"declaration": tested.declaration})
    tables.write_json({"format": schemas.FORMAT, "tested": entries}, path)


def _entries(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    values = tables.read_json(path)
    entries = values.get("tested") if isinstance(values, dict) else None
    if isinstance(entries, list) and all(set(_KEYS) <= set(entry) for entry in entries):
        return entries
    raise InputError(
        f"{path}: `tested` must be a list of entries with {', '.join(_KEYS)}: bring the file back "
        "from git"
    )
