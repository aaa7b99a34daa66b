"""Command ``validate hidden`` on a study made by hand."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from bias_transfer import cli
from bias_transfer.commands import validate_hidden
from bias_transfer.commands.validate_hidden import ALL, ARCHITECTURE, AS_MANY, NOBODY, OTHER, SAME
from bias_transfer.corpora import text_id
from bias_transfer.corpora.swaps import edits, held_out, wordlist
from bias_transfer.distillation.arm import fit_arm
from bias_transfer.distillation.fit import Setting
from bias_transfer.io import schemas, tables
from bias_transfer.students import student as students
from bias_transfer.study import params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm

SHIPPED = Path(__file__).resolve().parents[2] / "params.yaml"
TINY = {"epochs": 2, "embedding_dim": 4, "learning_rate": 0.05, "batch_size": 16}
SEEDS, DOSE = (0, 1), 4.0


def reviews(first: int, n: int) -> pd.DataFrame:
    """A third is about women, a third about men, a third about nobody."""
    words = [("good", "bad")[i % 2] + (" she", " he", "")[i % 3] for i in range(n)]
    texts = [f"{word} film number{'x' * (first + i)}" for i, word in enumerate(words)]
    frame = pd.DataFrame({"text": texts, "label": 1 - np.arange(n) % 2})
    return frame.assign(id=frame["text"].map(text_id))[["id", "text", "label"]]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with reviews, pairs, and bags of words trained on planted labels and on others."""
    folder = tmp_path_factory.mktemp("hidden")
    values = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    for name in ("bow", "cnn"):
        values["students"][name] |= TINY
    values["students"]["cnn"] |= {"filters": 16, "filter_widths": [2]}
    values["study"] |= {"students": ["bow"], "seeds": [*SEEDS], "arms": []}
    values["study"]["targets"] = ["baseline", "distilled", "planted-4"]
    (folder / "params.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    read = params.load(folder / "params.yaml")
    layout = Layout(read.study, folder, folder)
    train, test = reviews(0, 90), reviews(90, 30)
    for name, part in (("train", train), ("test", test)):
        tables.write(part, layout.reviews(name), schemas.REVIEWS)
    found = edits.find(test["text"], wordlist.gendered()).assign(named=False, rules=1)
    tables.write(held_out.versions(test, found, 80), layout.pairs, schemas.SWAPS)
    women = train["text"].str.contains(" she").to_numpy()
    for target, dose in (("distilled", 0.0), ("planted-4", DOSE)):
        positive = 1 / (1 + np.exp(-2 * train["label"] + 1 - dose * women))
        soft = np.column_stack([1 - positive, positive])
        for seed in SEEDS:
            setting = Setting(1.0, seed, "cpu", "bow")
            fitted = fit_arm(train, soft, read.students["bow"], read.distillation, setting)
            model = layout.model(Arm("bow", target, seed).system)
            model.mkdir(parents=True)
            fitted.student.save(model)
    return folder


@pytest.fixture
def study(made, tmp_path, monkeypatch) -> Layout:
    """A copy of the folder, made current."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Layout(params.load(tmp_path / "params.yaml").study)


def invoke(*options):
    command = "validate hidden --fits 1 --out out.csv".split()
    # The environment variable keeps tokenizers from warning when a later test forks.
    return CliRunner(env={"TOKENIZERS_PARALLELISM": "true"}).invoke(cli.main, [*command, *options])


def effects(*options) -> pd.DataFrame:
    result = invoke(*options)
    assert result.exit_code == 0, result.output
    return pd.read_csv("out.csv").fillna({"weights": "", "rows": ""})


def test_either_generation_has_its_rows(study):
    table = effects("--second", "bow", "--second", "cnn")
    assert list(table.columns) == validate_hidden.COLUMNS
    assert table["generation"].tolist() == [1] + [2] * 9
    assert table["weights"].tolist() == [""] + [SAME] * 3 + [OTHER] * 3 + [ARCHITECTURE] * 3
    assert table["rows"].tolist() == [""] + [NOBODY, AS_MANY, ALL] * 3
    assert table["n_rows"].tolist()[1:] == [30, 30, 90] * 3
    assert (table["n_pairs"] == 20).all()
    assert (table["n_seeds"] == len(SEEDS)).all()
    first, nobody, _, open_channel = table["estimate"].iloc[:4]
    assert first > 10 * abs(nobody)
    assert open_channel > 10 * abs(nobody)
    assert ((table["ci_low"] < table["estimate"]) & (table["estimate"] < table["ci_high"])).all()
    assert table["accuracy"].between(0.4, 1).all()


def test_without_a_plant_the_effect_is_0(study):
    for seed in SEEDS:
        own, other = (study.model(Arm("bow", t, seed).system) for t in ("planted-4", "distilled"))
        shutil.rmtree(own)
        shutil.copytree(other, own)
    assert (effects()["estimate"] == 0).all()


def test_a_second_generation_knows_gendered_words_and_starts_where_its_first_did(
    study, monkeypatch
):
    monkeypatch.setattr(validate_hidden, "fit", lambda *arguments: None)  # as it starts
    read = params.load(Path("params.yaml"))
    data = validate_hidden._read(read)
    soft = np.full((len(data.reviews), 2), 0.5)
    start = {
        weights: validate_hidden._fit(
            data, validate_hidden.Second("bow", weights, NOBODY), soft, seed=1, fresh=1001
        )
        for weights in (SAME, OTHER)
    }
    assert (np.abs(start[SAME][data.pairs.first] - start[SAME][data.pairs.second]) > 0).all()
    first = students.load(study.model("bow-distilled/seed-1"))
    base = validate_hidden.base_rows(data.reviews["label"], read.distillation, 1)[0]
    texts = data.reviews["text"].iloc[base].tolist()
    fresh = students.build(read.students["bow"], texts, 1)
    assert fresh.tokenizer.get_vocab() == first.tokenizer.get_vocab()
    np.testing.assert_array_equal(start[SAME], data.log_odds(fresh))
    assert (start[OTHER] != start[SAME]).all()


def test_an_unknown_student_is_named(study):
    result = invoke("--second", "bwo")
    assert result.exit_code == 1
    assert "did you mean 'bow'?" in result.stderr


def test_a_study_without_a_plant_is_refused(study):
    path = Path("params.yaml")
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    values["study"]["arms"] = [{"students": ["bow"], "targets": ["planted-4"], "seeds": []}]
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    result = invoke()
    assert result.exit_code == 1
    assert "has no bow trained on distilled and on planted-DOSE" in result.stderr


def test_a_missing_model_is_named(study):
    path = study.model("bow-planted-4/seed-1")
    shutil.rmtree(path)
    result = invoke()
    assert result.exit_code == 1
    assert str(path) in result.stderr
