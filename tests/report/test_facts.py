"""The facts beside a study's answer."""

import pandas as pd
from answers import PARAMS, STANDS, TEACHER, bias, family_of

from bias_transfer.report import facts


def test_facts_are_three_and_short():
    accuracy = pd.DataFrame(
        {"system": [TEACHER, "bow-distilled/seed-0", "bow-baseline/seed-0"]}
    ).assign(accuracy=[0.9, 0.81, 0.74])
    found = facts.facts(PARAMS, bias(), accuracy, family_of("bow", "minilm", verdict=STANDS))
    assert found == [
        "The same review written about women instead of men moves the teacher's P(positive) by "
        "+2.1 points in 100 (+1.6 to +2.6); words without social meaning move it by up to 0.4.",
        "Declared tests that stand: 2 of 2 (gap of bow, gap of minilm). Everything else is "
        "exploratory.",
        "Right on test reviews: the teacher 90%, its students 74% to 81%.",
    ]
    empty = facts.facts(PARAMS, bias(), accuracy, family_of())
    assert empty[1] == (
        "No declared test could be made: no student has both distilled and permuted."
    )
