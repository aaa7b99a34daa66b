"""Command ``validate``: planted bias on a tiny study, and null data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from bias_transfer import cli
from bias_transfer.bias.validation import planted
from bias_transfer.commands import validate
from bias_transfer.corpora import text_id
from bias_transfer.corpora.swaps import edits, tagger, wordlist
from bias_transfer.io import schemas, tables

SHIPPED = Path(__file__).resolve().parents[2] / "params.yaml"
REVIEWS = 120


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A current folder with labels for ``REVIEWS`` reviews; one epoch, and two doses."""
    values = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    values["students"]["bow"] |= {"epochs": 1, "embedding_dim": 4, "learning_rate": 0.05}
    values["study"] |= {"students": ["bow"], "teacher": "tiny"}
    values["teachers"]["tiny"] = values["teachers"]["smollm2"]
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    words = [
        ("good", "bad")[number % 2] + (" she", " he", "")[number % 3] for number in range(REVIEWS)
    ]
    reviews = pd.DataFrame(
        {"text": [f"{word} film number {number}" for number, word in enumerate(words)]}
    )
    reviews = reviews.assign(id=reviews["text"].map(text_id), label=1 - np.arange(REVIEWS) % 2)
    tables.write(reviews, tmp_path / "data/reviews/snippets/train.csv", schemas.REVIEWS)
    positive = 0.3 + 0.4 * reviews["label"]
    held_out = pd.DataFrame({"text": [f"{text} again" for text in reviews["text"]]})
    held_out = held_out.assign(id=held_out["text"].map(text_id), label=reviews["label"])
    for name, part in (("test", held_out), ("unused", held_out[:0])):
        tables.write(part, tmp_path / f"data/reviews/snippets/{name}.csv", schemas.REVIEWS)
    found = edits.find(held_out["text"], wordlist.gendered()).assign(named=False, rules=1)
    tables.write(found, tmp_path / "data/swaps/snippets/edits.csv", schemas.EDITS)
    labels = reviews[["id"]].assign(label_0=1 - positive, label_1=positive, label_mass=0.9)
    tables.write(labels, tmp_path / "data/teacher/snippets/tiny/train.csv", schemas.LABELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(planted, "DOSES", (0.0, 4.0))
    monkeypatch.setattr(validate, "DRAWS", 10)
    return tmp_path


def invoke(*arguments):
    # The environment variable keeps tokenizers from warning when a later test forks.
    return CliRunner(env={"TOKENIZERS_PARALLELISM": "true"}).invoke(cli.main, arguments)


def planted_table(*options):
    command = "validate planted --out planted.csv --work work --seeds 2".split()
    result = invoke(*command, *options)
    assert result.exit_code == 0, result.output
    return pd.read_csv("planted.csv")


def test_planted_plants_measures_and_keeps_its_fits(study, monkeypatch):
    table = planted_table("--null-fits", "4")
    estimands = ["gap", "gap", "slope", "transfer coefficient"]
    assert table["estimand"].tolist() == estimands * 2 + ["false alarms"]
    assert table["planted_on"].tolist() == ["women"] * 4 + ["random"] * 4 + ["none"]
    assert list(table.columns) == validate.COLUMNS
    assert (table["n_reviews"] == REVIEWS).all()
    assert table["n_reviews_planted"].tolist() == [REVIEWS / 3] * 8 + [0]
    slopes = table[table["estimand"] == "slope"].set_index("planted_on")
    gaps = table[(table["estimand"] == "gap") & (table["planted_on"] == "women")][
        "estimate"
    ].to_numpy()
    assert slopes.loc["women", "estimate"] == pytest.approx((gaps[1] - gaps[0]) / 4, abs=1e-4)
    assert slopes.loc["women", "estimate"] > slopes.loc["random", "estimate"]
    assert 0 <= table["estimate"].iloc[-1] <= 1
    arrived = table[table["estimand"] == "transfer coefficient"].set_index("planted_on")
    assert (arrived["n_pairs"] == 2 * REVIEWS / 3).all()
    assert (arrived["ci_low"] < arrived["estimate"]).all()
    assert arrived.loc["women", "estimate"] > arrived.loc["random", "estimate"]
    # The two kinds share the fits at dose 0.
    assert len(list((study / "work").glob("*.npy"))) == 2 * 3 + 4

    monkeypatch.setattr(validate, "_fit", None)  # whatever is kept is not fitted again
    pd.testing.assert_frame_equal(planted_table("--null-fits", "4"), table)


def test_the_stand_in_needs_no_labels(study):
    (study / "data/teacher/snippets/tiny/train.csv").unlink()
    table = planted_table("--null-fits", "0", "--stand-in")
    assert set(table["teacher"]) == {"cross-fitted words"}
    assert "false alarms" not in set(table["estimand"])


def test_without_edits_spacy_is_asked_for(study, monkeypatch):
    (study / "data/swaps/snippets/edits.csv").unlink()
    monkeypatch.setattr(tagger, "find_spec", lambda name: None)
    result = invoke("validate", "planted", "--out", "planted.csv", "--null-fits", "0")
    assert result.exit_code == 1
    assert "spaCy is not installed" in result.stderr


def test_too_few_null_fits_are_refused(study):
    result = invoke("validate", "planted", "--out", "planted.csv", "--null-fits", "3")
    assert result.exit_code == 1
    assert "3 null fits are too few: one draw takes 10" in result.stderr


def test_null_names_the_worst_cell(tmp_path):
    out = tmp_path / "null.csv"
    result = invoke("validate", "null", "--datasets", "10", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "Most false alarms of p_clustered" in result.stdout
    assert (
        len(pd.read_csv(out)) == 64 + 4 + 16
    )  # the grid, gaps that hang on words, and skewed ones
