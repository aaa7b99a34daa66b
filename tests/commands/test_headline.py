"""The headline is the study's answer; ``test_pipeline`` holds it to the report's first sentence."""

from pathlib import Path

import pytest

from bias_transfer.commands import headline as module
from bias_transfer.commands.headline import headline
from bias_transfer.io.errors import InputError
from bias_transfer.report.answer import Answer
from bias_transfer.study import params
from bias_transfer.study.paths import Layout

PARAMS = params.load(Path(__file__).resolve().parents[2] / "params.yaml")


def test_the_answer_is_told_with_the_reports_path(tmp_path, monkeypatch):
    found = Answer("A gap < .02 stands.", "More was expected.")
    monkeypatch.setattr(module.answer, "of_study", lambda params, layout: found)
    finding, beside, where = headline(PARAMS, tmp_path).splitlines()
    assert [finding, beside] == ["A gap < .02 stands.", "More was expected."]
    assert where.startswith(f"Report: {Layout(PARAMS.study, tmp_path).report('report.html')}")


def test_a_study_that_has_not_run(tmp_path):
    with pytest.raises(InputError, match=r"bias.csv is missing.*dvc repro"):
        headline(PARAMS, tmp_path)
