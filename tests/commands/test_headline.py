"""The headline is the first sentence of the report, in plain text."""

from pathlib import Path

import pytest

from bias_transfer.commands.headline import headline
from bias_transfer.io.errors import InputError
from bias_transfer.study import params
from bias_transfer.study.paths import Layout

PARAMS = params.load(Path(__file__).resolve().parents[2] / "params.yaml")


def test_the_lead_is_told_without_markup(tmp_path):
    path = Layout(PARAMS.study, tmp_path).report("report.html")
    path.parent.mkdir(parents=True)
    path.write_text(
        '<h1>No</h1><p class="lead" id="answer"><b>A gap &lt; .02</b>\n stands.</p><p>Not this.</p>',
        encoding="utf-8",
    )
    said, where = headline(PARAMS, tmp_path).splitlines()
    assert said == "A gap < .02 stands."
    assert where.startswith(f"Report: {path}")


def test_a_study_that_has_not_run(tmp_path):
    with pytest.raises(InputError, match=r"report.html is missing.*dvc repro"):
        headline(PARAMS, tmp_path)
