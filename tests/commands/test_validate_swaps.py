"""Commands ``validate swaps`` and ``validate controls`` on a study made by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from swapped import versions

from bias_transfer import cli
from bias_transfer.bias.validation import null_swaps
from bias_transfer.commands import validate_swaps
from bias_transfer.corpora import text_id
from bias_transfer.corpora.swaps import edits, wordlist
from bias_transfer.io import schemas, tables
from bias_transfer.study import params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import systems

SHIPPED = Path(__file__).resolve().parents[2] / "params.yaml"
OPTIONS = ("--draws", "2", "--out", "out.csv")


@pytest.fixture
def study(tmp_path, monkeypatch) -> Layout:
    """A current folder with pairs, placebo pairs and made-up scores of every system."""
    values = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    values["students"]["bow"] |= {"epochs": 1, "embedding_dim": 4}
    values["study"] |= {"students": ["bow"], "seeds": [0, 1], "arms": []}
    values["study"]["targets"] = ["baseline", "distilled", "permuted"]
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    layout = Layout(params.load(tmp_path / "params.yaml").study)
    pairs, neutral = versions(30), versions(40, prefix="n")
    turned = {"female": "first", "male": "second", "mixed": "mixed"}
    sides = {name: neutral[name].map(turned) for name in ("original", "group")}
    neutral = neutral.assign(**sides).drop(columns="named")
    pairs, neutral = (
        table.assign(id=table["sentence"].map(text_id), pair_id=table["pair_id"].map(text_id))
        for table in (pairs, neutral)
    )
    tables.write(pairs, layout.pairs, schemas.SWAPS)
    tables.write(neutral, layout.placebo, schemas.PLACEBO)
    ids, random = pd.concat([pairs["id"], neutral["id"]]), np.random.default_rng(0)
    for system in systems(layout.study):
        positive = random.uniform(0.1, 0.9, len(ids))
        scores = pd.DataFrame({"id": ids, "label_0": 1 - positive, "label_1": positive})
        tables.write(scores, layout.predictions(system, "swaps"), schemas.PREDICTIONS)
    return layout


def invoke(*arguments):
    # The environment variable keeps tokenizers from warning when a later test forks.
    return CliRunner(env={"TOKENIZERS_PARALLELISM": "true"}).invoke(cli.main, arguments)


def controls(kind: str) -> pd.DataFrame:
    result = invoke("validate", "controls", kind, *OPTIONS)
    assert result.exit_code == 0, result.output
    return pd.read_csv("out.csv")


def test_placebo_has_teacher_and_distilled_students_each_in_two_sizes(study):
    table = controls("placebo")
    systems = ["bow-distilled"] * 6 + ["teacher-qwen2.5-1.5b"] * 6
    assert sorted(table["system"]) == systems
    assert sorted(table["n_pairs"].unique()) == [30, 40]
    assert table["test"].tolist() == ["p_clustered", "p_clustered", "p_word"] * 4
    assert (table["n_draws"] == 2).all()


def test_slopes_are_of_the_distilled_arm(study):
    table = controls("slopes")
    assert set(table["target"]) == {"distilled"}
    assert set(table["reference"]) == {"baseline", "permuted"}
    assert (table["n_seeds"] == 2).all()


def test_a_study_of_one_seed_has_no_slopes(study):
    path = Path("params.yaml")
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    values["study"]["seeds"] = [0]
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    result = invoke("validate", "controls", "slopes", *OPTIONS)
    assert result.exit_code == 1
    assert "no student has a baseline of two seeds" in result.stderr


def test_without_predictions_the_file_is_named(study):
    path = study.predictions("bow-baseline/seed-0", "swaps")
    path.unlink()
    result = invoke("validate", "controls", "placebo", *OPTIONS)
    assert result.exit_code == 1
    assert str(path) in result.stderr


@pytest.mark.parametrize(("kind", "seeds"), [("opinions", 1), ("opinions-bow", 2)])
def test_opinions_are_of_held_out_reviews(study, monkeypatch, kind, seeds):
    monkeypatch.setattr(validate_swaps, "SEEDS", 2)
    monkeypatch.setattr(validate_swaps, "HALVES", 2)
    words = [("good", "bad")[i % 2] + (" she", " he", "")[i % 3] for i in range(120)]
    reviews = pd.DataFrame({"text": [f"{word} film number {i}" for i, word in enumerate(words)]})
    reviews = reviews.assign(id=reviews["text"].map(text_id), label=1 - np.arange(120) % 2)
    for name, part in (("test", reviews), ("unused", reviews[:0])):
        tables.write(part, study.reviews(name), schemas.REVIEWS)
    found = edits.find(reviews["text"], wordlist.gendered()).assign(named=False, rules=1)
    tables.write(found, study.edits, schemas.EDITS)
    table = controls(kind)
    counts = table[["n_reviews", "n_swapped", "n_seeds", "n_halves"]].to_numpy().tolist()
    assert counts == [[120, 80, seeds, 2]] * 2
    assert table["teacher"].tolist() == ["averaged", "drawn"]
    assert table["rate"].between(0, 1).all()


def test_swaps_writes_the_grid_and_names_its_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(null_swaps, "cells", lambda: [null_swaps.Cell(60), null_swaps.Cell(90)])
    out = tmp_path / "null.csv"
    result = invoke("validate", "swaps", "--datasets", "40", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "Most and fewest false alarms" in result.stdout
    assert pd.read_csv(out)["n_pairs"].tolist() == [60, 90]
