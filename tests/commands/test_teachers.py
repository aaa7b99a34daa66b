"""``teachers``: one section and one figure from the files that studies of several teachers left."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from swapped import versions

from bias_transfer import cli
from bias_transfer.bias.transfer import CHANGE
from bias_transfer.commands.section import END
from bias_transfer.commands.teachers import FIGURE, NEEDED, write
from bias_transfer.io import committed, declared, schemas, tables
from bias_transfer.io.declared import Declared
from bias_transfer.io.errors import InputError
from bias_transfer.report.several_teachers import MORE
from bias_transfer.study import params
from bias_transfer.study.paths import COMMITTED, Layout
from bias_transfer.study.systems import systems

ROOT = Path(__file__).resolve().parents[2]
TEACHERS = {"first": "smollm2", "second": "qwen2.5-0.5b"}
CHOICE = {"reviews": "snippets", "students": ["bow"], "one_seed": [], "targets": list(NEEDED)}
CHOICE |= {"seeds": [3, 4], "arms": [], "resample": "none"}
N = 90


def hashed(names: pd.Series) -> pd.Series:
    """Ids as studies have them."""
    return names.map(lambda name: hashlib.sha256(name.encode()).hexdigest()[:16])


VERSIONS = versions(N).assign(
    id=lambda table: hashed(table["id"]), pair_id=lambda table: hashed(table["pair_id"])
)


@pytest.fixture(scope="module")
def catalogue() -> params.Params:
    """Two studies that can be compared, and some that cannot."""
    values = params.load(ROOT / "params.yaml").model_dump()
    studies = {name: CHOICE | {"teacher": teacher} for name, teacher in TEACHERS.items()}
    studies["again"] = studies["first"]
    studies["elsewhere"] = studies["second"] | {"reviews": "imdb"}
    studies["plain"] = studies["second"] | {"targets": ["baseline", "distilled"]}
    values["studies"] |= studies
    return params.validate(values, "tests")


def empty_but(rows: list[dict], schema) -> pd.DataFrame:
    """Rows whose other figures are missing, texts empty and counts 0."""
    nothing = {"str": "", "int": 0}
    empty = {
        name: nothing.get(str(column.dtype)[:3], np.nan) for name, column in schema.columns.items()
    }
    return pd.DataFrame([empty | row for row in rows])


def leave_behind(layout: Layout, own: np.ndarray, gap: float) -> None:
    """What a study leaves, whose distilled students follow ``own``, the teacher's differences."""
    random = np.random.default_rng(sum(map(ord, layout.study.teacher)))
    for system in systems(layout.study):
        follows = 1.0 if "teacher" in system else 0.6 * ("distilled" in system)
        difference = follows * own + random.normal(0, 0.1, N) * ("teacher" not in system)
        odds = (np.outer(difference, [0.5, -0.5]) + random.normal(0, 1, (N, 1))).ravel()
        positive = 1 / (1 + np.exp(-odds))
        scores = {"id": VERSIONS["id"], "label_0": 1 - positive, "label_1": positive}
        tables.write(pd.DataFrame(scores), layout.predictions(system, "swaps"), schemas.PREDICTIONS)
    numbers = {"log_odds_difference": gap, "log_odds_ci_low": -0.1, "log_odds_ci_high": 0.9}
    rows = [
        {"system": name, "axis": "gender", "corpus": "swaps"} | numbers
        for name in (f"teacher-{layout.study.teacher}", "bow-distilled")
    ]
    tables.write(empty_but(rows, schemas.BIAS), layout.report("bias.csv"), schemas.BIAS)
    change = {"student": "bow", "target": "distilled", "reference": "swap-averaged"}
    change |= {"scale": "log-odds", "estimand": CHANGE, "corpus": "swaps", "estimate": gap / 2}
    change |= {"verdict": "it changed"}
    tables.write(
        empty_but([change | {"ci_low": 0.0, "ci_high": 1.0}], schemas.TRANSFER),
        layout.report("transfer.csv"),
        schemas.TRANSFER,
    )
    none = pd.DataFrame(columns=list(schemas.HYPOTHESES.columns))
    tested = Declared({"smallest_share": 0.5}, layout.study.teacher, none, {})
    declared.write(tested, layout.report("hypotheses.json"))


