"""``hypotheses.json``: what is written is read, and a declaration changed by hand is refused."""

import json

import numpy as np
import pandas as pd
import pytest

from bias_transfer.io import declared, schemas
from bias_transfer.io.declared import Declared
from bias_transfer.io.errors import InputError

NUMBERS = {"n_tests": 1, "n_seeds": 3.0, "n_pairs": 300.0, "estimate": 0.05, "p_share": np.nan}


def some(rows: int = 1, **declaration) -> Declared:
    row = dict.fromkeys(schemas.HYPOTHESES.columns, "")
    row |= {
        name: 0.1
        for name, column in schemas.HYPOTHESES.columns.items()
        if str(column.dtype).startswith("float")
    }
    table = pd.DataFrame([row | NUMBERS] * rows, columns=list(row))
    return Declared({"smallest_share": 0.5} | declaration, "abc", table, {"gap": "no arms"})


@pytest.mark.parametrize("rows", [0, 2])
def test_what_is_written_is_read(tmp_path, rows):
    path = tmp_path / "hypotheses.json"
    declared.write(some(rows), path)
    found = declared.read(path)
    assert (found.predictions, found.not_asked) == ("abc", {"gap": "no arms"})
    assert found.sha256 == some().sha256
    assert len(found.rows) == rows
    assert found.rows["p_share"].isna().all()
    assert (found.rows["estimate"] == 0.05).all()
    path.unlink()
    declared.write(found, path)
    assert declared.read(path).rows.equals(found.rows)


def test_every_change_of_a_declaration_changes_its_digest():
    assert some(smallest_share=0.4).sha256 != some().sha256
    swapped = Declared({"b": 1, "a": 2}, "abc", some().rows, {})
    assert swapped.sha256 == Declared({"a": 2, "b": 1}, "abc", some().rows, {}).sha256


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"declaration": {"smallest_share": 0.4}}, "not the one of its SHA-256"),
        ({"rows": [{"estimate": "much"}]}, "column"),
        ({"format": 99}, "later bias-transfer"),
    ],
)
def test_a_file_changed_by_hand_is_refused(tmp_path, changes, said):
    path = tmp_path / "hypotheses.json"
    declared.write(some(), path)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(InputError, match=said):
        declared.read(path)


def test_a_file_without_its_parts_is_refused(tmp_path):
    path = tmp_path / "hypotheses.json"
    path.write_text("{}")
    with pytest.raises(InputError, match="'rows' is missing"):
        declared.read(path)
