"""The manifest ``labels.json``: what was asked of whom, and the label files' hashes and its own.

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
    """Write ``values`` and the SHA-256 of each of the folder's label ``files``, sealed."""
    digests = {file.name: provenance.sha256(file) for file in files}
    values = tables.plain({"format": schemas.FORMAT} | values | {"files": digests})
    tables.write_json(values | {"sha256": _seal(values)}, folder / LABELS_MANIFEST)


def read(folder: Path) -> dict[str, Any]:
    """What ``write`` wrote. An older manifest has no hashes and no seal, and is not checked.

    Raises
    ------
    InputError
        If the manifest is of a later format, or it or one of its files is not as it was written.
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
        f"with `dvc checkout --force {path}`, or remove {path.parent}, and what the journal lacks "
        "is asked again"
    )
