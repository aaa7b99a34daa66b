"""The committed declarations: added to, never replaced."""

import json

import pandas as pd
import pytest

from bias_transfer.io import committed
from bias_transfer.io.declared import Declared
from bias_transfer.io.errors import InputError


def declared(share: float, predictions: str) -> Declared:
    return Declared({"smallest_share": share}, predictions, pd.DataFrame(), {})


def test_what_was_added_is_read_and_added_once(tmp_path):
    path, half, third = tmp_path / "kept.json", declared(0.5, "p1"), declared(0.3, "p1")
    assert committed.read(path) == []
    committed.add(path, "mine", half)
    before = path.read_bytes()
    committed.add(path, "mine", half)
    assert path.read_bytes() == before
    committed.add(path, "mine", third)
    committed.add(path, "other", declared(0.5, "p2"))
    assert committed.read(path) == [
        ("mine", "p1", half.sha256),
        ("mine", "p1", third.sha256),
        ("other", "p2", half.sha256),
    ]
    assert json.loads(path.read_text())["tested"][0]["declaration"] == {"smallest_share": 0.5}


@pytest.mark.parametrize("text", ["{}", '{"tested": 3}', '{"tested": [{"study": "mine"}]}', "[]"])
def test_another_file_is_refused_and_left_alone(tmp_path, text):
    path = tmp_path / "kept.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"kept\.json: `tested` must be"):
        committed.add(path, "mine", declared(0.5, "p1"))
    assert path.read_text() == text
