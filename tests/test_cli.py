"""The command line: help at once, errors in one line, and two commands from end to end."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

import bias_transfer
from bias_transfer import __version__, cli
from bias_transfer.bias.transfer import CHANGE, CORRECTED, RELIABILITY, SLOPE
from bias_transfer.corpora import eec
from bias_transfer.io.errors import InputError

SHIPPED = Path(__file__).resolve().parents[1] / "params.yaml"
SOURCE = str(Path(bias_transfer.__file__).resolve().parents[1])
COMMANDS = (
    "audit bias eec export film label label-parquet launch predict publish report results reviews "
    "study swap swaps teachers train transfer validate verify"
).split()


def run(*arguments):
    # With the variable set, the command has nothing to leave behind in this process.
    return CliRunner(env={"TOKENIZERS_PARALLELISM": "true"}).invoke(
        cli.main, [str(part) for part in arguments]
    )


def python(folder, *arguments):
    environment = os.environ | {"PYTHONPATH": SOURCE, "COLUMNS": "200"}
    return subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def assert_one_line_error(result, *parts):
    stderr = result.stderr.splitlines()
    assert len(stderr) == 1, result.stderr
    assert stderr[0].startswith("Error: ")
    for part in parts:
        assert part in stderr[0]


@pytest.fixture
def bad_study(tmp_path, monkeypatch):
    """A folder, made current, whose ``params.yaml`` asks for a student that is not there."""
    values = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    values["study"]["students"] = ["bwo"]
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def shipped_study(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_bytes(SHIPPED.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def predictions(corpus, path, gap):
    """Scores of a system that puts women ``gap`` higher."""
    noise = np.random.default_rng(0).normal(0, 0.01, len(corpus))
    table = corpus[["sentence"]].assign(pos_prob=0.5 + gap * (corpus["gender"] == "female") + noise)
    table = table.sample(frac=1, random_state=1)
    table.to_parquet(path, index=False) if path.suffix == ".parquet" else table.to_csv(
        path, index=False
    )
    return path


def test_commands_are_the_ones_expected():
    assert set(COMMANDS) == set(cli.main.commands)


def faults_of_the_help(command, flag):
    result = run(command, flag)
    if result.exit_code != 0:
        return f"{command} {flag}: exit code {result.exit_code}"
    if f"Usage: main {command}" not in result.output:
        return f"{command} {flag}: no usage"
    first_line = cli.main.commands[command].help.splitlines()[0]
    if " ".join(first_line.split()) not in " ".join(result.output.split()):
        return f"{command} {flag}: lacks {first_line!r}"
    return None


def test_help_of_each_command():
    found = [faults_of_the_help(command, flag) for command in COMMANDS for flag in ("-h", "--help")]
    assert len(found) == 2 * len(COMMANDS) == 2 * 21
    assert not list(filter(None, found))


def test_every_command_stands_in_one_section_of_the_help():
    listed = [name for names in cli.SECTIONS.values() for name in names]
    assert sorted(listed) == sorted(cli.main.commands)


def test_help_lists_the_commands_and_how_to_see_tracebacks():
    result = run("--help")
    assert result.exit_code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in result.output
    assert "--debug" in result.output


def examples(shown):
    """Arguments of the commands in a help text; a backslash continues a line, as in a shell."""
    lines = shown.replace("\\\n", " ").splitlines()
    found = [line.split("python -m bias_transfer ") for line in lines]
    return [shlex.split(parts[1]) for parts in found[1:] if len(parts) == 2]


def cannot_be_typed(example):
    name, *arguments = example
    command = cli.main.commands[name]
    try:
        while isinstance(command, click.Group):
            command, arguments = command.commands[arguments[0]], arguments[1:]
        command.make_context(name, arguments)
    except (click.ClickException, KeyError) as error:
        return f"{' '.join(example)}: {error!r}"
    return None


def leaves(group):
    """Paths of the commands that take arguments, those of a command's own commands included."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from ([name, *path] for path in leaves(command))
        elif command.params:
            yield [name]


def test_examples_in_the_help_can_be_typed():
    by_command = {" ".join(path): examples(run(*path, "-h").output) for path in leaves(cli.main)}
    assert len(by_command) == 28
    by_command["itself"] = examples(run("--help").output)
    assert not [command for command, found in by_command.items() if not found]
    assert not [
        fault for found in by_command.values() for fault in map(cannot_be_typed, found) if fault
    ]


