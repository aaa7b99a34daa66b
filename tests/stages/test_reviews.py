"""The reviews stage: a source of the catalogue becomes two tables and their counts."""

import pandas as pd
import pytest

from bias_transfer.corpora import splits
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.stages import reviews
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout


@pytest.fixture
def params(checkout, tiny_params) -> Params:
    """30 reviews, one of them twice, of which 20 and 8 are asked for."""
    texts = [f"review {i % 30}" for i in range(31)]
    frame = pd.DataFrame({"text": texts, "label": [i % 30 % 2 for i in range(31)]})
    frame.to_csv("mine.csv", index=False)
    params = tiny_params()
    entry = params.reviews["mine"].model_copy(
        update={"path": "mine.csv", "train_size": 20, "test_size": 8, "seed": 4}
    )
    return params.model_copy(update={"reviews": params.reviews | {"mine": entry}})


def test_both_halves_are_those_of_the_split_with_the_entrys_params(params):
    reviews.run(params)
    layout = Layout(params.study)
    source = pd.read_csv("mine.csv").assign(split="")
    train, test, counts = splits.split(source, 20, 8, seed=4, overlap="refuse")
    for split, expected in (("train", train), ("test", test)):
        found = tables.read(layout.reviews(split), schemas.REVIEWS)
        pd.testing.assert_frame_equal(found, expected)
    unused = tables.read(layout.reviews("unused"), schemas.REVIEWS)
    everyone = pd.concat([train, test, unused])["text"]
    assert len(everyone) == 30
    assert set(everyone) == set(source["text"])
    assert tables.read_json(layout.counts) == {"read": 31} | counts | {"unused": 2}
    assert counts["dropped_duplicates"] == 1


@pytest.mark.parametrize("held_out", ["train", "test"])
def test_either_half_of_a_source_may_be_held_out(checkout, tiny_params, held_out):
    half = {part: [*(f"{part} {i}" for i in range(20)), "both"] for part in ("train", "test")}
    rows = [(text, split, i % 2) for split in half for i, text in enumerate(half[split])]
    pd.DataFrame(rows, columns=["text", "split", "label"]).to_csv("mine.csv", index=False)
    params = tiny_params()
    update = {"path": "mine.csv", "split_column": "split", "overlap": "drop", "held_out": held_out}
    entry = params.reviews["mine"].model_copy(update=update)
    params = params.model_copy(update={"reviews": params.reviews | {"mine": entry}})
    reviews.run(params)
    layout, learnt = Layout(params.study), {"train": "test", "test": "train"}[held_out]
    found = {part: set(tables.read(layout.reviews(part), schemas.REVIEWS)["text"]) for part in half}
    assert found == {"train": set(half[learnt]), "test": set(half[held_out]) - {"both"}}


def test_another_root_is_written_to(params, tmp_path):
    """Reviews are an input: they lie under ``inputs``, wherever a launch writes."""
    reviews.run(params, tmp_path / "made")
    assert Layout(params.study).reviews("train").is_file()
    assert not (tmp_path / "made").exists()


def test_a_source_that_is_not_there_leaves_nothing(params, checkout):
    (checkout / "mine.csv").unlink()
    with pytest.raises(InputError, match=r"mine\.csv is missing"):
        reviews.run(params)
    assert not (checkout / "data").exists()


def write(**columns) -> None:
    frame = pd.DataFrame(columns)
    frame.assign(text=[f"review {i}" for i in range(len(frame))]).to_csv("mine.csv", index=False)


@pytest.mark.parametrize(
    ("columns", "sizes", "fault"),
    [
        ({"label": [1] * 30}, {}, "the 20 train reviews are not of both classes"),
        (
            {"label": [0, 1] * 10 + [1] * 10, "split": ["train"] * 20 + ["test"] * 10},
            {"split_column": "split", "train_size": None, "test_size": None},
            "the 10 test reviews are not of both classes",
        ),
    ],
)
def test_a_half_of_one_class_is_refused(params, columns, sizes, fault):
    write(**columns)
    entry = params.reviews["mine"].model_copy(update=sizes)
    params = params.model_copy(update={"reviews": params.reviews | {"mine": entry}})
    with pytest.raises(InputError, match=fault):
        reviews.run(params)
    assert not Layout(params.study).reviews("train").exists()
