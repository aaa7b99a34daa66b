"""A study's figures in Markdown: each is that of ``summary.csv``, and a file keeps all else."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from bias_transfer import cli
from bias_transfer.bias.audit import DIFFERENCE, NO_EVIDENCE, NOT_MEASURABLE, ONE_OF_SEVERAL
from bias_transfer.bias.estimates import ONE_SEED
from bias_transfer.bias.transfer import CHANGE, RELIABILITY, SHARE, SLOPE, WITH_TEACHER
from bias_transfer.commands import results as module
from bias_transfer.commands.results import write
from bias_transfer.io import committed, declared, schemas, tables
from bias_transfer.io.declared import Declared
from bias_transfer.io.errors import InputError
from bias_transfer.report.findings import primary
from bias_transfer.report.summary import summarise
from bias_transfer.study import params
from bias_transfer.study.paths import COMMITTED, Layout
from bias_transfer.study.systems import arms, systems

ROOT = Path(__file__).resolve().parents[2]
ORIGINAL = ROOT / "docs/original_study.csv"
CHOICE = {"reviews": "files", "teacher": "smollm2", "students": ["bow"], "one_seed": ["cnn"]}
CHOICE |= {"targets": ["baseline", "distilled"], "seeds": [3, 4], "arms": []}
CHOICE |= {"resample": "none"}
TEACHER = "teacher-smollm2"
GROUPS = (TEACHER, "bow-baseline", "bow-distilled", "cnn-baseline", "cnn-distilled")
BEGIN, END = "<!-- results of tiny -->\n", "<!-- end of results -->"
PLOTS = {"accuracy.png", "gender_bias.png", "race_bias.png", "transfer.png"}
QUALITY = ("accuracy", "precision", "recall", "f1", "log_loss", "brier", "auc", "ece")
random = np.random.default_rng(0)


def some(*names: str) -> dict[str, float]:
    """Numbers in which no two roundings are alike."""
    return {name: float(random.uniform(0.1, 0.9)) for name in names}


def write_table(rows: list[dict], path: Path, schema) -> None:
    """Write these rows; figures that they lack are missing, texts empty, counts 0."""
    nothing = {"str": "", "int": 0}
    empty = {
        name: nothing.get(str(column.dtype)[:3], np.nan) for name, column in schema.columns.items()
    }
    tables.write(pd.DataFrame([empty | row for row in rows]), path, schema)


def write_accuracy(layout: Layout) -> None:
    rows = [
        {"system": name, "n": 50 if name == TEACHER else 200} | some(*QUALITY)
        for name in systems(layout.study)
    ]
    write_table(rows, layout.report("accuracy.csv"), schemas.ACCURACY)


def write_bias(layout: Layout) -> None:
    """All seeds of the bag of words, and each.

    A race difference of one network cannot be measured.
    """
    numbers = (
        "mean_difference",
        "ci_low",
        "ci_high",
        "p_clustered",
        "p_holm",
        "seed_sd",
        "log_odds_difference",
    )
    names = [*GROUPS[:3], *(arm.system for arm in arms(layout.study))]
    rows = [
        {"system": name, "axis": axis, "corpus": "eec", "verdict": DIFFERENCE, "reason": ""}
        | some(*numbers)
        for name in names
        for axis in ("gender", "race")
    ]
    for row in rows:
        if row["system"] == "cnn-distilled/seed-3" and row["axis"] == "race":
            row |= {"verdict": NOT_MEASURABLE, "reason": "half of the names", "p_holm": np.nan}
        elif row["system"].startswith("bow") and "/" in row["system"]:
            row |= {"verdict": ONE_OF_SEVERAL, "p_holm": np.nan}
        elif row["system"] == "bow-distilled":
            row |= {"verdict": NO_EVIDENCE, "ci_low": -0.0123, "ci_high": 0.0234}
        if "/" in row["system"] or row["system"] == TEACHER:
            row["seed_sd"] = np.nan
    write_table(rows, layout.report("bias.csv"), schemas.BIAS)


def write_transfer(layout: Layout) -> None:
    numbers = ("estimate", "ci_low", "ci_high")
    rows = [
        {
            "student": student,
            "axis": axis,
            "corpus": "eec",
            "scale": scale,
            "estimand": estimand,
            "verdict": verdict,
            "reason": "",
        }
        | {"target": "distilled", "reference": "baseline", "n_seeds": n}
        | some(*numbers)
        for student, n, verdict in (("bow", 2, WITH_TEACHER), ("cnn", 1, ONE_SEED))
        for axis in ("gender", "race")
        for scale in ("log-odds", "probability")
        for estimand in (CHANGE, SHARE, SLOPE)
    ]
    alone = {
        "student": TEACHER,
        "axis": "gender",
        "corpus": "eec",
        "scale": "log-odds",
        "estimand": RELIABILITY,
        "verdict": "x",
    }
    rows = [alone | some(*numbers), *rows]
    write_table(rows, layout.report("transfer.csv"), schemas.TRANSFER)


def write_inputs(layout: Layout) -> None:
    pairs = zip(["gender", "race"] * 3, random.normal(0, 1, 6), strict=True)
    names = [*GROUPS[:3], "cnn-baseline/seed-3", "cnn-distilled/seed-3"]
    rows = [
        {"system": name, "axis": axis, "log_odds_difference": difference}
        for axis, difference in pairs
        for name in names
    ]
    write_table(rows, layout.report("pairs.parquet"), schemas.PAIRS)
    counts = {"read": 1017, "split": "resplit", "dropped_duplicates": 17, "train_negative": 401}
    counts |= {"train_positive": 402, "test_negative": 103, "test_positive": 104}
    tables.write_json(counts, layout.reviews_folder / "counts.json")
    parts = {
        name: {"n": n, "n_cut": n // 10, "mean_label_mass": n / 1000}
        for name, n in (("train", 803), ("test", 50))
    }
    teacher = {
        "model": "package:smollm2",
        "dtype": "float32",
        "sha256": "0123456789abcdef" + "0" * 48,
    }
    tables.write_json({"teacher": teacher, "parts": parts}, layout.labels_folder / "labels.json")
    training = {
        "teacher": {"log_odds_offset": -1.23456},
        "inputs": {"data/reviews/files/train.csv": "fedcba9876543210" + "0" * 48},
        "versions": {"numpy": "2.9.1"},
    }
    rows = pd.DataFrame(columns=list(schemas.HYPOTHESES.columns))
    tested = Declared({"smallest_share": 0.5}, "abc", rows, {})
    declared.write(tested, layout.report("hypotheses.json"))
    tables.write_json(training, layout.model(arms(layout.study)[0].system) / "training.json")


@pytest.fixture(scope="module")
def study() -> params.Params:
    """A catalogue with the study ``tiny``, another being the current one."""
    values = params.load(ROOT / "params.yaml").model_dump()
    values["studies"]["tiny"] = CHOICE
    return params.validate(values, "tiny")


@pytest.fixture(scope="module")
def folder(study, tmp_path_factory) -> Path:
    """What the study ``tiny`` would have left, but for what results do not need."""
    folder = tmp_path_factory.mktemp("ran")
    layout = Layout(study.with_study(name="tiny", **CHOICE).study, folder, folder)
    for part in (write_accuracy, write_bias, write_transfer, write_inputs):
        part(layout)
    accuracy = tables.read(layout.report("accuracy.csv"), schemas.ACCURACY)
    bias = primary(tables.read(layout.report("bias.csv"), schemas.BIAS))
    transfer = tables.read(layout.report("transfer.csv"), schemas.TRANSFER)
    summary = summarise(accuracy, bias, transfer)
    tables.write(summary, layout.report("summary.csv"), schemas.SUMMARY)
    return folder


@pytest.fixture(scope="module")
def out(study, folder, tmp_path_factory) -> Path:
    """The file of the study's results, its plots beside it."""
    out = tmp_path_factory.mktemp("out") / "results.md"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write(study, "tiny", out, None, "the command")
    return out


