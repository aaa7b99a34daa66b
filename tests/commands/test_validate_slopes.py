"""Command ``validate slopes``."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from bias_transfer import cli
from bias_transfer.bias.validation import slopes
from bias_transfer.corpora import eec
from bias_transfer.io import schemas, tables
from bias_transfer.study import params
from bias_transfer.study.paths import Layout

SHIPPED = Path(__file__).resolve().parents[2] / "params.yaml"


@pytest.fixture
def layout(tmp_path, monkeypatch) -> Layout:
    shutil.copy(SHIPPED, tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    return Layout(params.load(tmp_path / "params.yaml").study)


def invoke():
    arguments = ["validate", "slopes", "--draws", "2", "--out", "out.csv"]
    return CliRunner().invoke(cli.main, arguments)


def test_each_teacher_with_labels_has_its_rows(layout, monkeypatch):
    monkeypatch.setattr(slopes, "EFFECTS", ((1.0, 0.0),))
    corpus = eec.generate()
    positive = np.random.default_rng(0).uniform(0.1, 0.9, len(corpus))
    labels = {"id": corpus["id"], "label_0": 1 - positive, "label_1": positive, "label_mass": 1.0}
    tables.write(pd.DataFrame(labels), layout.labels("eec"), schemas.LABELS)
    result = invoke()
    assert result.exit_code == 0, result.output
    table = pd.read_csv("out.csv")
    assert table["teacher"].tolist() == [layout.study.teacher] * 2
    assert table["coverage"].between(0, 1).all()


def test_without_labels_the_command_that_gets_them_is_named(layout):
    result = invoke()
    assert result.exit_code == 1
    assert "dvc pull data" in result.stderr