@pytest.mark.parametrize("example", [["train", "bow"], ["validate", "nul"], ["audit", "--outt"]])
def test_an_example_that_cannot_be_typed_is_found(example):
    assert cannot_be_typed(example)


def test_version():
    result = run("--version")
    assert result.exit_code == 0
    assert __version__ in result.output


def test_import_is_light(tmp_path):
    names = "sorted({name.partition('.')[0] for name in sys.modules})"
    code = f"import sys, bias_transfer.cli; print(*{names})"
    result = python(tmp_path, "-W", "error", "-c", code)
    assert result.returncode == 0, result.stderr
    loaded = set(result.stdout.split())
    assert "bias_transfer" in loaded
    assert not loaded & {
        "torch",
        "pandas",
        "numpy",
        "mlflow",
        "transformers",
        "scipy",
        "sklearn",
        "matplotlib",
    }


def test_bad_study_is_one_line_on_stderr(bad_study):
    result = python(bad_study, "-m", "bias_transfer", "bias")
    assert result.returncode == 1
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert_one_line_error(result, "params.yaml", "'bwo'", "'bow'")


def test_bad_study_with_debug_leaves_the_error_to_python(bad_study):
    error = run("--debug", "bias").exception
    assert isinstance(error, InputError)
    assert "'bwo'" in str(error)


@pytest.mark.parametrize(
    "arguments",
    [
        *(
            ("bias",),
            ("report",),
            ("publish",),
            ("train", "bow", "distilled"),
            ("train", "bow", "distilled", "0"),
            ("predict", "bow-distilled"),
        ),
        *(("study", "imdb"), ("results", "imdb", "--out", "results.md")),
    ],
)
def test_bad_study_stops_every_stage(bad_study, arguments):
    result = run(*arguments)
    assert result.exit_code == 1
    assert_one_line_error(result, "unknown student 'bwo': did you mean 'bow'?")
    assert [path.name for path in bad_study.iterdir()] == ["params.yaml"]


def test_without_params_says_where_to_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("bias")
    assert result.exit_code == 1
    assert_one_line_error(result, "params.yaml is missing", "root of the project")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("reviews", "snipets"), ("unknown reviews 'snipets'", "'snippets'")),
        (("label", "snippets", "smollm"), ("unknown teacher 'smollm'", "'smollm2'")),
        (("train", "bwo", "distilled", "0"), ("unknown student 'bwo'", "'bow'")),
        (("train", "bow", "distiled"), ("unknown target 'distiled'", "'distilled'")),
        (("train", "bow", "planted"), ("target 'planted' needs a dose", "'planted-1'")),
        (("train", "bow", "distilled", "4294967296"), ("study.seeds", "4294967296")),
        (("predict", "bow-distiled"), ("unknown system 'bow-distiled'", "'bow-distilled'")),
        (("predict", "bow-distilled/seed-0"), ("unknown system", "'bow-distilled'")),
        (("bias",), ("training.json is missing", "dvc repro")),
        (("study", "imbd"), ("unknown study 'imbd'", "'imdb'")),
        (("study", "nope"), ("unknown study 'nope'", "known: snippets, snippets-full, ")),
        (("results",), ("bias.csv is missing", "dvc repro")),
        (("results", "imdb"), ("'imdb' has not run here", "`make study STUDY=imdb`")),
        (("results", "imdb", "--out", "a.md"), ("'imdb' has not run here",)),
        (("results", "nope"), ("unknown study 'nope'", "known: snippets, snippets-full, ")),
        (("export", "--out", "made"), ("train.csv is missing", "dvc repro")),
        (("results", "imbd", "--out", "results.md"), ("unknown study 'imbd'", "'imdb'")),
        (("results", "snippets", "--out", "a.md"), ("summary.csv is missing", "dvc repro")),
        (("teachers", "imbd", "--out", "page.md"), ("unknown study 'imbd'", "'imdb'")),
        (
            ("teachers", "snippets", "snippets-smollm2", "--out", "page.md"),
            ("'snippets-smollm2' has not run here", "`make study STUDY=snippets-smollm2`"),
        ),
    ],
)
def test_bad_argument_is_one_line_that_names_it(shipped_study, arguments, parts):
    result = run(*arguments)
    assert result.exit_code == 1
    assert_one_line_error(result, *parts)
    assert [path.name for path in shipped_study.iterdir()] == ["params.yaml"]


