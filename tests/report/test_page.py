"""The page: the answer first, five columns in each table, and nothing that is not escaped."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.transfer import CHANGE
from bias_transfer.io import schemas
from bias_transfer.io.declared import Declared
from bias_transfer.report import remedies
from bias_transfer.report.columns import COLUMNS
from bias_transfer.report.page import render
from bias_transfer.study import params

PARAMS = params.load(Path(__file__).resolve().parents[2] / "params.yaml").with_study(
    students=["bow"], one_seed=[], arms=[], targets=["baseline", "distilled", "permuted"]
)
TEACHER = f"teacher-{PARAMS.study.teacher}"
ORDER = ["transfer", "bias", "accuracy", "method", "data"]
FIGURES = (
    "answer swaps changes transfer gender_bias race_bias placebo distributions emotions accuracy "
    "calibration confusion training pareto"
).split()


def table(schema, *rows: dict) -> pd.DataFrame:
    """Rows of a schema; numbers that they lack are 0.1, counts 3 and texts empty."""
    filled = {"str": "", "int": 3, "boo": True}
    empty = {
        name: filled.get(str(column.dtype)[:3], 0.1) for name, column in schema.columns.items()
    }
    return pd.DataFrame([empty | row for row in rows], columns=list(schema.columns))


def page(n_declared: int = 2, remedy: bool = False, resample: str = "none") -> str:
    arm = {"student": "bow", "target": "distilled", "scale": "log-odds", "estimand": CHANGE}
    swaps = {"corpus": "swaps", "axis": "gender"}
    systems = [TEACHER, "bow-distilled/seed-0"]
    bias = [
        {"system": name, "corpus": corpus, "axis": axis}
        for name in systems
        for corpus, axis in (("swaps", "gender"), ("eec", "gender"), ("eec", "race"))
    ]
    declared = arm | swaps | {"reference": "permuted", "contrast": "gap", "verdict": "<b>stands"}
    declared |= {"p_holm": np.nan}
    compared = [arm | {"reference": "baseline", "corpus": corpus, "axis": "gender"}
                for corpus in ("eec", "swaps")]  # fmt: skip
    tested = list(systems)
    if remedy:
        compared.append(arm | swaps | {"reference": "swap-averaged"})
        tested += [f"bow-swap-averaged/seed-{seed}" for seed in PARAMS.study.seeds]
        tested += [f"bow-distilled/seed-{seed}" for seed in PARAMS.study.seeds[1:]]
    return render(
        PARAMS.with_study(resample=resample),
        accuracy=table(schemas.ACCURACY, *({"system": name} for name in tested)),
        calibrations=table(schemas.CALIBRATION, {"method": "batch"}),
        bias=table(schemas.BIAS, *bias),
        breakdown=table(schemas.BREAKDOWN, {"system": systems[1], "by": "gender"}),
        transfer=table(schemas.TRANSFER, *compared),
        tested=Declared(
            {"smallest_share": 0.5},
            "",
            table(schemas.HYPOTHESES, *[declared] * n_declared),
            {"slope": "no arms"},
        ),
        images=dict.fromkeys(FIGURES, b"png"),
        reviews={"n": 3},
        labels={"parts": {}, "teacher": {"sha256": "abc"}},
        training={"inputs": {}, "versions": {}},
    )


def test_the_answer_comes_first_and_the_rest_in_order():
    text = page()
    body = text[text.index("<body>") :]
    lead = body.index("<strong>")
    assert lead < body.index("<li>") < body.index("<img") < body.index("<nav>")
    places = [body.index(f'<h2 id="{name}">') for name in ORDER]
    assert places == sorted(places)
    assert body.index("<nav>") < places[0]
    assert re.findall('<a href="#([a-z]+)">', body) == ORDER
    assert body[:lead].count("<h1") == 1


def test_every_word_of_the_answer_is_explained_before_the_details():
    before = page().partition('<h2 id="transfer">')[0]
    for word in ("log-odds", "planted", "swap-averaged", "gap", "stands", "seed"):
        assert f"<dt>{word}</dt><dd>" in before


def test_a_table_has_five_columns_and_the_rest_behind_a_fold():
    tables = re.split("<table>", re.sub("(?s)<details>.*?</details>", "", page()))[1:]
    assert len(tables) > 4
    assert {len(re.findall("<th", part.split("</thead>")[0])) - 1 for part in tables} == {5}
    assert page().count("<details>") >= 5


def test_words_stand_below_a_title_on_the_same_side():
    for part in re.split("<table>", page())[1:]:
        head, body = part.split("<tbody>")
        titles = re.findall("<th([^>]*)>", head)[1:]  # the first is <thead>
        cells = re.findall("<td([^>]*)>", body.split("</tr>")[0])
        assert ["text" in title for title in titles] == ["text" in cell for cell in cells]


def test_what_is_wider_than_a_phone_scrolls_in_a_box_that_says_so():
    text = page()
    assert text.count('<div class="scroll"><') == text.count("<table>") + text.count("<img")
    assert "↔ scroll sideways" in text


def test_halves_give_both_intervals_and_a_whole_says_how_to_get_the_other():
    whole, halves = page(remedy=True), page(remedy=True, resample="half")
    assert "<th>95 % interval</th>" in whole
    assert "<code>resample: half</code>" in whole
    assert "other training sets</th>" not in whole
    for part in re.split("<table>", halves)[1:]:
        titles = re.findall("<th[^>]*>(.*?)</th>", part.split("</thead>")[0])
        if "this training set" in titles:
            place = titles.index("this training set")
            assert titles[place + 1] == "other training sets"
    assert halves.count("<th>other training sets</th>") == 7
    assert halves.count("<th>95 % interval</th>") == 3  # accuracy, shown and folded; single names
    assert "<b>This training set</b>" in halves
    assert "+0.1000 to +0.1000" in halves
    assert "<code>resample: half</code>" not in halves


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_are_those_of_their_schema(name):
    tables = {"declared": "HYPOTHESES", "bias": "BIAS", "others": "BIAS", "accuracy": "ACCURACY"}
    tables |= {"interactions": "BREAKDOWN", "calibrations": "CALIBRATION"}
    known = getattr(schemas, tables.get(name, "TRANSFER")).columns
    known = remedies.COLUMNS if name == "remedies" else known
    short, more = COLUMNS[name]
    assert len(short) == 5
    for _, kind, column in (*short, *more):
        if kind in ("interval", "sizes", "change"):
            assert f"{column}ci_low" in known
            assert kind != "change" or f"{column}change" in known
        elif column:
            assert column in known


def test_verdicts_are_escaped_and_one_seed_is_not_named():
    text = page()
    assert "&lt;b&gt;stands" in text
    assert "<b>stands" not in text
    assert "bow-distilled</td>" in text


def test_a_study_with_remedies_says_what_they_bring_and_one_without_has_no_such_part():
    text = page(remedy=True)
    assert '<a href="#remedy">' in text
    assert text.index('id="bias"') < text.index('id="remedy"') < text.index('id="accuracy"')
    assert "swap-averaged</td>" in text
    assert not re.search('"#?remedy"', page())


def test_a_contrast_that_could_not_be_asked_is_named():
    assert "“slope” could not be asked: no arms." in page()
    without = page(0)
    assert "“slope” could not be asked: no arms." in without
    assert 'alt="Each declared test' not in without


def test_accuracy_is_a_row_per_student_and_target_and_a_fold_of_seeds():
    text = page().split('<h2 id="accuracy">')[1]
    assert len(re.findall(r"<td[^>]*>teacher-", text)) == 2
    assert "bow-distilled/seed-0" not in text.split("<h2")[0]


def test_power_stands_with_the_declaration():
    assert "“gap” finds a change of 50 % of the teacher&#39;s gap" in page()


def test_what_is_missing_is_a_dash():
    text = page()
    assert "<td>-</td>" in text
    assert not re.search(r"\bnan\b", text)
