"""Command ``validate halves`` on a study made by hand."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from swapped import versions

from bias_transfer import cli
from bias_transfer.bias import channel, swaps
from bias_transfer.bias.channel import Arms
from bias_transfer.commands import validate_halves
from bias_transfer.corpora import text_id
from bias_transfer.distillation import arm
from bias_transfer.distillation.arm import base_rows
from bias_transfer.io import schemas, tables
from bias_transfer.stages import scored
from bias_transfer.study import params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm, systems, teacher_system

SHIPPED = Path(__file__).resolve().parents[2] / "params.yaml"
TINY = {"epochs": 4, "embedding_dim": 4, "learning_rate": 0.05, "batch_size": 16}
HALVES, N = 3, 160


def reviews(first: int, n: int) -> pd.DataFrame:
    """Half of them are about women, half about men."""
    texts = [f"{('She', 'He')[i // 2 % 2]} waits, number{'x' * (first + i)}" for i in range(n)]
    frame = pd.DataFrame({"text": texts, "label": np.arange(n) % 2})
    return frame.assign(id=frame["text"].map(text_id))[["id", "text", "label"]]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with reviews, labels, pairs, and scores of students that nobody fitted."""
    folder = tmp_path_factory.mktemp("halves")
    values = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    values["students"]["bow"] |= TINY
    study = {"students": ["bow"], "seeds": [0, 1], "arms": []}
    study["targets"] = ["baseline", "distilled", "permuted", "planted-4"]
    values["study"] |= study
    values["studies"]["snippets"] |= study
    (folder / "params.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    layout = Layout(params.load(folder / "params.yaml").study, folder, folder)
    random = np.random.default_rng(0)
    for name, first, n in (("train", 0, N), ("test", N, 20)):
        tables.write(reviews(first, n), layout.reviews(name), schemas.REVIEWS)
    positive = random.uniform(0.2, 0.8, N)
    labels = {"id": reviews(0, N)["id"], "label_0": 1 - positive, "label_1": positive}
    tables.write(
        pd.DataFrame(labels).assign(label_mass=0.9), layout.labels("train"), schemas.LABELS
    )
    pairs = versions(12)
    pairs["id"] = pairs["id"].map(text_id)
    pairs["pair_id"] = pairs["pair_id"].map(text_id)
    tables.write(pairs, layout.pairs, schemas.SWAPS)
    for system in systems(layout.study):
        scores = random.uniform(0.1, 0.9, len(pairs))
        found = pd.DataFrame({"id": pairs["id"], "label_0": 1 - scores, "label_1": scores})
        tables.write(found, layout.predictions(system, "swaps"), schemas.PREDICTIONS)
    return folder


@pytest.fixture
def study(made, tmp_path, monkeypatch) -> params.Params:
    """A copy of the folder, made current."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return params.load(Path("params.yaml"))


def invoke(*options):
    command = f"validate halves --halves {HALVES} --out out.csv".split()
    # The environment variable keeps tokenizers from warning when a later test forks.
    return CliRunner(env={"TOKENIZERS_PARALLELISM": "true"}).invoke(cli.main, [*command, *options])


def test_a_row_has_the_studys_own_interval_and_a_wider_one(study):
    result = invoke("snippets")
    assert result.exit_code == 0, result.output
    table = pd.read_csv("out.csv").set_index(["target", "reference"])
    assert table.index.tolist() == [
        ("distilled", "baseline"),
        ("distilled", "permuted"),
        ("planted-4", "distilled"),
    ]
    layout = Layout(study.study)
    rows = tables.read(layout.pairs, schemas.SWAPS)
    scores = scored.read(layout, "swaps", rows["id"])
    pairs = swaps.pair_up(rows, pd.Index(rows["id"]))
    teacher, margins = scores[teacher_system(study.study)], scored.margins(study)
    for names, row in table.iterrows():
        sides = [{s: scores[Arm("bow", side, s).system] for s in (0, 1)} for side in names]
        own = channel.change(Arms("bow", *names, *sides), teacher, pairs, margins)
        own = own.set_index("scale").loc["log-odds"]
        for column in ("estimate", "ci_low", "ci_high", "p_value"):
            assert row[column] == pytest.approx(own[column], abs=1e-6)
    assert (table["half_sd"] > 0).all()
    planted = table.loc["planted-4", "distilled"]
    assert planted["half_mean"] > 0.1
    assert (table["n_halves"] == HALVES).all()
    assert (table["teacher"] == study.study.teacher).all()


def test_without_a_name_it_is_the_current_study(study, monkeypatch):
    monkeypatch.setattr(
        validate_halves, "_fit", lambda params, data, which, texts: scores(which, texts)
    )
    assert invoke().exit_code == 0
    own = Path("out.csv").read_text(encoding="utf-8")
    assert invoke("snippets", "snippets").exit_code == 0
    assert pd.read_csv("out.csv")["study"].tolist() == ["snippets"] * 6
    assert Path("out.csv").read_text(encoding="utf-8").startswith(own)


def scores(which: Arm, texts: list[str]) -> pd.DataFrame:
    random = np.random.default_rng([which.seed, len(which.target)])
    return pd.DataFrame({"log_odds": random.normal(size=len(texts))})


def test_a_half_is_of_the_rows_that_are_not_to_validate_with_and_the_same_in_all_arms(
    study, monkeypatch
):
    seen = []
    monkeypatch.setattr(
        arm, "fit", lambda student, fitting, validation, *_: seen.append((fitting, validation))
    )
    train = tables.read(Layout(study.study).reviews("train"), schemas.REVIEWS)
    assert invoke().exit_code == 0
    by_arm = [seen[n : n + HALVES] for n in range(0, len(seen), HALVES)]
    assert len(by_arm) == len(study.study.targets)
    for number in range(HALVES):
        rows, held_out = base_rows(train["label"], study.distillation, number)
        fitting, validation = by_arm[0][number]
        assert validation.texts == train["text"].iloc[held_out].tolist()
        assert set(fitting.texts) < set(train["text"].iloc[rows])
        assert len(fitting.texts) == len(rows) // 2
        assert fitting.labels.mean() == 0.5
        assert all(one[number][0].texts == fitting.texts for one in by_arm)
    assert by_arm[0][0][0].texts != by_arm[0][1][0].texts


def test_shuffled_labels_are_those_of_the_half(study, monkeypatch):
    seen = {}

    def note(student, fitting, validation, training, shared, setting, watch):
        seen[setting.name] = [*fitting.teacher[:, 1], *validation.teacher[:, 1]]

    monkeypatch.setattr(arm, "fit", note)
    assert invoke().exit_code == 0
    own, shuffled = seen["bow-distilled/seed-0"], seen["bow-permuted/seed-0"]
    assert own != shuffled
    assert sorted(own) == sorted(shuffled)


def test_an_unknown_name_is_named(study):
    for options, hint in ((["snipets"], "'snippets'"), (["--student", "bwo"], "'bow'")):
        result = invoke(*options)
        assert result.exit_code == 1
        assert f"did you mean {hint}?" in result.stderr


def test_a_study_that_has_not_run_is_named_before_anything_is_fitted(study, monkeypatch):
    monkeypatch.setattr(arm, "fit_arm", lambda *_: pytest.fail("fitted"))
    result = invoke("snippets", "snippets-smollm2")
    assert result.exit_code == 1
    assert (
        "'snippets-smollm2' has not run here: `make study STUDY=snippets-smollm2`" in result.stderr
    )


def test_a_study_of_halves_is_refused(study):
    path = Path("params.yaml")
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    values["study"]["resample"] = "half"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    result = invoke()
    assert result.exit_code == 1
    assert "is of halves already: transfer.csv" in result.stderr


def test_a_study_without_two_arms_is_refused(study):
    result = invoke("--student", "cnn")
    assert result.exit_code == 1
    assert "no two arms of cnn to compare" in result.stderr