@pytest.fixture(scope="module")
def text(out) -> str:
    return out.read_text(encoding="utf-8")


@pytest.fixture
def inside(folder, monkeypatch) -> None:
    """The study's folder, where results are written without the slow plots."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(module, "_plots", lambda params, layout: {})


@pytest.fixture
def results(study, inside, tmp_path):
    """Write results, and give the file's text."""

    def run(
        out: Path = tmp_path / "results.md", against: Path | None = None, name: str = "tiny"
    ) -> str:
        write(study, name, out, against, "the command")
        return out.read_text(encoding="utf-8")

    return run


@pytest.fixture(scope="module")
def values(folder) -> dict[str, float]:
    summary = tables.read(folder / "reports/tiny/summary.csv", schemas.SUMMARY)
    return dict(zip(summary["name"], summary["value"], strict=True))


def rows_of(text: str, heading: str) -> dict[tuple[str, ...], list[str]]:
    """Cells of the table under a heading, by those that name the row.

    Every row is as long as the header.
    """
    section = text.split(f"### {heading}")[1].split("\n### ")[0]
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line[:1] == "|"
    ]
    assert {len(line) for line in lines} == {len(lines[0])}
    keys = {"Accuracy": 1, "Differences": 2, "Transfer": 3}[heading]
    rows = {tuple(line[:keys]): line[keys:] for line in lines[2:]}
    assert len(rows) == len(lines) - 2
    return rows


