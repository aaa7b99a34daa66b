"""Command ``swap`` from file to file."""

import pandas as pd
import pytest
import stubs_of_swaps as stubs

from bias_transfer.commands import swap
from bias_transfer.corpora.swaps import tagger
from bias_transfer.io.errors import InputError


@pytest.fixture(autouse=True)
def stub(monkeypatch):
    monkeypatch.setattr(tagger, "load", lambda **options: stubs.tagger)


@pytest.mark.parametrize("name", ["reviews.csv", "reviews.parquet"])
def test_pairs_are_written_and_counted(tmp_path, name):
    frame = pd.DataFrame({"stars": [1, 2, 3], "review": ["He wept.", "NA", "Her aunt, 🙂."]})
    path = tmp_path / name
    frame.to_csv(path, index=False) if name.endswith("csv") else frame.to_parquet(path)
    counts = swap.run(str(path), tmp_path / "pairs.csv")
    assert counts == {"read": 3, "duplicates": 0, "without": 1, "repeated": 0, "swapped": 2}
    assert len(pd.read_csv(tmp_path / "pairs.csv")) == 4


def test_nothing_is_written_where_no_text_mentions_anybody(tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_text("text\nA slow film.\n", encoding="utf-8")
    with pytest.raises(InputError, match="none of the 1 texts"):
        swap.run(str(path), tmp_path / "pairs.csv")
    assert not (tmp_path / "pairs.csv").exists()