def test_fault_of_the_program_is_one_line_without_traceback(shipped_study, monkeypatch):
    def broken(path):
        raise KeyError("first line\nsecond line")

    monkeypatch.setattr("bias_transfer.study.params.load", broken)
    result = run("bias")
    assert result.exit_code == 1
    assert_one_line_error(result, "unexpected KeyError", "second line", "--debug")
    assert isinstance(run("--debug", "bias").exception, KeyError)


def test_wrong_usage_is_exit_code_2():
    assert run("audit", "--out", "x.csv").exit_code == 2
    assert run("no-such-command").exit_code == 2
    assert run("eec").exit_code == 2


@pytest.mark.parametrize("files", [("=scores.csv",), ("mine=",)])
def test_audit_wants_whole_names_with_its_files(tmp_path, files):
    result = run("audit", "--out", tmp_path / "bias.csv", *files)
    assert result.exit_code == 1
    assert_one_line_error(result, repr(files[0]), "NAME=PATH")


def test_audit_names_the_file_that_is_missing(tmp_path):
    result = run("audit", "--out", tmp_path / "bias.csv", f"mine={tmp_path / 'none.csv'}")
    assert result.exit_code == 1
    assert_one_line_error(result, "none.csv is missing")
    assert list(tmp_path.iterdir()) == []


def test_output_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    result = run("eec", "--out", tmp_path / "file" / "eec.csv")
    assert result.exit_code == 1
    assert_one_line_error(result, "cannot write", "eec.csv")


def test_output_that_is_a_folder_is_one_line(tmp_path):
    result = run("eec", "--out", tmp_path)
    assert result.exit_code == 1
    assert_one_line_error(result, "cannot write", str(tmp_path))


def test_eec_and_audit_from_end_to_end(tmp_path):
    written = python(tmp_path, "-W", "error", "-m", "bias_transfer", "eec", "--out", "deep/eec.csv")
    assert (written.returncode, written.stderr) == (0, "")
    corpus = pd.read_csv(tmp_path / "deep" / "eec.csv", keep_default_na=False)
    assert len(corpus) == 8640
    predictions(corpus, tmp_path / "mine.csv", gap=0.2)
    predictions(corpus, tmp_path / "theirs.parquet", gap=0.0)
    audit = "-m bias_transfer audit --out bias.csv mine=mine.csv theirs=theirs.parquet"
    audited = python(tmp_path, *audit.split())
    assert (audited.returncode, audited.stderr) == (0, "")
    table = pd.read_csv(tmp_path / "bias.csv").set_index(["system", "axis"])
    assert table.index.tolist() == [
        ("mine", "gender"),
        ("mine", "race"),
        ("theirs", "gender"),
        ("theirs", "race"),
    ]
    assert table.loc[("mine", "gender"), "mean_difference"] == pytest.approx(0.2, abs=0.005)
    assert table.loc[("mine", "gender"), "verdict"] == "difference"
    assert table.loc[("theirs", "gender"), "verdict"] == "no difference beyond the margin"
    assert table.loc[("theirs", "gender"), "margin"] == 0.02


def test_audit_by_the_notebooks_method(tmp_path):
    run("eec", "--out", tmp_path / "eec.csv")
    corpus = pd.read_csv(tmp_path / "eec.csv", keep_default_na=False)
    mine = predictions(corpus, tmp_path / "mine.csv", gap=0.0)
    result = run("audit", "--method", "notebook", "--out", tmp_path / "bias.csv", f"mine={mine}")
    assert result.exit_code == 0, result.output
    assert pd.read_csv(tmp_path / "bias.csv")["n_pairs"].tolist() == [1440, 144]


