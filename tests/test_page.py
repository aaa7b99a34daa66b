"""What the report says in words."""

import pandas as pd
import pytest

from bias_transfer.bias.audit import NOT_MEASURABLE
from bias_transfer.bias.transfer import CHANGE, NO_EVIDENCE, ONE_SEED
from bias_transfer.page import answer


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
