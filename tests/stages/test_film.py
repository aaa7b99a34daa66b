import pandas as pd
from click.testing import CliRunner

from bias_transfer import cli
from bias_transfer.corpora import film
from bias_transfer.io import schemas, tables


def test_writes_every_sentence_and_says_how_many(tmp_path):
    out = tmp_path / "film.csv"
    result = CliRunner().invoke(cli.main, ["film", "--out", str(out)])
    assert result.exit_code == 0
    assert result.output == f"9,648 sentences: {out}\n"
    pd.testing.assert_frame_equal(tables.read(out, schemas.FILM), film.generate())
