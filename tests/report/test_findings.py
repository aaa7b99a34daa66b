"""What the report says in words."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.audit import DIFFERENCE, NOT_MEASURABLE, audit
from bias_transfer.bias.audit import NO_EVIDENCE as NOT_SEEN
from bias_transfer.bias.estimates import NO_EVIDENCE, ONE_SEED
from bias_transfer.bias.transfer import CHANGE
from bias_transfer.corpora.eec import AFRICAN_AMERICAN, generate
from bias_transfer.io.declared import Declared
from bias_transfer.report.findings import finding, from_baseline, power, primary
from bias_transfer.study.params import load


def changes(*verdicts: str) -> pd.DataFrame:
    rows = [{"verdict": verdict, "ci_low": -0.1, "ci_high": 0.2} for verdict in verdicts]
    return pd.DataFrame(rows).assign(
        scale="log-odds", estimand=CHANGE, target="distilled", reference="baseline"
    )


@pytest.mark.parametrize(
    ("verdicts", "parts"),
    [
        (
            [ONE_SEED, ONE_SEED, NOT_MEASURABLE],
            ["no verdict", "0 of 2 measurable gaps", "1 of 3 gaps are not measurable"],
        ),
        ([NO_EVIDENCE, NO_EVIDENCE], ["2 measurable gaps", f"2 {NO_EVIDENCE}."]),
        ([NOT_MEASURABLE], ["cannot be measured"]),
    ],
)
def test_the_answer_counts_what_can_be_measured_and_says_what_cannot(verdicts, parts):
    text = from_baseline(changes(*verdicts))
    assert all(part in text for part in parts), text


def test_a_study_of_one_target_has_no_change():
    assert "lacks one of the targets" in from_baseline(
        changes(NO_EVIDENCE).assign(target="permuted")
    )


def test_the_answer_of_several_seeds_stands_beside_students_of_one():
    text = from_baseline(changes(NO_EVIDENCE, NO_EVIDENCE, NO_EVIDENCE, ONE_SEED, ONE_SEED))
    assert f"3 {NO_EVIDENCE}" in text
    assert re.search(r"\b2\b", text)  # so many have none
    assert "this study gives no verdict" not in text


def test_a_group_of_seeds_has_one_row_per_axis_whatever_can_be_measured():
    """A student that cannot read one side's names, over two seeds, and one of one seed."""
    corpus = generate()
    african = set(corpus["person"][corpus["race"] == AFRICAN_AMERICAN])
    scores = {
        system: corpus.assign(score=0.5 + noise, log_odds=4 * noise)
        for i, system in enumerate(
            ("teacher-t", "bow-baseline/seed-0", "bow-baseline/seed-1", "cnn-baseline/seed-0")
        )
        for noise in [np.random.default_rng(i).normal(0, 0.05, len(corpus))]
    }
    table = audit(
        scores, unknown={system: african for system in scores if system.startswith("bow")}
    )
    assert NOT_MEASURABLE in set(table["verdict"])
    rows = primary(table)
    assert list(zip(rows["system"], rows["axis"], strict=True)) == [
        (system, axis)
        for system in ("teacher-t", "bow-baseline", "cnn-baseline/seed-0")
        for axis in ("gender", "race")
    ]


def differences(*verdicts: str) -> pd.DataFrame:
    """Race gaps of a teacher and of as many students; what is not measurable is no test."""
    names = ["teacher-smollm2", *(f"student{i}" for i in range(len(verdicts) - 1))]
    frame = pd.DataFrame(
        {"system": names, "axis": "race", "verdict": verdicts, "mean_difference": 0.0123}
    )
    tested = frame["verdict"] != NOT_MEASURABLE
    return frame.assign(ci_low=-0.01, ci_high=0.03, p_holm=0.5, corpus="eec").assign(
        p_holm=lambda f: f["p_holm"].where(tested)
    )


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (
            (NOT_SEEN, NOT_MEASURABLE, NOT_MEASURABLE),
            "None of 2 students can tell the people apart. .* for 1 tests",
        ),
        (
            (NOT_SEEN, DIFFERENCE, NOT_MEASURABLE),
            r"Of 1 students in which it is measurable: stands after correction for 2 tests in 1 "
            r"\(student0\). 1 cannot tell .* for 2 tests",
        ),
        (
            (NOT_SEEN, NOT_SEEN),
            "Of 1 students in which it is measurable: no evidence of a difference in 1. Diff",
        ),
    ],
)
def test_the_finding_counts_students_that_can_tell_the_people_apart(verdicts, said):
    shipped = load(Path(__file__).resolve().parents[2] / "params.yaml")
    params = shipped.with_study(teacher="smollm2")
    text = finding(differences(*verdicts), params, "race")
    assert text.startswith(
        "Race: the teacher's mean difference is +0.0123 (95 % interval -0.0100 to +0.0300; "
    )
    assert re.search(said, text), text


def test_power_is_said_of_each_contrast_and_student():
    rows = [
        {"contrast": name, "estimand": estimand, "scale": "log-odds", "student": student,
         "power": power,
         "smallest_effect": smallest}
        for name, estimand, smallest in (("gap", CHANGE, 0.0225), ("slope", "partial slope", 0.5))
        for student, power in (("bow", 0.314), ("cnn", np.nan), ("minilm", 0.996))
    ]  # fmt: skip
    declaration = {"smallest_share": 0.5}
    assert power(Declared(declaration, "", pd.DataFrame(rows), {})) == [
        "“gap” finds a change of 50 % of the teacher's gap (0.022 in log-odds) with a probability "
        "of: bow 31 %, minilm 100 %.",
        "“slope” finds a slope of 0.50 with a probability of: bow 31 %, minilm 100 %.",
    ]
    untested = pd.DataFrame(rows).assign(power=np.nan)
    assert power(Declared(declaration, "", untested, {})) == []
