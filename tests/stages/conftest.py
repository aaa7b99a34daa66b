"""Params of tiny studies, from the shipped ones, for stages that run on files laid out by hand."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from bias_transfer.io import schemas, tables
from bias_transfer.study import params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import arms, systems

SHIPPED = Path(__file__).resolve().parents[2] / "params.yaml"


@pytest.fixture(scope="session")
def tiny_params(tiny_teacher, tiny_student, labelling) -> Callable[..., params.Params]:
    """Params of a study of the reviews ``mine``; ``study`` and the other sections named are changed."""

    def make(
        teacher: params.Teacher | None = None,
        distillation=(),
        bias=(),
        labelled_test_size: int | None = None,
        **study,
    ) -> params.Params:
        values = params.load(SHIPPED).model_dump()
        choice = {
            "name": "tiny",
            "reviews": "mine",
            "teacher": "tiny",
            "students": ["bow"],
            "one_seed": [],
        }
        values["study"] |= choice | {"targets": ["baseline", "distilled"], "seeds": [0]} | study
        values["distillation"] |= dict(distillation)
        values["bias"] |= dict(bias)
        mine = values["reviews"]["files"] | {"labelled_test_size": labelled_test_size}
        values["reviews"] |= dict.fromkeys(("mine", "other"), mine)
        values["labelling"] = labelling.model_dump()
        values["teachers"]["tiny"] = (teacher or tiny_teacher()).model_dump()
        values["students"] |= {name: tiny_student(name).model_dump() for name in ("bow", "cnn")}
        values["device"] = "cpu"
        return params.validate(values, "tiny")

    return make


@pytest.fixture(scope="session")
def write_rows() -> Callable[[Layout], None]:
    """Write what says which reviews the systems of a study had: the same, each seed holding out its own."""

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
            tables.write_json(
                {"rows": rows, "inputs": inputs}, layout.model(arm.system) / "training.json"
            )

    return write


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    """An empty folder, made current: stages look for their inputs below it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
