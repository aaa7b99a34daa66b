"""The study's answer: one sentence in plain words, and three facts beside it.

It is about swapped reviews, and about the first student of the study of which it can be said. What
is said depends on what was measured: whether a gap was planted, how many seeds there are, whether
the teacher has a gap of its own, and whether the declared tests could be asked.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd

from bias_transfer.bias.audit import NOT_MEASURABLE
from bias_transfer.bias.channel import COEFFICIENT
from bias_transfer.bias.estimates import ONE_SEED
from bias_transfer.bias.hypotheses import stands
from bias_transfer.bias.inference.halves import HIGH, LOW
from bias_transfer.bias.transfer import CHANGE
from bias_transfer.io import declared, schemas, tables
from bias_transfer.io.declared import Declared
from bias_transfer.report.findings import of_corpus, primary
from bias_transfer.report.formats import percent, signed
from bias_transfer.study import targets
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import TEACHER, System, teacher_system

LOG_ODDS = "log-odds"
_WORDS = {"bow": "a bag of words", "cnn": "a convolutional network"}
Row = dict[str, Any]


def of_study(params: Params, layout: Layout) -> str:
    """``sentence`` on the tables of a study that has run.

    Raises
    ------
    InputError
        If it has not run.
    """
    bias = tables.read(layout.report("bias.csv"), schemas.BIAS)
    transfer = tables.read(layout.report("transfer.csv"), schemas.TRANSFER)
    return sentence(params, bias, transfer, declared.read(layout.report("hypotheses.json")))


def sentence(params: Params, bias: pd.DataFrame, transfer: pd.DataFrame, tested: Declared) -> str:
    """What the study found, in one sentence.

    Parameters
    ----------
    bias, transfer
        ``bias.csv`` and ``transfer.csv``, of all corpora.
    tested
        The declared tests.
    """
    teacher = _teacher(params, bias)
    if teacher is None:
        return (
            "This study cannot say whether a student inherits its teacher's gap: none of its "
            "held-out reviews mentions people."
        )
    planted = _planted(params, transfer)
    student = next(
        (name for name in params.study.all_students if name in planted or _seen(name, tested)),
        None,
    )
    channel = planted.get(student or "")
    start = "This teacher's own gap on held-out reviews"
    if channel:
        start = f"{_channel(params, channel)}; this teacher's own gap"
    return f"{_own(teacher, start)}{_outcome(params, teacher, channel, student, tested)}."


def facts(
    params: Params,
    bias: pd.DataFrame,
    accuracy: pd.DataFrame,
    tested: Declared,
) -> list[str]:
    """Three short facts: the teacher in P, the declared tests, and accuracy."""
    return [_teacher_in_p(params, bias), _tests(tested), _accuracy(params, accuracy)]


def _teacher(params: Params, bias: pd.DataFrame) -> Row | None:
    """The teacher's row on swapped reviews, if there is one."""
    rows = of_corpus(primary(bias), "swaps")
    rows = rows[rows["system"] == teacher_system(params.study)]
    return rows.iloc[0].to_dict() if len(rows) else None


def _planted(params: Params, transfer: pd.DataFrame) -> dict[str, Row]:
    """Transfer coefficients that can be measured by student, of the dose that stands first."""
    rows = of_corpus(transfer, "swaps")
    measured = (rows["estimand"] == COEFFICIENT) & (rows["scale"] == LOG_ODDS)
    rows = rows[measured & (rows["verdict"] != NOT_MEASURABLE)]
    found: dict[str, Row] = {}
    for target in params.study.targets:
        if targets.parse(target)[0].name == "planted":
            for row in rows[rows["target"] == target].to_dict("records"):
                found.setdefault(row["student"], row)
    return found


def _seen(student: str | None, tested: Declared) -> Row | None:
    """The declared change in a student's gap, if it can be measured."""
    rows = tested.rows
    rows = rows[
        (rows["student"] == student)
        & (rows["estimand"] == CHANGE)
        & (rows["corpus"] == "swaps")
        & rows["estimate"].notna()
        & (rows["verdict"] != NOT_MEASURABLE)
    ]
    return rows.iloc[0].to_dict() if len(rows) else None


def _channel(params: Params, row: Row) -> str:
    """What arrives of a planted gap."""
    ends = f"{percent(row['ci_low'])} to {percent(row['ci_high'])}"
    said = (
        f"Of a gap planted in its teacher's labels, {_name(params, row['student'])} shows "
        f"{percent(row['estimate'])} ({ends}) on held-out reviews"
    )
    if row["n_seeds"] < 2:
        return f"{said}, with one seed"
    if row["ci_low"] * row["ci_high"] <= 0:
        return f"{said}, which may be nothing"
    unsure = _elsewhere(row, percent)
    return f"{said}, which {unsure}" if unsure else said


def _own(teacher: Row, start: str) -> str:
    """The teacher's own gap."""
    numbers = (teacher[f"log_odds_{name}"] for name in ("difference", "ci_low", "ci_high"))
    said = f"{start}, women minus men, is {_interval(*numbers)} in log-odds"
    return said if _clear(teacher) else f"{said}, which is no gap that can be told from none"


def _outcome(
    params: Params, teacher: Row, channel: Row | None, student: str | None, tested: Declared
) -> str:
    """What was expected of the student, and what was seen."""
    seen = _seen(student, tested)
    if seen is None:
        return f"; {_not_seen(tested)}"
    who = "" if channel else f" in {_name(params, seen['student'])}"
    verdict = _verdict(seen)
    found = f"{_interval(seen['estimate'], seen['ci_low'], seen['ci_high'])} was seen{who}"
    if not _clear(teacher):
        return f": there is nothing to inherit, and a change of {found}, {verdict}"
    if channel and channel["n_seeds"] > 1:
        share = channel["estimate"] * teacher["log_odds_difference"]
        return f", so {signed(share, 3)} would be expected and {found}, {verdict}"
    return f", and of it {found}, {verdict}"


def _not_seen(tested: Declared) -> str:
    """Why nothing is said of the student's own change."""
    if not len(tested.rows):
        why = next(iter(tested.not_asked.values()), "no test was declared")
        return f"whether a student inherits it was not tested: {why}"
    unread = tested.rows[tested.rows["verdict"] == NOT_MEASURABLE]
    reason = next((reason for reason in unread["reason"] if reason), "")
    return "whether a student inherits it cannot be measured" + f": {reason}" * bool(reason)


def _verdict(seen: Row) -> str:
    if seen["verdict"] == ONE_SEED:
        return "of which one seed gives no verdict"
    unsure = _elsewhere(seen, partial(signed, digits=3)) if stands(seen["verdict"]) else ""
    return f"which {seen['verdict']}" + f" but {unsure}" * bool(unsure)


def _elsewhere(row: Row, number: Callable[[float], str]) -> str:
    """That the interval over other training sets holds 0, if there is one and it does."""
    low, high = row[LOW], row[HIGH]
    if not low * high <= 0:
        return ""
    return f"does not hold over other training sets ({number(low)} to {number(high)})"


def _teacher_in_p(params: Params, bias: pd.DataFrame) -> str:
    row = _teacher(params, bias)
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


def _clear(teacher: Row) -> bool:
    return bool(teacher["log_odds_ci_low"] * teacher["log_odds_ci_high"] > 0)


def _name(params: Params, student: str) -> str:
    """A student in words: by its architecture, or by its own name."""
    return _WORDS.get(params.students[student].architecture, student)


def _interval(value: float, low: float, high: float) -> str:
    return f"{signed(value, 3)} ({signed(low, 3)} to {signed(high, 3)})"
