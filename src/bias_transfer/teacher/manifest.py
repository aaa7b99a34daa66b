"""``labels.json``: what was asked of whom, with the hash of each label file beside it and of itself.

Labels outlive the run that wrote them, so a file that was damaged since must not pass for the
teacher's answers.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from bias_transfer.io import provenance, schemas, tables
from bias_transfer.io.errors import InputError, LaterFormat
from bias_transfer.study.paths import LABELS_MANIFEST


def write(folder: Path, values: dict[str, Any], files: list[Path]) -> None:
    """Write ``values`` to ``labels.json``, sealed, with the SHA-256 of the label ``files`` of the same folder."""
    digests = {file.name: provenance.sha256(file) for file in files}
    values = tables.plain({"format": schemas.FORMAT} | values | {"files": digests})
    tables.write_json(values | {"sha256": _seal(values)}, folder / LABELS_MANIFEST)


def read(folder: Path) -> dict[str, Any]:
    """What ``write`` wrote. An older record has neither hashes nor seal, and is taken at its word.

    Raises
    ------
    InputError
        If the record, or one of the files that it speaks of, is not as it was written, or of a
        later format.
    """
    path = folder / LABELS_MANIFEST
    try:
        values = tables.read_json(path)
    except LaterFormat:
        raise
    except InputError as error:
        raise (_damaged(path) if path.exists() else error) from None
    older = "files" not in values and "sha256" not in values
    if not older and values.pop("sha256", None) != _seal(values):
        raise _damaged(path)
    for name, digest in values.get("files", {}).items():
        if not (folder / name).is_file() or provenance.sha256(folder / name) != digest:
            raise _damaged(folder / name)
    return values


def _seal(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _damaged(path: Path) -> InputError:
    return InputError(
        f"{path} is not as the teacher's labels were written (damaged, or edited): bring it back "
        "with `dvc "
        f"checkout --force {path}`, or remove {path.parent}, and what the journal lacks is asked "
        "again"
    )
