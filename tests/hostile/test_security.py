"""What SECURITY.md promises: no pickle, no code from data, no open port, no secret in any output.

Part of it is ruff's, whose rules ``S`` run in ``make lint``; a test holds that they do.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

from faults.scratch import stages
from tiny_study import Project

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PICKLERS = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
UNSAFE = {"compile", "__import__", "torch.load", "torch.save", "yaml.unsafe_load"}
SWITCHES = {"trust_remote_code", "allow_pickle"}
PICKLE_SUFFIXES = {".pkl", ".pickle", ".pt", ".pth", ".bin", ".joblib", ".npy", ".npz", ".h5"}
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is looked for

# A line of code, and the rule of ruff that finds it.
FOUND_BY_RUFF = {
    "eval(text)": "S307",
    "exec(text)": "S102",
    "os.system(text)": "S605",
    "yaml.load(text, Loader=yaml.Loader)": "S506",
    "subprocess.run(line, shell=True)": "S602",
    f"HOST = '{EVERYWHERE}'": "S104",
}
FOUND_HERE = (
    "import pickle",
    "from joblib import load",
    "torch.load(path)",
    "torch.save(weights, path)",
    "compile(text, path, 'exec')",
    "__import__(name)",
    "yaml.unsafe_load(text)",
    "load(path, trust_remote_code=params.trust)",
    "np.load(path, allow_pickle=True)",
)


def name_of(node: ast.expr) -> str:
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def faults(tree: ast.AST) -> list[str]:
    """What ruff's rules do not find: imports of picklers, unsafe calls, and switches to unsafe."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in PICKLERS]
        elif isinstance(node, ast.ImportFrom):
            found += [node.module] if (node.module or "").split(".")[0] in PICKLERS else []
        elif isinstance(node, ast.Call):
            found += [name_of(node.func)] if name_of(node.func) in UNSAFE else []
            options = {option.arg: ast.unparse(option.value) for option in node.keywords}
            found += [
                f"{option}={options[option]}"
                for option in sorted(SWITCHES & set(options))
                if options[option] != "False"
            ]
    return found


def test_the_search_finds_what_it_looks_for():
    assert not [text for text in FOUND_HERE if not faults(ast.parse(text))]


def test_no_source_loads_a_pickle_or_runs_text():
    assert len(SOURCES) > 90
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}
    found = {str(path.relative_to(ROOT)): faults(tree) for path, tree in trees.items()}
    assert not {path: names for path, names in found.items() if names}


def ruff(text: str) -> str:
    """What ``make lint`` would say of a module of the package with this text."""
    command = (sys.executable, "-m", "ruff", "check", "--output-format", "concise")
    result = subprocess.run(  # noqa: S603 - our own tool
        [*command, "--stdin-filename", "src/bias_transfer/module.py", "-"],
        cwd=ROOT, input=text, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return result.stdout


def test_ruff_finds_the_rest():
    said = ruff("import os, subprocess, yaml\n" + "\n".join(FOUND_BY_RUFF))
    missed = [line for line, rule in FOUND_BY_RUFF.items() if f" {rule} " not in said]
    assert not missed, said


def test_no_source_silences_the_rules_that_stand_for_a_promise():
    rules = "|".join(FOUND_BY_RUFF.values())
    silenced = rf"noqa(?!:)|noqa:.*\b({rules})\b"
    assert not [path for path in SOURCES if re.search(silenced, path.read_text(encoding="utf-8"))]


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
    """In what ruff does not read; the sources are its rule S104."""
    texts = [ROOT / name for name in ("Makefile", "MLproject", "README.md", "dvc.yaml")]
    for path in [*texts, *(ROOT / "docs").glob("*.md")]:
        assert EVERYWHERE not in path.read_text(encoding="utf-8"), path


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


def test_no_stage_loads_a_pickle_or_tells_a_secret(tiny_study):
    """A stage would have died at the first object that a pickle asks for; see ``build``."""
    ran = stages(tiny_study.pristine).values()
    assert all(tiny_study.noted(stage.arguments).exists() for stage in ran)
    assert "secret-of-" not in (tiny_study.watched / "said").read_text()
    written = [
        path for path in tiny_study.pristine.rglob("*") if path.is_file() and not path.is_symlink()
    ]
    assert tiny_study.pristine / "mlflow.db" in written
    assert not [path for path in written if b"secret-of-" in path.read_bytes()]


def test_stages_read_their_deps_and_nothing_else(tiny_study):
    """Beside params, what they have written, the label files and answers that spare questions."""
    known = {
        "publish": ("mlflow.db", "mlruns", "dvc.lock"),
        "label": ("data/teacher", "data/journal"),
    }
    known |= {"reviews": ("mine.csv",)}
    for name, stage in stages(tiny_study.pristine).items():
        read = tiny_study.noted(stage.arguments).read_text().splitlines()
        allowed = (*stage.deps, *stage.outs, *known.get(name, ()), "params.yaml", "src", ".git")
        other = {
            path
            for path in read
            if not any(path == one or path.startswith(f"{one}/") for one in allowed)
        }
        assert not other, name
        own = [
            path
            for path in read
            if any(path == dep or path.startswith(f"{dep}/") for dep in stage.deps)
        ]
        assert own or name in ("reviews", "eec", "film", "publish"), read


def test_the_process_does_die_at_a_pickle(tmp_path, zygote):
    project = Project(tmp_path, zygote)
    project.environment |= zygote.environment | {"READS": str(tmp_path)}
    command = ("python", "-m", "bias_transfer", "eec", "--out", "e.csv")
    zygote.wait()
    assert project.run(*command).returncode == 0
    project.environment["LOAD_A_PICKLE"] = "1"
    result = project.run(*command)
    assert result.returncode != 0
    assert "a pickle was loaded" in result.stderr
