"""Commands ``validate sheet`` and ``validate precision`` on held-out reviews made by hand."""

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from bias_transfer import cli
from bias_transfer.corpora import text_id
from bias_transfer.corpora.swaps import edits, wordlist
from bias_transfer.io import schemas, tables
from bias_transfer.stages import swaps
from bias_transfer.study import params
from bias_transfer.study.paths import Layout

SHIPPED = Path(__file__).resolve().parents[2] / "params.yaml"


@pytest.fixture
def study(tmp_path, monkeypatch) -> Layout:
    """A current folder with 20 held-out reviews that mention a person, and their pairs."""
    (tmp_path / "params.yaml").write_bytes(SHIPPED.read_bytes())
    monkeypatch.chdir(tmp_path)
    shipped = params.load(tmp_path / "params.yaml")
    layout = Layout(shipped.study)
    reviews = pd.DataFrame({"text": [f"Film number {i}: she laughs, oh man." for i in range(20)]})
    reviews = reviews.assign(id=reviews["text"].map(text_id), label=1)
    for name, part in (("test", reviews), ("unused", reviews[:0])):
        tables.write(part, layout.reviews(name), schemas.REVIEWS)
    found = edits.find(reviews["text"], wordlist.gendered()).assign(named=False, rules=1)
    tables.write(found, layout.edits, schemas.EDITS)
    swaps.run(shipped)
    return layout


def invoke(*arguments: str):
    return CliRunner().invoke(cli.main, ["validate", *arguments])


def draw(out: str, *more: str):
    result = invoke("sheet", "--pairs", "8", "--with-her", "0", "--round", "1", "--out", out, *more)
    assert result.exit_code == 0, result.output
    return result, pd.read_csv(out, keep_default_na=False)


def judged(sheet: pd.DataFrame, out: str, *wrong: int) -> str:
    sheet["wrong"] = ["1" if place in wrong else "0" for place in range(len(sheet))]
    sheet.to_csv(out, index=False)
    return out


def test_a_sheet_is_drawn_filled_in_and_counted(study):
    result, sheet = draw("sheet.csv")
    assert "8 pairs, 16 words to judge. Written: sheet.csv" in result.stdout
    assert sheet["text"].str.contains("[1 she>he] laughs, oh {2 man}.", regex=False).all()
    assert (sheet["wrong"] == "").all()

    mine, yours = judged(sheet, "mine.csv", 0), judged(sheet, "yours.csv", 0, 5)
    result = invoke("precision", mine, yours, "--out", "precision.csv")

    assert result.exit_code == 0, result.output
    table = pd.read_csv("precision.csv").set_index(["rule", "reader"])
    assert table.loc["pair", "right"].tolist() == [7, 6]
    assert table.loc[("left alone: phrase", 1), "right"] == 8
    assert table.loc[("pronoun", 2), "alike"] == 7
    assert table.loc["pair", "alike"].isna().tolist() == [True, False]


def test_earlier_pairs_are_not_drawn_again(study):
    _, first = draw("first.csv")
    _, second = draw("second.csv", "--earlier", "first.csv")
    assert not set(first["pair_id"]) & set(second["pair_id"])

    result = invoke(
        *("sheet", "--pairs", "5", "--with-her", "0", "--round", "2", "--out", "third.csv"),
        *("--earlier", "first.csv", "--earlier", "second.csv"),
    )
    assert result.exit_code == 1
    assert "there are 4 pairs" in result.stderr
    assert not Path("third.csv").exists()


def test_a_sheet_that_is_not_filled_in_is_an_error(study):
    draw("sheet.csv")
    result = invoke("precision", "sheet.csv", "--out", "precision.csv")
    assert result.exit_code == 1
    assert "sheet.csv, row 2, column 'wrong'" in result.stderr
    assert not Path("precision.csv").exists()


@pytest.mark.parametrize(
    "arguments", [("precision", "none.csv"), ("sheet", "--round", "2", "--earlier", "none.csv")]
)
def test_a_sheet_that_is_missing_is_no_work_of_dvc(study, arguments):
    result = invoke(*arguments, "--out", "made.csv")
    assert result.exit_code == 1
    assert result.stderr == "Error: none.csv is missing: `validate sheet` makes it\n"