@pytest.fixture(scope="module")
def folder(catalogue, tmp_path_factory) -> Path:
    """Two studies that have run."""
    folder = tmp_path_factory.mktemp("ran")
    random = np.random.default_rng(5)
    for number, name in enumerate(TEACHERS, 1):
        chosen = catalogue.with_study(name=name, **catalogue.studies[name].model_dump())
        layout = Layout(chosen.study, folder, folder)
        leave_behind(layout, random.normal(0, 0.4, N), 0.1 * number)
    tables.write(VERSIONS[list(schemas.SWAPS.columns)], layout.pairs, schemas.SWAPS)
    return folder


@pytest.fixture(scope="module")
def out(catalogue, folder, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("out") / "page.md"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write(catalogue, tuple(TEACHERS), out, "the command")
    return out


def lines(text: str, start: str) -> list[list[str]]:
    """Cells of table rows that begin so."""
    found = [line for line in text.splitlines() if line.startswith(f"| {start}")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found]


def test_a_row_per_student_and_teacher(out):
    rows = lines(out.read_text(encoding="utf-8"), "bow |")
    assert [row[:3] for row in rows] == [
        ["bow", "smollm2", "+0.100 (-0.100 to +0.900)"],
        ["bow", "qwen2.5-0.5b", "+0.200 (-0.100 to +0.900)"],
    ]
    assert [row[4] for row in rows] == [
        "+0.050 (+0.000 to +1.000): it changed",
        "+0.100 (+0.000 to +1.000): it changed",
    ]
    own, others = ([float(row[column].split()[0]) for row in rows] for column in (6, 7))
    assert own == pytest.approx([0.6, 0.6], abs=0.1)
    assert others == pytest.approx([0, 0], abs=0.1)


def test_slopes_stand_where_their_teachers_meet(out):
    text = out.read_text(encoding="utf-8")
    for teacher, row in zip(TEACHERS.values(), lines(text, "bow |"), strict=True):
        (cells,) = lines(text, f"{teacher} |")
        bold = [cell.strip("*") for cell in cells if cell.startswith("**")]
        assert bold == [row[6]]
        assert [cell for cell in cells[1:] if not cell.startswith("**")] == [row[7]]


def test_the_answer_and_the_rest_of_the_page(out):
    text = out.read_text(encoding="utf-8")
    assert re.search(rf"\*\*In log-odds, .*; pair by pair, bow {MORE}: \+0\.[56]", text)
    assert text.startswith("# Several teachers, the same students\n")
    assert text.endswith(f"\n{END}\n")
    assert f"On {N} held-out reviews" in text
    assert "bow, seeds 3, 4" in text
    assert "smollm2 and qwen2.5-0.5b" in text
    assert not {"nan", "None"} & set(re.findall(r"\w+", text))
    (link,) = re.findall(r"\]\(([^)]+)\)", text)
    assert link == f"page/{FIGURE}"
    assert (out.parent / link).stat().st_size > 0


def test_declarations_of_all_studies_are_kept(catalogue, folder, out):
    entries = committed.read(folder / COMMITTED)
    assert [entry[:2] for entry in entries] == list(TEACHERS.items())


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("first", "nowhere"), "unknown study 'nowhere'"),
        (("first",), "two studies or more, each with a teacher of its own: first has smollm2"),
        (("first", "again"), "first has smollm2, again has smollm2"),
        (("first", "elsewhere"), "the same reviews: first has snippets, elsewhere has imdb"),
        (("first", "plain"), "share no student with the targets baseline, distilled, permuted"),
    ],
)
def test_studies_that_cannot_be_compared(catalogue, tmp_path, names, said):
    with pytest.raises(InputError, match=re.escape(said)):
        write(catalogue, names, tmp_path / "page.md", "the command")
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_what_it_found(catalogue, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setattr("bias_transfer.study.params.load", lambda path: catalogue)
    found = CliRunner().invoke(cli.main, ["teachers", *TEACHERS, "--out", str(tmp_path / "p.md")])
    assert found.exit_code == 0, found.output
    first, written = found.output.splitlines()
    assert f"pair by pair, bow {MORE}" in first
    assert written.startswith("Written: ")
