"""Params of tiny studies, from the shipped ones, for stages that run on files laid out by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bias_transfer import params

SHIPPED = Path(__file__).resolve().parents[2] / "params.yaml"


@pytest.fixture(scope="session")
def tiny_params(tiny_teacher, tiny_student, labelling) -> Callable[..., params.Params]:
    """Params of a study of the reviews ``mine``; ``study`` and the other sections named are changed."""

    def make(teacher: params.Teacher | None = None, distillation=(), bias=(), **study) -> params.Params:
        values = params.load(SHIPPED).model_dump()
        choice = {"name": "tiny", "reviews": "mine", "teacher": "tiny", "students": ["bow"], "seeds": [0]}
        values["study"] |= choice | {"targets": ["baseline", "distilled"]} | study
        values["distillation"] |= dict(distillation)
        values["bias"] |= dict(bias)
        values["reviews"] |= dict.fromkeys(("mine", "other"), values["reviews"]["files"])
        values["labelling"] = labelling.model_dump()
        values["teachers"]["tiny"] = (teacher or tiny_teacher()).model_dump()
        values["students"] |= {name: tiny_student(name).model_dump() for name in ("bow", "cnn")}
        values["device"] = "cpu"
        return params.validate(values, "tiny")

    return make


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    """An empty folder, made current: stages look for their inputs below it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
