"""The study's answer: a sentence in plain words, and what it rests on.

It is about swapped reviews. All students that were tested are in the sentence; the numbers are
those of one of them. What is said depends on what was measured: whether a gap was planted, how many
seeds there are, whether the teacher has a gap of its own, and whether the declared tests could be
asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from bias_transfer.bias.audit import NOT_MEASURABLE
from bias_transfer.bias.channel import COEFFICIENT
from bias_transfer.bias.estimates import ONE_SEED
from bias_transfer.bias.hypotheses import stands
from bias_transfer.bias.inference.halves import HIGH, LOW
from bias_transfer.bias.transfer import CHANGE, NO_TEACHER_GAP
from bias_transfer.io import declared, schemas, tables
from bias_transfer.io.declared import Declared
from bias_transfer.report.findings import of_corpus, primary
from bias_transfer.report.formats import percent, signed
from bias_transfer.report.seeds import average
from bias_transfer.report.words import ARCHITECTURES
from bias_transfer.study import targets
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import teacher_system
from bias_transfer.study.targets import DISTILLED

LOG_ODDS = "log-odds"
OPINION = "swap-averaged"  # the labels that lack the teacher's opinion of gender and nothing else
_ADDS = {
    OPINION: "the teacher's opinion of gender adds",
    "permuted": "the teacher's labels, in the place of shuffled ones, add",
}
_CANNOT = "This study cannot say whether a student inherits its teacher's gap"
_GUESSING = "right on the test reviews no more often than one answer for all would be"
SMALL = 0.002  # in log-odds
BLIND = 0.5  # a test of less power would more likely miss what it looks for
Row = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """``finding`` is one sentence for everybody. ``beside`` says what to expect, and how sure."""

    finding: str
    beside: str = ""

    def __str__(self) -> str:
        return f"{self.finding} {self.beside}".rstrip()


def of_study(params: Params, layout: Layout) -> Answer:
    """``answer`` on the tables of a study that has run.

    Raises
    ------
    InputError
        If it has not run.
    """
    bias = tables.read(layout.report("bias.csv"), schemas.BIAS)
    transfer = tables.read(layout.report("transfer.csv"), schemas.TRANSFER)
    accuracy = tables.read(layout.report("accuracy.csv"), schemas.ACCURACY)
    tested = declared.read(layout.report("hypotheses.json"))
    return answer(params, accuracy, bias, transfer, tested)


def answer(
    params: Params,
    accuracy: pd.DataFrame,
    bias: pd.DataFrame,
    transfer: pd.DataFrame,
    tested: Declared,
) -> Answer:
    """What the study found.

    Parameters
    ----------
    accuracy
        ``accuracy.csv``. Who is right no more often than one answer for all reviews would be has
        learnt nothing, and cannot show what a teacher hands on.
    bias, transfer
        ``bias.csv`` and ``transfer.csv``, of all corpora.
    tested
        The declared tests.
    """
    teacher = teachers_own(params, bias)
    if teacher is None:
        return Answer(f"{_CANNOT}: none of its held-out reviews mentions people.")
    guessing = _guessing(accuracy)
    if teacher["system"] in guessing:
        return Answer(f"{_CANNOT}: its teacher is {_GUESSING}.")
    unable = [name for name in params.study.all_students if f"{name}-{DISTILLED}" in guessing]
    if len(unable) == len(params.study.all_students):
        return Answer(f"{_CANNOT}: its distilled students are {_GUESSING}.")
    planted, seen = (
        {name: row for name, row in rows.items() if name not in unable}
        for rows in (_planted(params, transfer), _seen(params, tested))
    )
    student = _lead(params, planted, seen)
    channel, change = planted.get(student), seen.get(student)
    beside = [
        _channel(params, channel, teacher) if channel else "",
        _verdict(change) if change else _not_seen(tested),
        *(f"Nothing is said of {_name(params, name)}: it is {_GUESSING}." for name in unable),
    ]
    return Answer(_finding(params, teacher, seen, change), " ".join(filter(None, beside)))


def _guessing(accuracy: pd.DataFrame) -> set[str]:
    """Groups of systems that one answer for all test reviews would do as well as."""
    means = average(accuracy)
    positive = (means["true_positive"] + means["false_negative"]) / means["n"]
    one_answer = np.maximum(positive, 1 - positive)
    return set(means.loc[means["accuracy_ci_low"] <= one_answer, "system"])


def teachers_own(params: Params, bias: pd.DataFrame) -> Row | None:
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


def _seen(params: Params, tested: Declared) -> dict[str, Row]:
    """The declared change in a student's gap, of the students of which it can be measured."""
    rows = tested.rows
    rows = rows[
        (rows["estimand"] == CHANGE)
        & (rows["scale"] == LOG_ODDS)
        & (rows["target"] == DISTILLED)
        & (rows["corpus"] == "swaps")
        & rows["estimate"].notna()
        & (rows["verdict"] != NOT_MEASURABLE)
    ]
    found = {row["student"]: row for row in reversed(rows.to_dict("records"))}
    return {name: found[name] for name in params.study.all_students if name in found}