def test_accuracy_is_the_summarys_with_its_spread_where_there_are_seeds(text, values):
    rows = rows_of(text, "Accuracy")
    assert list(rows) == [(group,) for group in GROUPS]
    for (group,), (seeds, n, accuracy, precision, recall, f1, log_loss) in rows.items():
        several = group.startswith("bow")
        assert (seeds, n) == ("2" if several else "1", "50" if group == TEACHER else "200")
        for found, name in ((accuracy, "accuracy"), (f1, "f1")):
            spread = f" ± {values[f'{group}/{name}_sd']:.4f}" if several else ""
            assert found == f"{values[f'{group}/{name}']:.4f}{spread}"
        for found, name in ((precision, "precision"), (recall, "recall"), (log_loss, "log_loss")):
            assert found == f"{values[f'{group}/{name}']:.4f}"


def test_differences_are_the_summarys_with_their_verdicts(text, values):
    rows = rows_of(text, "Differences")
    assert sorted(rows) == sorted((group, axis) for group in GROUPS for axis in ("gender", "race"))
    for (group, axis), (gap, spread, p, holm, verdict) in rows.items():
        name = f"{group}/{axis}"
        low, high = (values[f"{name}_gap_{end}"] for end in ("ci_low", "ci_high"))
        assert gap == f"{values[f'{name}_gap']:+.4f} ({low:+.4f} to {high:+.4f})"
        assert spread == (f"{values[f'{name}_gap_sd']:.4f}" if group.startswith("bow") else "–")
        assert p == f"{values[f'{name}_p_clustered']:.3f}"
        hidden = (group, axis) == ("cnn-distilled", "race")
        assert holm == ("–" if hidden else f"{values[f'{name}_p_holm']:.3f}")
        assert verdict == (
            f"{NOT_MEASURABLE}: half of the names"
            if hidden
            else NO_EVIDENCE
            if group == "bow-distilled"
            else "stands after correction for 9 tests"
        )


def test_transfer_is_the_summarys_beside_the_teachers_own_difference(text, values):
    rows = rows_of(text, "Transfer")
    assert list(rows) == [
        (s, "distilled - baseline", axis) for s in ("bow", "cnn") for axis in ("gender", "race")
    ]
    for (student, _, axis), (teachers, change, slope, seeds, verdict) in rows.items():
        name = f"{student}/distilled-baseline/{axis}/log-odds"
        assert teachers == f"{values[f'{TEACHER}/{axis}_log_odds_gap']:+.4f}"
        for found, estimand, digits in (
            (change, "change_in_gap", 4),
            (slope, "slope_on_teachers_differences", 3),
        ):
            mean, low, high = (
                f"{values[f'{name}/{estimand}{end}']:+.{digits}f}"
                for end in ("", "_ci_low", "_ci_high")
            )
            assert found == f"{mean} ({low} to {high})"
        assert (seeds, verdict) == {"bow": ("2", WITH_TEACHER), "cnn": ("1", ONE_SEED)}[student]


