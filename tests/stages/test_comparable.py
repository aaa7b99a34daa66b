"""Systems are compared only where they had the same reviews: a difference is refused by name."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.stages.comparable import refuse_other_rows
from bias_transfer.study.paths import TRAINING, Layout
from bias_transfer.study.systems import Arm, systems
from bias_transfer.study.targets import TARGETS

FIRST = "bow-baseline/seed-1"  # of all, and so the one that the others are held against
TEACHER = "teacher-tiny"
INPUTS = ("data/train.csv", "data/teacher/train.csv")


@pytest.fixture
def layout(tiny_params, write_rows, tmp_path) -> Layout:
    """Two students with two seeds, and one with the first alone."""
    params = tiny_params(students=["bow", "cnn"], one_seed=["minilm"], seeds=[1, 0])
    layout = Layout(params.study, tmp_path)
    write_rows(layout)
    return layout


def training_of(layout: Layout, system: str) -> Path:
    return layout.model(system) / TRAINING


def change(layout: Layout, system: str, *keys: str) -> None:
    """Put another digest at a key of ``training.json``."""
    path = training_of(layout, system)
    record = tables.read_json(path)
    place = record
    for key in keys[:-1]:
        place = place[key]
    assert place[keys[-1]]
    place[keys[-1]] = "another"
    tables.write_json(record, path)


def put(layout: Layout, system: str, rows: pd.DataFrame) -> None:
    tables.write(rows, layout.predictions(system, "reviews"), schemas.PREDICTIONS)


def reviews_of(layout: Layout, system: str) -> pd.DataFrame:
    return tables.read(layout.predictions(system, "reviews"), schemas.PREDICTIONS)


def refusal(layout: Layout) -> str:
    with pytest.raises(InputError) as caught:
        refuse_other_rows(layout)
    return str(caught.value)


def test_same_rows_pass_though_each_seed_holds_out_others(layout):
    refuse_other_rows(layout)


@pytest.mark.parametrize(
    "system", ["bow-distilled/seed-1", "bow-baseline/seed-0", "cnn-baseline/seed-0"]
)
@pytest.mark.parametrize("what", INPUTS)
def test_other_inputs_are_refused_whatever_the_seed(layout, system, what):
    change(layout, system, "inputs", what)
    assert f"{system} and {FIRST} differ in {what}" in refusal(layout)


@pytest.mark.parametrize(
    ("system", "other"),
    [
        ("bow-distilled/seed-1", FIRST),
        ("bow-distilled/seed-0", "bow-baseline/seed-0"),
        ("cnn-baseline/seed-0", "bow-baseline/seed-0"),
        ("minilm-distilled/seed-1", FIRST),
    ],
)
@pytest.mark.parametrize("part", ["fit", "validation"])
def test_other_rows_of_a_seed_are_refused(layout, system, other, part):
    change(layout, system, "rows", part, "ids_sha256")
    message = refusal(layout)
    assert f"{system} and {other} differ in rows of seed {system[-1]} for {part}" in message
    assert "dvc repro" in message


@pytest.fixture
def with_every_kind_of_rows(monkeypatch, tiny_params, write_rows, tmp_path) -> Layout:
    """A study with a target that drops some of its base rows and one that has each twice."""
    for kind in ("subset", "doubled"):
        row = dataclasses.replace(TARGETS["distilled"], name=kind, rows=kind)
        monkeypatch.setitem(TARGETS, kind, row)
    layout = Layout(tiny_params(targets=["baseline", "subset", "doubled"]).study, tmp_path)
    write_rows(layout)
    return layout


def test_arms_are_held_to_the_same_base_rows_whatever_their_targets_fit(with_every_kind_of_rows):
    refuse_other_rows(with_every_kind_of_rows)


@pytest.mark.parametrize("target", ["subset", "doubled"])
@pytest.mark.parametrize("part", ["fit", "validation"])
def test_other_base_rows_are_refused_whatever_a_target_fits(with_every_kind_of_rows, target, part):
    system = Arm("bow", target, 0).system
    change(with_every_kind_of_rows, system, "rows", part, "ids_sha256")
    expected = f"{system} and bow-baseline/seed-0 differ in rows of seed 0 for {part}"
    assert expected in refusal(with_every_kind_of_rows)


def test_arms_that_the_study_leaves_out_are_not_looked_for(tiny_params, write_rows, tmp_path):
    left_out = {"students": ["cnn"], "targets": ["baseline"], "seeds": []}
    layout = Layout(tiny_params(students=["bow", "cnn"], arms=[left_out]).study, tmp_path)
    write_rows(layout)
    assert not training_of(layout, "cnn-baseline/seed-0").exists()
    refuse_other_rows(layout)
    change(layout, "cnn-distilled/seed-0", "inputs", INPUTS[0])
    assert "cnn-distilled/seed-0 and bow-baseline/seed-0 differ" in refusal(layout)


def test_a_study_that_leaves_out_all_of_its_arms_is_refused(tiny_params, tmp_path):
    nobody = {"students": ["bow"], "targets": ["baseline", "distilled"], "seeds": []}
    layout = Layout(tiny_params(arms=[nobody]).study, tmp_path)
    assert "the study leaves out all of its arms" in refusal(layout)


@pytest.mark.parametrize(
    "system", ["bow-baseline/seed-0", "cnn-distilled/seed-1", "minilm-baseline/seed-1"]
)
@pytest.mark.parametrize("how", ["one less", "one more", "another"])
def test_other_test_reviews_are_refused(layout, system, how):
    rows = reviews_of(layout, system)
    more = pd.concat([rows, rows.tail(1).assign(id="f" * 16)], ignore_index=True)
    put(layout, system, {"one less": rows[1:], "one more": more, "another": more[1:]}[how])
    assert f"{system} and {FIRST} differ in test reviews" in refusal(layout)


def test_order_and_scores_of_the_test_reviews_do_not_matter(layout):
    rows = reviews_of(layout, "cnn-baseline/seed-0").sample(frac=1, random_state=0)
    positive = np.linspace(0, 1, len(rows))
    put(layout, "cnn-baseline/seed-0", rows.assign(label_0=1 - positive, label_1=positive))
    refuse_other_rows(layout)


def test_teacher_may_be_tested_on_a_sample(layout):
    put(layout, TEACHER, reviews_of(layout, TEACHER)[1:4])
    refuse_other_rows(layout)


def test_teacher_tested_on_what_its_students_were_not_is_refused_with_the_count(layout):
    rows = reviews_of(layout, TEACHER)[1:4]
    foreign = rows.head(2).assign(id=["e" * 16, "f" * 16])
    put(layout, TEACHER, pd.concat([rows, foreign], ignore_index=True))
    message = refusal(layout)
    assert f"{TEACHER} was tested on 2 reviews that {FIRST} was not" in message


@pytest.mark.parametrize("missing", ["training.json", "reviews.parquet"])
def test_what_a_system_lacks_is_named(layout, missing):
    system = systems(layout.study)[-1]
    files = (training_of(layout, system), layout.predictions(system, "reviews"))
    {path.name: path for path in files}[missing].unlink()
    message = refusal(layout)
    assert f"{system}/{missing} is missing" in message