def _lead(params: Params, planted: dict[str, Row], seen: dict[str, Row]) -> str:
    """The student whose numbers are given.

    The first whose change stands, else the one in which a change would most surely be found.
    """
    standing = [name for name, row in seen.items() if stands(row["verdict"])]
    if standing:
        return standing[0]
    if seen:  # one seed has no power, and comes last
        return max(seen, key=lambda name: np.nan_to_num(seen[name]["power"], nan=-1))
    return next((name for name in params.study.all_students if name in planted), "")


def _finding(params: Params, teacher: Row, seen: dict[str, Row], change: Row | None) -> str:
    """The finding, the teacher's own gap, and the change in one student's."""
    gap = _interval(*(teacher[f"log_odds_{name}"] for name in ("difference", "ci_low", "ci_high")))
    moved = f", and {_adds(params, change)}" if change else ""
    if not _clear(teacher):
        return (
            f"This teacher has no gap for a student to take over: women minus men on held-out "
            f"reviews, {gap} in log-odds, cannot be told from none{moved}."
        )
    own = f"women minus men on held-out reviews, the teacher's gap is {gap} in log-odds"
    return f"{_head(params, teacher, seen)}{_blind(params, seen, change)}: {own}{moved}."


def _head(params: Params, teacher: Row, seen: dict[str, Row]) -> str:
    """What was found, without a number."""
    rows = [row for row in seen.values() if row["verdict"] != ONE_SEED]
    standing = [row for row in rows if stands(row["verdict"])]
    if not rows:
        why = "One seed cannot tell" if seen else "It was not measured"
        return f"{why} whether a student takes over its teacher's gap"
    if not standing:
        who = _name(params, rows[0]["student"]) if len(rows) == 1 else "no student"
        not_seen = "was not seen" if len(rows) == 1 else "was seen"
        return _capital(f"{who} {not_seen} to take over its teacher's gap")
    said: dict[str, list[str]] = {}
    for row in standing:
        said.setdefault(_does(row, teacher), []).append(_name(params, row["student"]))
    here = ", with these training reviews" * (not all(map(_holds_elsewhere, standing)))
    return _capital("; ".join(_together(names, does) for does, names in said.items()) + here)


def _does(row: Row, teacher: Row) -> str:
    """What a student does whose change stands."""
    if row["estimate"] * teacher["log_odds_difference"] <= 0:
        return "moves away from"
    return "takes over some of" if row["reference"] == OPINION else "moves towards"


def _together(names: list[str], does: str) -> str:
    """One clause on students that do the same."""
    if len(names) > 1:
        does = does.replace("moves", "move").replace("takes", "take")
    return f"{' and '.join(names)} {does} the teacher's gap"


def _blind(params: Params, seen: dict[str, Row], change: Row | None) -> str:
    """In which students a change could hardly have been seen, where none stands."""
    blind = [row for row in seen.values() if row["power"] < BLIND]
    if change is None or stands(change["verdict"]) or not blind:
        return ""
    names = " and ".join(_name(params, row["student"]) for row in blind)
    few = {row["n_seeds"] for row in blind}
    seeds = f"{few.pop():.0f} seeds" if len(few) == 1 else "so few seeds"
    return f", though {seeds} can hardly show it" + f" in {names}" * (len(seen) > 1)