def test_every_number_is_one_of_the_studys_files(text, values):
    section = text.split(BEGIN)[1].split(END)[0]
    assert not {"nan", "None"} & set(re.findall(r"\w+", section))
    shown = re.sub(r"`[^`]*`|!\[.*\)|95 %|SHA-256|numpy 2\.9\.1", "", section)
    known = {
        f"{value:{form}}"
        for value in values.values()
        for form in (".4f", "+.4f", ".3f", "+.3f", ".0f")
    }
    known |= {
        "803",
        "207",
        "1017",
        "17",
        "-1.2346",
    }  # counts.json, and the calibration's offset in training.json
    known |= {"0.80", "0.05", "80", "50", "5"}  # labels.json
    known |= {"3", "4", "1.0"}  # params.yaml: seeds, alpha, temperature
    known |= {"0", "1", "2", "9"}  # how many systems and tests: test_findings.py
    numbers = re.findall(r"(?<![\w.])[+-]?\d+(?:\.\d+)?(?![\w])", shown)
    assert len(numbers) > 100
    assert set(numbers) <= known


def test_section_says_what_it_rests_on(text):
    section = text.split("### What this rests on")[1]
    for part in (
        "split `resplit`: 803 to train with, 207 to test on; 1017 read, 17 duplicates dropped",
        "labels `0123456789abcdef` in float32, calibration `batch` (log-odds offset -1.2346)",
        "0.80 of the next-token probability on train (n = 803, 80 cut), 0.05 of the next-token "
        "probability on test",
        "bow on baseline, distilled (seeds 3, 4); cnn on baseline, distilled (seeds 3);",
        "`data/reviews/files/train.csv` `fedcba9876543210`.",
        "numpy 2.9.1.",
    ):
        assert part in section


def test_plots_lie_beside_the_file_and_its_links_lead_there(out, text):
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert {Path(link).name for link in links} == PLOTS
    assert {path.name for path in (out.parent / "results").iterdir()} == PLOTS
    for link in links:
        assert (out.parent / link).read_bytes().startswith(b"\x89PNG")


def test_another_studys_figures_stand_beside_and_its_other_systems_below(results, text):
    other = pd.read_csv(ORIGINAL).set_index("system")
    assert "original" not in text
    beside = results(against=ORIGINAL)
    rows, others = rows_of(beside, "Accuracy"), [name for name in other.index if name not in GROUPS]
    assert list(rows) == [(name,) for name in (*GROUPS, *others)]
    for (group,), cells in rows.items():
        known = group in other.index
        assert cells[-2:] == (
            [f"{other.loc[group, name]:.4f}" for name in ("accuracy", "f1")]
            if known
            else ["–", "–"]
        )
        if group in GROUPS:
            assert cells[:-2] == rows_of(text, "Accuracy")[group,]
        else:
            assert set(cells[:-2]) == {"–"}
    rows = rows_of(beside, "Differences")
    assert {group for group, _ in rows} == {*GROUPS, *others}
    for (group, axis), cells in rows.items():
        assert cells[-1] == (
            f"{other.loc[group, f'{axis}_gap']:+.4f}" if group in other.index else "–"
        )
    assert rows_of(beside, "Transfer") == rows_of(text, "Transfer")


def test_figure_that_the_other_study_lacks_is_a_dash(results, tmp_path):
    table = pd.read_csv(ORIGINAL).set_index("system")
    table.loc["bow-baseline", ["f1", "race_gap"]] = np.nan
    table.to_csv(tmp_path / "other.csv")
    text = results(against=tmp_path / "other.csv")
    assert rows_of(text, "Accuracy")["bow-baseline",][-2:] == ["0.8765", "–"]
    assert rows_of(text, "Differences")["bow-baseline", "race"][-1] == "–"


@pytest.mark.parametrize("column", ["system", "race_gap"])
def test_column_that_the_other_study_lacks_is_named(results, tmp_path, column):
    pd.read_csv(ORIGINAL).drop(columns=column).to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(InputError, match=rf"other\.csv: column '{column}' is missing"):
        results(against=tmp_path / "other.csv")
    assert not (tmp_path / "results.md").exists()


