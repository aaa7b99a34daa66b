"""What the report says in words."""

import re

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.audit import NOT_MEASURABLE, audit
from bias_transfer.bias.transfer import CHANGE, NO_EVIDENCE, ONE_SEED
from bias_transfer.corpora.eec import AFRICAN_AMERICAN, generate
from bias_transfer.page import answer, readers_first


def changes(*verdicts: str) -> pd.DataFrame:
    rows = [{"verdict": verdict, "ci_low": -0.1, "ci_high": 0.2} for verdict in verdicts]
    return pd.DataFrame(rows).assign(scale="log-odds", estimand=CHANGE, target="distilled", reference="baseline")


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
    text = answer(changes(*verdicts))
    assert all(part in text for part in parts), text


def test_a_study_of_one_target_has_no_answer():
    assert "lacks one of the targets" in answer(changes(NO_EVIDENCE).assign(target="permuted"))


def test_the_answer_of_several_seeds_stands_beside_students_of_one():
    text = answer(changes(NO_EVIDENCE, NO_EVIDENCE, NO_EVIDENCE, ONE_SEED, ONE_SEED))
    assert f"3 {NO_EVIDENCE}" in text
    assert re.search(r"\b2\b", text)  # so many have none
    assert "this study gives no verdict" not in text


def test_a_group_of_seeds_has_one_row_an_axis_whatever_can_be_measured():
    """A student that cannot read one side's names, over two seeds, and one of one seed."""
    corpus = generate()
    african = set(corpus["person"][corpus["race"] == AFRICAN_AMERICAN])
    scores = {
        system: corpus.assign(score=0.5 + noise, log_odds=4 * noise)
        for i, system in enumerate(("teacher-t", "bow-baseline/seed-0", "bow-baseline/seed-1", "cnn-baseline/seed-0"))
        for noise in [np.random.default_rng(i).normal(0, 0.05, len(corpus))]
    }
    table = audit(scores, unknown={system: african for system in scores if system.startswith("bow")})
    assert NOT_MEASURABLE in set(table["verdict"])
    rows = readers_first(table)
    assert sorted(zip(rows["system"], rows["axis"], strict=True)) == [
        (system, axis) for system in ("bow-baseline", "cnn-baseline/seed-0", "teacher-t") for axis in ("gender", "race")
    ]
