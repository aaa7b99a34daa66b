"""Systems are compared only where they had the same reviews: each difference is refused by the names of two."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.io.provenance import texts_sha256
from bias_transfer.stages.comparable import refuse_other_rows
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import systems

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


def change(layout: Layout, system: str, *keys: str) -> None:
    """Put another digest at a key of ``training.json``."""
    path = layout.model(system) / "training.json"
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
    folder = (
        layout.model(system)
        if missing == "training.json"
        else layout.predictions(system, "reviews").parent
    )
    (folder / missing).unlink()
    message = refusal(layout)
    assert f"{system}/{missing} is missing" in message


def test_digest_of_texts_is_of_each_and_of_no_order():
    assert texts_sha256(["a", "b"]) == texts_sha256(iter("ba"))
    assert (
        len({texts_sha256(texts) for texts in (["a", "b"], ["ab"], ["a"], ["a", "b", "b"], [])})
        == 5
    )
