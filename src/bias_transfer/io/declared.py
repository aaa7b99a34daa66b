"""``hypotheses.json``: declared tests, with digests of what was declared and what was tested."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError


@dataclass(frozen=True)
class Declared:
    """What a study declared, and what came of it.

    ``declaration`` is the section of the params as JSON has it, and ``predictions`` one SHA-256 of
    all predictions. ``rows`` are of ``schemas.HYPOTHESES``, one per test; ``not_asked`` says of
    contrasts without any why.
    """

    declaration: dict[str, Any]
    predictions: str
    rows: pd.DataFrame
    not_asked: dict[str, str]

    @property
    def sha256(self) -> str:
        """SHA-256 of the declaration, whatever the order of its keys."""
        return hashlib.sha256(json.dumps(self.declaration, sort_keys=True).encode()).hexdigest()


def write(declared: Declared, path: Path) -> None:
    """Write ``declared``, whole or not at all."""
    rows = tables.validate(declared.rows, schemas.HYPOTHESES, str(path))
    values = {
        "format": schemas.FORMAT,
        "declaration_sha256": declared.sha256,
        "predictions_sha256": declared.predictions,
        "declaration": declared.declaration,
        "not_asked": declared.not_asked,
        "rows": rows.to_dict("records"),
    }
    tables.write_json(values, path)


def read(path: Path) -> Declared:
    """Read what ``write`` wrote.

    Raises
    ------
    InputError
        If the file is missing, no longer holds the declaration that its SHA-256 names, or its rows
        do not fit.
    """
    values = tables.read_json(path)
    try:
        rows = pd.DataFrame(values["rows"], columns=list(schemas.HYPOTHESES.columns))
        declared = Declared(
            values["declaration"],
            values["predictions_sha256"],
            tables.validate(rows, schemas.HYPOTHESES, str(path)),
            values["not_asked"],
        )
        recorded = values["declaration_sha256"]
    except KeyError as error:
        raise InputError(f"{path}: {error} is missing: `dvc repro` makes it") from None
    if recorded != declared.sha256:
        raise InputError(
            f"{path}: the declaration is not the one of its SHA-256: `dvc repro` makes it"
        )
    return declared