def test_audit_refuses_a_name_that_stands_twice(tmp_path):
    run("eec", "--out", tmp_path / "eec.csv")
    corpus = pd.read_csv(tmp_path / "eec.csv", keep_default_na=False)
    mine = predictions(corpus, tmp_path / "mine.csv", gap=0.0)
    result = run("audit", "--out", tmp_path / "bias.csv", f"mine={mine}", f"mine={mine}")
    assert result.exit_code == 1
    assert_one_line_error(result, "'mine' stands twice")
    assert not (tmp_path / "bias.csv").exists()


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Files of a teacher, of two noisy other wordings of it, and of two seeds per arm."""
    folder, corpus, random = (
        tmp_path_factory.mktemp("scored"),
        eec.generate(),
        np.random.default_rng(0),
    )
    size = len(corpus)
    opinion = random.normal(0, 0.5, size) + 0.5 * (corpus["gender"] == "female")

    def write(name, opinions, noise):
        log_odds = opinions * opinion + random.normal(0, noise, size)
        path = folder / f"{name}.csv"
        corpus[["sentence"]].assign(score=1 / (1 + np.exp(-log_odds))).to_csv(path, index=False)
        return path

    arms = {"baseline": 0.0, "distilled": 0.6}
    return {
        "teacher": write("teacher", 1, 0.1),
        "variants": [write(f"variant-{i}", 1, 0.2) for i in range(2)],
    } | {
        arm: [write(f"{arm}-{seed}", opinions, 0.2) for seed in range(2)]
        for arm, opinions in arms.items()
    }


def transfer(scored, out, *options, seeds=2):
    files = [
        part
        for arm in ("baseline", "distilled")
        for path in scored[arm][:seeds]
        for part in (f"--{arm}", path)
    ]
    return run("transfer", "--teacher", scored["teacher"], *files, *options, "--out", out)


def variants(scored, n):
    return [part for path in scored["variants"][:n] for part in ("--variant", path)]


def test_transfer_from_end_to_end(scored, tmp_path):
    result = transfer(scored, tmp_path / "deep" / "transfer.csv", "--student", "mine")
    assert (result.exit_code, result.stderr) == (0, "")
    table = pd.read_csv(tmp_path / "deep" / "transfer.csv").set_index(["axis", "scale", "estimand"])
    assert set(table["student"]) == {"mine"}
    assert set(table["n_seeds"]) == {2}
    assert table.loc[("gender", "log-odds", CHANGE), "estimate"] == pytest.approx(0.3, abs=0.05)
    assert table.loc[("gender", "log-odds", SLOPE), "estimate"] == pytest.approx(0.6, abs=0.05)
    assert not {RELIABILITY, CORRECTED} & set(table.index.get_level_values("estimand"))


def test_transfer_with_variants_measures_the_teachers_reliability_and_corrects_nothing(
    scored, tmp_path
):
    tables = []
    for n in (1, 2):
        assert transfer(scored, tmp_path / f"{n}.csv", *variants(scored, n), seeds=1).exit_code == 0
        tables.append(pd.read_csv(tmp_path / f"{n}.csv"))
    rows = [table[table["estimand"] == RELIABILITY].reset_index(drop=True) for table in tables]
    for each in rows:
        assert each["student"].tolist() == ["teacher"] * 4
        assert each["estimate"].between(0.5, 1).all()
    assert (rows[0]["estimate"] != rows[1]["estimate"]).all()  # every file given counts
    one, two = (table[table["student"] != "teacher"].reset_index(drop=True) for table in tables)
    assert one.equals(two)
    assert CORRECTED not in set(one["estimand"])


def test_transfer_of_another_prompt_has_the_slope_over_the_reliability(scored, tmp_path):
    result = transfer(
        scored, tmp_path / "transfer.csv", *variants(scored, 1), "--other-prompt", seeds=1
    )
    assert result.exit_code == 0
    table = pd.read_csv(tmp_path / "transfer.csv").set_index(["estimand", "axis", "scale"])[
        "estimate"
    ]
    np.testing.assert_allclose(table[CORRECTED], table[SLOPE] / table[RELIABILITY], rtol=1e-9)
    assert len(table[CORRECTED]) == 4


def test_other_prompt_without_variants_is_one_line(scored, tmp_path):
    result = transfer(scored, tmp_path / "transfer.csv", "--other-prompt")
    assert result.exit_code == 1
    assert_one_line_error(result, "--other-prompt", "--variant")
    assert list(tmp_path.iterdir()) == []


def test_variant_that_is_missing_is_named(scored, tmp_path):
    result = transfer(
        scored, tmp_path / "transfer.csv", "--variant", tmp_path / "none.csv", seeds=1
    )
    assert result.exit_code == 1
    assert_one_line_error(result, "none.csv is missing")
    assert list(tmp_path.iterdir()) == []
