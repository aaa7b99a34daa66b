"""``verify``: every number that MLflow shows, and hypotheses that were changed after the fact."""

from dataclasses import replace

import pandas as pd
import pytest

from bias_transfer.commands import verify
from bias_transfer.io import committed, schemas, tables
from bias_transfer.io.declared import Declared
from bias_transfer.report import numbers
from bias_transfer.tracking import archive
from bias_transfer.tracking.archive import Kept

SYSTEM = "bow-distilled/seed-0"
TAGS = {"study": "mine", "target": "distilled"}
EPOCHS = {"epoch": [1, 2], "train_loss": [0.7, 0.6], "validation_log_loss": [0.69, 0.65]}
EPOCHS |= {"validation_accuracy": [0.5, 0.6], "learning_rate": [0.1, 0.0]}
EPOCHS |= {"epoch_gender_gap": [0.02, float("nan")]}  # what is missing is not logged


@pytest.fixture
def published(monkeypatch, tmp_path):
    """Set what MLflow holds: study, predictions and declaration of every report."""

    def of(*reports: tuple[str, str, str], here=None, noted=tmp_path / "none.json"):
        monkeypatch.setattr(archive.runs, "declared", lambda: list(reports))
        return list(verify.declarations("mine", here, noted))

    return of


def test_one_declaration_passes_however_often_it_was_published(published):
    checks = published(("mine", "p1", "d1"), ("mine", "p1", "d1"), ("mine", "p2", "d2"))
    assert [check.outcome for check in checks] == [verify.MATCHES] * 2


@pytest.mark.parametrize("other", ["mine", "renamed"])
def test_a_study_is_named_whose_predictions_were_tested_under_two_declarations(published, other):
    (check,) = published(("mine", "p1", "d1"), (other, "p1", "d2"))
    assert check.outcome == verify.DIFFERS
    assert "study mine" in check.name
    assert check.detail == "tested under 2 declarations: d1, d2"


def test_other_studies_are_not_named(published):
    checks = published(("mine", "p1", "d1"), ("other", "p2", "d1"), ("other", "p2", "d2"))
    assert [check.outcome for check in checks] == [verify.MATCHES]


def declaration(share: float) -> Declared:
    return Declared({"smallest_share": share}, "p1", pd.DataFrame(), {})


def test_a_declaration_that_git_keeps_counts(published, tmp_path):
    """Also where MLflow's database knows of one alone."""
    noted, one, other = tmp_path / "hypotheses.json", declaration(0.5), declaration(0.3)
    committed.add(noted, "renamed", other)
    first = ("mine", "p1", one.sha256)
    (check,) = published(first, noted=noted)
    assert check.outcome == verify.DIFFERS
    assert check.detail.startswith("tested under 2 declarations: ")
    assert {sha[:16] for sha in (one.sha256, other.sha256)} <= set(
        check.detail.replace(",", "").split()
    )
    (check,) = published(("mine", "p1", other.sha256), noted=noted)
    assert check.outcome == verify.MATCHES


def test_the_declaration_of_this_checkout_counts_before_it_is_published(published):
    published_one = ("mine", "p1", declaration(0.5).sha256)
    (check,) = published(published_one, here=declaration(0.3))
    assert check.outcome == verify.DIFFERS
    (check,) = published(published_one, here=declaration(0.5))
    assert check.outcome == verify.MATCHES


@pytest.fixture
def kept(tmp_path) -> Kept:
    """A run whose numbers are those of its files."""
    quality, curves, gaps = (
        tmp_path / name for name in ("quality.json", "history.csv", "bias.csv")
    )
    tables.write_json({"n": 20, "accuracy": 0.75, "precision": None}, quality)
    tables.write(pd.DataFrame(EPOCHS), curves, schemas.HISTORY)
    kinds = {name: str(column.dtype)[:3] for name, column in schemas.BIAS.columns.items()}
    row = {name: {"str": "", "int": 3}.get(kind, 1.0) for name, kind in kinds.items()}
    row |= {"system": SYSTEM, "corpus": "swaps", "axis": "gender", "verdict": "difference"}
    tables.write(pd.DataFrame([row]), gaps, schemas.BIAS)
    sources = {numbers.QUALITY: quality, numbers.CURVES: curves, numbers.GAPS: gaps}
    tags = TAGS | numbers.tags(SYSTEM, sources)
    metrics, table = numbers.metrics(SYSTEM, sources), pd.DataFrame(EPOCHS).set_index("epoch")
    evidence = {
        "numbers": {kind: str(path) for kind, path in sources.items()},
        "tags": tags,
        "description": "words",
    }
    last = table.iloc[-1].dropna().to_dict()
    by_step = {name: column.dropna().to_dict() for name, column in table.items()}
    return Kept(SYSTEM, metrics | last, tags, evidence, {}, by_step, metrics, "words")


def differing(run: Kept) -> list[str]:
    return [check.name for check in verify.shown(run) if check.outcome != verify.MATCHES]


def test_a_run_that_says_what_its_files_say_passes(kept):
    checks = [check.name for check in verify.shown(kept)]
    assert differing(kept) == []
    for name in ("metric accuracy", "metric swaps_gender_gap", "metric train_loss, epoch 1",
                 "metric of its model accuracy", "tag gender", "tag target"):  # fmt: skip
        assert name in checks


@pytest.mark.parametrize("name", ["accuracy", "swaps_gender_standardised_gap", "n"])
def test_every_metric_that_was_changed_is_found(kept, name):
    changed = replace(kept, metrics=kept.metrics | {name: kept.metrics[name] + 1e-6})
    assert differing(changed) == [f"metric {name}"]
    of_model = replace(kept, of_models=kept.of_models | {name: 0.5})
    assert differing(of_model) == [f"metric of its model {name}"]


def test_a_metric_that_one_side_lacks_is_found(kept):
    assert differing(replace(kept, metrics=kept.metrics | {"f1": 0.5})) == ["metric f1"]
    metrics = {name: value for name, value in kept.metrics.items() if name != "accuracy"}
    assert differing(replace(kept, metrics=metrics)) == ["metric accuracy"]


def test_a_point_of_a_curve_is_found(kept):
    curves = kept.curves | {"train_loss": {1: 0.71, 2: 0.6, 3: 0.5}}
    assert differing(replace(kept, curves=curves)) == [
        "metric train_loss, epoch 1", "metric train_loss, epoch 3",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["gender", "target"])
def test_a_tag_that_was_changed_is_found(kept, name):
    assert differing(replace(kept, tags=kept.tags | {name: "+0.500, stands"})) == [f"tag {name}"]


def test_a_description_that_was_changed_is_found(kept):
    assert differing(replace(kept, note="other words")) == ["description in MLflow"]


def test_a_tag_of_an_axis_that_was_not_measured_is_found(kept):
    assert differing(replace(kept, tags=kept.tags | {"race": "+0.000"})) == ["tag race"]


def test_files_that_are_gone_and_runs_of_an_earlier_version_are_named(kept):
    missing = kept.evidence | {"numbers": {numbers.QUALITY: "nowhere.json"}}
    (check,) = verify.shown(replace(kept, evidence=missing))
    assert check.outcome == verify.DIFFERS
    assert "nowhere.json is missing" in check.detail
    (check,) = verify.shown(replace(kept, evidence={}))
    assert check.outcome == verify.MISSING
