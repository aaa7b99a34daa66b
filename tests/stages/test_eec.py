"""The eec stage writes the generated corpus."""

import pandas as pd
import pytest

from bias_transfer.corpora.eec import generate
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.stages import eec


def test_the_corpus_is_written_where_it_is_asked_for(tmp_path):
    path = tmp_path / "new" / "eec.csv"
    eec.run(path)
    pd.testing.assert_frame_equal(tables.read(path, schemas.EEC), generate())
    assert [other.name for other in path.parent.iterdir()] == ["eec.csv"]


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        eec.run(tmp_path / "file" / "eec.csv")
