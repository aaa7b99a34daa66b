"""Which study a command speaks of: one of the catalogue, or the current one."""

from pathlib import Path

import pytest

from bias_transfer.commands import catalogue
from bias_transfer.io.errors import InputError
from bias_transfer.study import params

SHIPPED = params.load(Path(__file__).resolve().parents[2] / "params.yaml")


def test_a_study_of_the_catalogue_becomes_the_current_one():
    assert catalogue.chosen(SHIPPED, "imdb").study.reviews == "imdb"


def test_the_current_study_need_not_be_in_the_catalogue():
    own = SHIPPED.with_study(name="own", seeds=[7])
    assert catalogue.chosen(own, "own") is own
    assert catalogue.reported(own, "own") is own
    with pytest.raises(InputError, match="unknown study 'own'"):
        catalogue.chosen(SHIPPED, "own")


def test_another_study_must_have_run_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="'imdb' has not run here: `make study STUDY=imdb`"):
        catalogue.reported(SHIPPED, "imdb")
