"""A missing module is told with the extra that brings it, and each extra brings what it says."""

import tomllib
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from bias_transfer import cli
from bias_transfer.io import extras, tables, user_tables
from bias_transfer.io.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("module", "extra"),
    [("torch.nn", "models"), ("mlflow", "study"), ("ray.data", "ray"), ("pyarrow", "parquet")],
)
def test_module_of_an_extra(module, extra):
    assert extras.explain(module).endswith(f": pip install 'bias-transfer[{extra}]'")


@pytest.mark.parametrize("module", ["nothing", "bias_transfer.torch", "", None])
def test_module_of_none(module):
    assert extras.explain(module) is None


def test_extras_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(extras._EXTRAS.values()) <= set(project["optional-dependencies"])


def test_command_that_lacks_a_module_is_one_line(monkeypatch):
    def missing(path):
        raise ModuleNotFoundError("No module named 'mlflow'", name="mlflow")

    monkeypatch.setattr("bias_transfer.study.params.load", missing)
    result = CliRunner(env={"TOKENIZERS_PARALLELISM": "true"}).invoke(cli.main, ["publish"])
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: this needs mlflow, which is not installed: pip install 'bias-transfer[study]'\n"
    )


@pytest.mark.parametrize(
    "use",
    [
        lambda path: user_tables.read(str(path)),
        lambda path: tables.write(pd.DataFrame({"a": [1]}), path),
    ],
)
def test_parquet_without_its_package(tmp_path, monkeypatch, use):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"mine.parquet.*'bias-transfer\[parquet\]'"):
        use(tmp_path / "mine.parquet")
    assert list(tmp_path.iterdir()) == []