def test_original_study_is_consistent_with_itself():
    other = pd.read_csv(ORIGINAL)
    assert other["system"].is_unique
    harmonic = 2 * other["precision"] * other["recall"] / (other["precision"] + other["recall"])
    np.testing.assert_allclose(other["f1"], harmonic, atol=2e-4)
    assert other.drop(columns="system").abs().to_numpy().max() < 1


def test_new_file_is_a_heading_and_the_section(text):
    assert text.startswith(f"# Results\n\n{BEGIN}\nMade from the study's outputs by `the command`")
    assert text.endswith(f"\n{END}\n")
    assert text.count(BEGIN) == text.count(END) == 1


def test_only_what_stands_between_the_marks_is_replaced(results, text, tmp_path):
    section = text.partition(BEGIN)[2].partition(END)[0]
    above, below = (
        "# Mine\n\nOf ± 0.1234.\n<!-- results of other -->\nold\n" + END + "\n\n",
        "\n\nMore.\n" + END,
    )
    out = tmp_path / "mine.md"
    out.write_text(f"{above}{BEGIN}old\n{END}{below}", encoding="utf-8")
    assert results(out) == f"{above}{BEGIN}{section.replace('(results/', '(mine/')}{END}{below}"
    before = out.read_bytes()
    results(out)
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    "text",
    ["", "# Results\n", BEGIN, f"{END}\n{BEGIN}", f"<!-- results of tiny2 -->\n{END}\n"],
    ids=["empty", "none", "begin alone", "end first", "another study's"],
)
def test_file_without_the_marks_is_refused_and_left_alone(results, tmp_path, text):
    out = tmp_path / "mine.md"
    out.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.md lacks the line '<!-- results of tiny -->'"):
        results(out)
    assert out.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("name", ["a folder.md", "results"], ids=["a folder", "no suffix"])
def test_file_that_is_a_folder_or_would_have_its_plots_name_is_refused(
    study, folder, tmp_path, monkeypatch, name
):
    monkeypatch.chdir(folder)
    if name != "results":
        (tmp_path / name).mkdir()
    before = list(tmp_path.iterdir())
    with pytest.raises(InputError, match=name):
        write(study, "tiny", tmp_path / name, None, "the command")
    assert list(tmp_path.iterdir()) == before


def test_unknown_study_is_refused_with_the_nearest(results, tmp_path):
    with pytest.raises(InputError, match="unknown study 'tinny': did you mean 'tiny'"):
        results(name="tinny")
    assert not list(tmp_path.iterdir())


def test_study_that_has_not_run_is_refused_and_nothing_is_written(results, tmp_path):
    with pytest.raises(InputError, match=r"reports/snippets/summary\.csv is missing"):
        results(name="snippets")
    assert not list(tmp_path.iterdir())


def test_command_that_the_file_names_makes_it_again(study, inside, monkeypatch):
    monkeypatch.setattr(params, "load", lambda path: study)
    arguments = ["results", "tiny", "--against", str(ORIGINAL), "--out", "made/results.md"]
    assert CliRunner().invoke(cli.main, arguments).exit_code == 0
    before = Path("made/results.md").read_bytes()
    command = re.search(r"by `python -m bias_transfer ([^`]+)`", before.decode())[1]
    assert command.split() == arguments
    result = CliRunner().invoke(cli.main, command.split())
    assert result.exit_code == 0
    assert result.output == (
        "Written: made/results.md, its plots in made/results, and docs/results/hypotheses.json\n"
    )
    assert Path("made/results.md").read_bytes() == before


def test_what_was_declared_is_kept_in_the_one_file_that_verify_reads(study, inside, monkeypatch):
    monkeypatch.setattr(params, "load", lambda path: study)
    for folder in ("made", "elsewhere"):
        arguments = ["results", "tiny", "--out", f"{folder}/results.md"]
        assert CliRunner().invoke(cli.main, arguments).exit_code == 0
    entries = committed.read(COMMITTED)
    assert [(name, predictions) for name, predictions, _ in entries] == [("tiny", "abc")]
