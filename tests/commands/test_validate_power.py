"""Command ``validate power`` on the tables of a pilot."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from bias_transfer import cli
from bias_transfer.commands import validate_power
from bias_transfer.io.declared import Declared

SHIPPED = Path(__file__).resolve().parents[2] / "params.yaml"
KEYS = {
    "student": "bow", "corpus": "swaps", "axis": "gender", "scale": "log-odds",
    "estimand": "change in gap", "target": "distilled", "reference": "swap-averaged",
}  # fmt: skip
TESTED = KEYS | {
    "contrast": "gap", "estimate": 0.003, "se": 0.0089, "df": 4.1, "n_seeds": 5.0, "n_tests": 2,
    "p_holm": 0.7, "smallest_effect": 0.0227,
}  # fmt: skip


@pytest.fixture
def power(tmp_path, monkeypatch):
    """The command on a pilot whose declared test has this ``p_holm``."""
    (tmp_path / "params.yaml").write_bytes(SHIPPED.read_bytes())
    monkeypatch.chdir(tmp_path)

    def run(p_holm: float = 0.7, *options: str):
        rows = pd.DataFrame([TESTED | {"p_holm": p_holm}])
        transfer = pd.DataFrame([KEYS | {"seed_sd": 0.0199}])
        found = Declared({}, "abc", rows, {})
        monkeypatch.setattr(validate_power.declared, "read", lambda path: found)
        monkeypatch.setattr(validate_power.tables, "read", lambda path, schema: transfer)
        arguments = ["validate", "power", "snippets", "--out", "power.csv", *options]
        return CliRunner().invoke(cli.main, arguments)

    return run


def test_one_row_per_number_of_seeds_is_told_and_written(power):
    result = power(0.7, "--seeds", "5", "--seeds", "20")
    assert result.exit_code == 0, result.output
    table = pd.read_csv("power.csv")
    assert list(table["n_seeds"]) == [5, 20]
    assert 0.32 < table["power"][0] < 0.34
    assert table["power"][1] > 0.9
    assert set(table["pilot"]) == {"snippets"}
    assert "Written: power.csv" in result.output


def test_a_pilot_without_a_test_is_refused(power):
    result = power(np.nan)
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 1
    assert "study 'snippets' is no pilot: none of its declared tests could be made" in result.output
    assert not Path("power.csv").exists()


def test_an_unknown_study_and_one_seed_are_refused(power):
    result = CliRunner().invoke(cli.main, ["validate", "power", "nope", "--out", "power.csv"])
    assert result.exit_code != 0
    assert power(0.7, "--seeds", "1").exit_code == 2
