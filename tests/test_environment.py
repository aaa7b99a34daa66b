"""The descriptions of the environment agree, and MLflow is imported in one place."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
LOCKED = ("parquet", "models", "study", "dev")


def lock() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    names = [*project["dependencies"], *(n for e in LOCKED for n in extras[e])]
    wanted = {normal(name.partition("[")[0]) for name in names} - {project["name"]}
    assert wanted <= {normal(name) for name in lock()}


def test_torch_is_pinned_without_a_local_build():
    assert lock()["torch"] == "2.13.0"


def test_slow_tests_are_there():
    """``make test-quick`` leaves them out by name."""
    for line in (ROOT / "tests/slow.txt").read_text(encoding="utf-8").split():
        file, _, function = line.partition("::")
        assert f"def {function}" in (ROOT / "tests" / file).read_text(encoding="utf-8"), line


def test_conda_and_mlflow_use_the_lock_and_the_same_python():
    conda = yaml.safe_load((ROOT / "conda.yaml").read_text())
    python = yaml.safe_load((ROOT / "python_env.yaml").read_text())
    (pip,) = (entry["pip"] for entry in conda["dependencies"] if isinstance(entry, dict))
    assert f"python={python['python']}" in conda["dependencies"]
    assert pip[0] == python["dependencies"][0] == "-r requirements.lock"


def test_mlproject_names_an_environment_that_exists():
    project = yaml.safe_load((ROOT / "MLproject").read_text())
    assert (ROOT / project["python_env"]).is_file()
    assert set(project["entry_points"]) == {"main", "label", "train", "evaluate"}


def test_only_tracking_imports_mlflow():
    importers = {
        p
        for p in (ROOT / "src").rglob("*.py")
        if re.search(r"^(import|from) mlflow", p.read_text(), re.M)
    }
    assert {p.parent.name for p in importers} == {"tracking"}
