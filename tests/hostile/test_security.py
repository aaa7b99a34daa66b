"""What SECURITY.md promises: no pickle, no code from data, no open port, no secret in what is written."""

import ast
import re
from pathlib import Path

import pytest
from faults.scratch import Scratch, Zygote, stages

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PICKLERS = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
PICKLE_SUFFIXES = {".pkl", ".pickle", ".pt", ".pth", ".bin", ".joblib", ".npy", ".npz", ".h5"}
SECRETS = ("HF_TOKEN", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "AWS_SECRET_ACCESS_KEY")


def name_of(node: ast.expr) -> str:
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def faults(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in PICKLERS]
        elif isinstance(node, ast.ImportFrom):
            found += [node.module] if (node.module or "").split(".")[0] in PICKLERS else []
        elif isinstance(node, ast.Call):
            name = name_of(node.func)
            options = {option.arg: ast.unparse(option.value) for option in node.keywords}
            if name in RUNS_TEXT or name in {
                "torch.load",
                "torch.save",
                "yaml.load",
                "yaml.unsafe_load",
                "os.system",
            }:
                found.append(name)
            for option in ("trust_remote_code", "allow_pickle", "shell"):
                if options.get(option, "False") != "False":
                    found.append(f"{option}={options[option]}")
    return found


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from joblib import load",
        "torch.load(path)",
        "eval(text)",
        "load(path, trust_remote_code=params.trust)",
        "np.load(path, allow_pickle=True)",
        "subprocess.run(line, shell=True)",
    ],
)
def test_the_search_finds_what_it_looks_for(text):
    assert faults(ast.parse(text))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_source_loads_no_pickle_and_runs_no_text(path):
    assert not faults(ast.parse(path.read_text(encoding="utf-8")))


def test_remote_code_cannot_be_switched_on():
    """Only by editing the source: no param, option or variable has its name."""
    mentions = [
        line.strip()
        for path in [*SOURCES, ROOT / "params.yaml", ROOT / "MLproject"]
        for line in path.read_text(encoding="utf-8").splitlines()
        if "trust_remote_code" in line
    ]
    assert mentions
    assert all(re.search(r"trust_remote_code(=False|\": False)", line) for line in mentions)


def test_nothing_listens_beyond_this_machine():
    for path in [
        *SOURCES,
        ROOT / "Makefile",
        ROOT / "MLproject",
        ROOT / "README.md",
        *(ROOT / "docs").glob("*.md"),
    ]:
        assert "0.0.0.0" not in path.read_text(encoding="utf-8"), path


def is_pickle(path: Path) -> bool:
    start = path.read_bytes()[:2]
    return path.suffix in PICKLE_SUFFIXES or (
        start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")
    )


def test_no_stage_writes_a_pickle(tiny_study):
    """Neither into its outputs nor into MLflow. DVC's own caches below ``.dvc/tmp`` are DVC's."""
    files = [
        path
        for top in ("data", "models", "predictions", "metrics", "reports", "mlruns")
        for path in (tiny_study.pristine / top).rglob("*")
        if path.is_file()
    ]
    assert len(files) > 100
    assert not [path for path in files if is_pickle(path)]


@pytest.fixture
def zygote(tiny_study, tmp_path):
    zygote = Zygote(tmp_path, tiny_study.project.environment)
    yield zygote
    zygote.stop()


def test_no_stage_loads_a_pickle_or_tells_a_secret(tiny_study, tmp_path, zygote):
    """The process dies at the first object that a pickle asks for; secrets are in its environment."""
    scratch = Scratch(tiny_study.pristine, tmp_path / "study")
    secrets = {name: f"secret-of-{name.lower()}" for name in SECRETS}
    for name, stage in stages(tiny_study.pristine).items():
        scratch.remove(stage)
        status = zygote.run(scratch.folder, stage.arguments, REFUSE_PICKLES="1", **secrets)
        assert status == 0, f"{name}: {zygote.said}"
        assert "secret-of-" not in zygote.said
    written = [
        path for path in scratch.folder.rglob("*") if path.is_file() and not path.is_symlink()
    ]
    assert (scratch.folder / "mlflow.db") in written
    assert not [path for path in written if b"secret-of-" in path.read_bytes()]


def test_the_process_does_die_at_a_pickle(tmp_path, zygote):
    status = zygote.run(tmp_path, ["eec", "--out", "e.csv"], REFUSE_PICKLES="1", LOAD_A_PICKLE="1")
    assert status != 0
    assert "a pickle was loaded" in zygote.said
