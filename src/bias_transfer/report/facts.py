"""Three short facts beside a study's answer."""

import pandas as pd

from bias_transfer.bias.hypotheses import stands
from bias_transfer.io.declared import Declared
from bias_transfer.report.answer import teachers_own
from bias_transfer.report.formats import signed
from bias_transfer.study.params import Params
from bias_transfer.study.systems import TEACHER, System


def facts(
    params: Params,
    bias: pd.DataFrame,
    accuracy: pd.DataFrame,
    tested: Declared,
) -> list[str]:
    """Three short facts: the teacher in P, the declared tests, and accuracy."""
    return [_teacher_in_p(params, bias), _tests(tested), _accuracy(params, accuracy)]


def _teacher_in_p(params: Params, bias: pd.DataFrame) -> str:
    row = teachers_own(params, bias)
    if row is None:
        return "Swapped reviews: none."
    points = (100 * row[name] for name in ("mean_difference", "ci_low", "ci_high"))
    gap, low, high = (signed(value, 1) for value in points)
    floor = row["placebo_word_floor"]
    other = f"; words without social meaning move it by up to {100 * floor:.1f}"
    return (
        f"The same review written about women instead of men moves the teacher's P(positive) by "
        f"{gap} points in 100 ({low} to {high})" + other * bool(pd.notna(floor)) + "."
    )


def _tests(tested: Declared) -> str:
    rows = tested.rows
    n = int(rows["p_holm"].notna().sum())
    if n == 0:
        why = next(iter(tested.not_asked.values()), "")
        why = why or next((row for row in rows["reason"] if row), "none was declared")
        return f"No declared test could be made: {why}."
    standing = [
        f"{row['contrast']} of {row['student']}"
        for row in rows.to_dict("records")
        if stands(row["verdict"])
    ]
    left = len(rows) - n
    others = f"; {left} more could not be made" * bool(left)
    named = f" ({', '.join(standing)})" * bool(standing)
    return (
        f"Declared tests that stand: {len(standing)} of {n}{named}{others}. Everything else is "
        "exploratory."
    )


def _accuracy(params: Params, accuracy: pd.DataFrame) -> str:
    is_teacher = accuracy["system"].map(lambda name: System.parse(name).target == TEACHER)
    of_teacher = accuracy.loc[is_teacher, "accuracy"].iloc[0]
    students = accuracy.loc[~is_teacher, "accuracy"]
    return (
        f"Right on test reviews: the teacher {of_teacher:.0%}, its students "
        f"{students.min():.0%} to {students.max():.0%}."
    )
