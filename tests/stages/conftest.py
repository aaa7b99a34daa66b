"""Params of tiny studies, from the shipped ones, for stages that run on files laid out by hand."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import stubs_of_swaps
import swapped

from bias_transfer.corpora import text_id
from bias_transfer.corpora.swaps import edits, tagger, wordlist
from bias_transfer.io import schemas, tables
from bias_transfer.study import params
from bias_transfer.study.paths import SPLITS, Layout
from bias_transfer.study.systems import arms, systems

SHIPPED = Path(__file__).resolve().parents[2] / "params.yaml"


@pytest.fixture(scope="session")
def tiny_params(tiny_teacher, tiny_student, labelling) -> Callable[..., params.Params]:
    """Params of a study of the reviews ``mine``; keywords change it and the sections they name."""

    shipped = params.load(SHIPPED).model_dump()

    def make(
        teacher: params.Teacher | None = None,
        distillation=(),
        bias=(),
        labelled_test_size: int | None = None,
        labelled_versions: bool = False,
        swapped_whole: int | None = None,
        placebo_size: int | None = None,
        **study,
    ) -> params.Params:
        values = copy.deepcopy(shipped)
        choice = {
            "name": "tiny",
            "reviews": "mine",
            "teacher": "tiny",
            "students": ["bow"],
            "one_seed": [],
            "arms": [],
        }
        values["study"] |= choice | {"targets": ["baseline", "distilled"], "seeds": [0]} | study
        values["distillation"] |= dict(distillation)
        values["bias"] |= dict(bias)
        mine = values["reviews"]["files"] | {
            "labelled_test_size": labelled_test_size,
            "labelled_versions": labelled_versions,
            "swapped_whole": swapped_whole,
            "placebo_size": placebo_size,
        }
        values["reviews"] |= dict.fromkeys(("mine", "other"), mine)
        values["labelling"] = labelling.model_dump()
        values["teachers"]["tiny"] = (teacher or tiny_teacher()).model_dump()
        values["students"] |= {name: tiny_student(name).model_dump() for name in ("bow", "cnn")}
        values["device"] = "cpu"
        return params.validate(values, "tiny")

    return make


@pytest.fixture(scope="session")
def write_rows() -> Callable[[Layout], None]:
    """Write which reviews the systems of a study had: the same, but for what a seed holds out."""

    def write(layout: Layout) -> None:
        reviews = pd.DataFrame(
            {"id": [f"{i:016x}" for i in range(6)], "label_0": 0.25, "label_1": 0.75}
        )
        for system in systems(layout.study):
            tables.write(reviews, layout.predictions(system, "reviews"), schemas.PREDICTIONS)
        for arm in arms(layout.study):
            rows = {
                part: {"n": n, "ids_sha256": f"{part} {arm.seed}"}
                for part, n in (("fit", 9), ("validation", 1))
            }
            inputs = {"data/train.csv": "reviews", "data/teacher/train.csv": "labels"}
            tables.write_json({"rows": rows, "inputs": inputs}, layout.training(arm))

    return write


@pytest.fixture(scope="session")
def write_reviews() -> Callable[..., pd.DataFrame]:
    """Write reviews that differ, the last ``n_test`` of them as the test split; all are given."""

    def write(layout: Layout, n: int, n_test: int) -> pd.DataFrame:
        random, labels = np.random.default_rng(0), np.arange(n) % 2
        words = ("dull clumsy stale thin".split(), "warm witty lovely clever".split())
        people = ("she her", "he his", "they their")
        texts = [
            f"a {random.choice(words[label])} film about {people[i % 3]} {'ab' * (i + 1)}"
            for i, label in enumerate(labels)
        ]
        frame = pd.DataFrame({"id": map(text_id, texts), "text": texts, "label": labels})
        for split, part in zip(SPLITS, (frame[:-n_test], frame[-n_test:]), strict=True):
            tables.write(part, layout.reviews(split), schemas.REVIEWS)
        return frame

    return write


@pytest.fixture(scope="session")
def write_labels() -> Callable[..., None]:
    """Write one file of a teacher's labels, given ids and P(positive)."""

    def write(layout: Layout, part: str, ids: pd.Series, positive: np.ndarray) -> None:
        labels = pd.DataFrame({"id": ids, "label_0": 1 - positive, "label_1": positive})
        tables.write(labels.assign(label_mass=0.9), layout.labels(part), schemas.LABELS)

    return write


@pytest.fixture(scope="session")
def write_versions() -> Callable[[Layout], pd.Series]:
    """Write a few pairs of swapped reviews, and of the placebo; all ids are given, each once."""

    def write(layout: Layout, n: int = 12) -> pd.Series:
        pairs, placebo = swapped.versions(n), swapped.versions(n, prefix="n", seed=1)
        for table in (pairs, placebo):
            for name in ("id", "pair_id"):
                table[name] = table[name].map(text_id)
        placebo.loc[0, "id"] = pairs.loc[0, "id"]  # a version may be one of both
        tables.write(pairs, layout.pairs, schemas.SWAPS)
        tables.write(placebo.drop(columns="named"), layout.placebo, schemas.PLACEBO)
        return pd.concat([pairs["id"], placebo["id"]]).drop_duplicates()

    return write


@pytest.fixture(scope="session")
def write_edits() -> Callable[[Path, pd.Series], None]:
    """Write what is swapped in some texts, as a tagger for tests tells it."""

    def write(path: Path, texts: pd.Series) -> None:
        found = edits.find(texts, wordlist.gendered(), stubs_of_swaps.tagger)
        tables.write(found.assign(rules=tagger.RULES), path, schemas.EDITS)

    return write


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    """An empty folder, made current: stages look for their inputs below it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