def _adds(params: Params, change: Row) -> str:
    """By how much a student's gap changes, and what makes it change."""
    adds = _ADDS.get(
        change["reference"],
        f"the teacher's labels, in the place of those of {change['reference']}, add",
    )
    ends = _interval(change["estimate"], change["ci_low"], change["ci_high"])
    ends = "less than 0.001, up or down," if _tiny(change) else ends
    return f"{adds} {ends} to the gap of {_name(params, change['student'])}"


def _tiny(change: Row) -> bool:
    """Whether the whole interval is 0 to three decimals."""
    return bool(max(abs(change["ci_low"]), abs(change["ci_high"])) < 0.0005)


def _channel(params: Params, row: Row, teacher: Row) -> str:
    """What arrives of a planted gap, and what that makes of the teacher's own."""
    ends = f"{percent(row['ci_low'])} to {percent(row['ci_high'])}"
    arrives = percent(row["estimate"])
    said = (
        f"Of a gap planted in the teacher's labels {arrives} ({ends}) arrives in "
        f"{_name(params, row['student'])}"
    )
    if row["n_seeds"] < 2:
        return f"{said}, with one seed."
    if row["ci_low"] * row["ci_high"] <= 0:
        return f"{said}, which may be nothing."
    if _clear(teacher):
        share = row["estimate"] * teacher["log_odds_difference"]
        said = f"{said}, so {_fine(share)} was to be expected"
    unsure = _elsewhere(row, percent)
    return f"{said}; the {arrives} {unsure}." if unsure else f"{said}."


def _not_seen(tested: Declared) -> str:
    """Why nothing is said of the student's own change."""
    if not len(tested.rows):
        why = next(iter(tested.not_asked.values()), "no test was declared")
        return f"Not tested: {why}."
    unread = tested.rows[tested.rows["verdict"] == NOT_MEASURABLE]
    reason = next((reason for reason in unread["reason"] if reason), "")
    return "It cannot be measured" + f": {reason}" * bool(reason) + "."


def _verdict(seen: Row) -> str:
    """Whether the change stands, and how large it may be beside the teacher's gap."""
    if seen["verdict"] == ONE_SEED:
        return "One seed gives no verdict."
    of = "" if _tiny(seen) else f" of {_fine(seen['estimate'])}"
    said = f"The change{of} {seen['verdict']}{_size(seen)}"
    if not stands(seen["verdict"]):
        return f"{said}."
    if not _tried_elsewhere(seen):
        return f"{said}; other training reviews were not tried in this study."
    unsure = _elsewhere(seen, partial(signed, digits=3))
    return f"{said}, but {unsure}." if unsure else f"{said}."


def _size(seen: Row) -> str:
    """How large a change may be, and how surely one that does not stand would have been found."""
    size = seen["size"].replace("%", " %")
    if size.startswith("smaller"):
        return f", and is {size}"
    if stands(seen["verdict"]) or size in ("", NO_TEACHER_GAP):
        return ""
    only = "only " * (seen["power"] < BLIND)
    found = f"with a probability of {only}{percent(seen['power'])}"
    return f"; it {size}, and this test would find that {found}"


def _elsewhere(row: Row, number: Callable[[float], str]) -> str:
    """That what stands may be nothing with other training sets, if so."""
    if _holds_elsewhere(row) or not _tried_elsewhere(row):
        return ""
    return (
        f"is not shown to hold over other training sets ({number(row[LOW])} to {number(row[HIGH])})"
    )


def _tried_elsewhere(row: Row) -> bool:
    """Whether there is an interval over other training sets."""
    return not np.isnan(row[LOW])


def _holds_elsewhere(row: Row) -> bool:
    """Whether that interval leaves 0 out."""
    return bool(row[LOW] * row[HIGH] > 0)


def _clear(teacher: Row) -> bool:
    return bool(teacher["log_odds_ci_low"] * teacher["log_odds_ci_high"] > 0)


def _name(params: Params, student: str) -> str:
    """A student in words."""
    return ARCHITECTURES[params.students[student].architecture][0].format(student=student)


def _capital(said: str) -> str:
    return said[:1].upper() + said[1:]


def _interval(value: float, low: float, high: float) -> str:
    digits = _digits(value)
    return f"{signed(value, digits)} ({signed(low, digits)} to {signed(high, digits)})"


def _fine(value: float) -> str:
    return signed(value, _digits(value))


def _digits(value: float) -> int:
    """Three decimals, and four where little would be left of three."""
    return 3 if abs(value) >= SMALL else 4
