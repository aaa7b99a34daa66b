"""Students of several teachers: rows of a table, and what they say in words."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from bias_transfer.bias import several_teachers
from bias_transfer.bias.channel import COEFFICIENT
from bias_transfer.bias.several_teachers import BySeed, Slopes
from bias_transfer.bias.transfer import CHANGE
from bias_transfer.report.findings import of_corpus, primary
from bias_transfer.report.formats import signed
from bias_transfer.study import targets
from bias_transfer.study.systems import TEACHER, group_of
from bias_transfer.study.targets import DISTILLED

MORE = "follows its own teacher more than the others"
LESS = "follows its own teacher less than the others"
NOT_SEEN = "is not seen to follow its own teacher more than the others"
UNMEASURED = "cannot be measured"


class Interval(NamedTuple):
    """An estimate in log-odds, or a slope, with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """As in ``+0.012 (-0.003 to +0.027)``; a dash where nothing could be measured."""
        if np.isnan(self.value):
            return "-"
        return f"{signed(self.value, 3)} ({signed(self.low, 3)} to {signed(self.high, 3)})"

    @property
    def clear(self) -> bool:
        """Whether it leaves 0 out."""
        return self.low * self.high > 0


class Followed(NamedTuple):
    """Slopes of one student, as ``bias.several_teachers.slopes`` gives them.

    Those on each teacher ``alone``, ``jointly`` on all, and alone with a ``control`` as the second
    arm.
    """

    alone: Slopes
    jointly: Slopes
    control: Slopes


@dataclass(frozen=True)
class Row:
    """One student of one teacher, on swapped reviews.

    ``teachers_gap`` and ``students_gap`` are women minus men, in log-odds. ``change`` is the part
    of the student's gap that the teacher's opinion of gender adds, distilled minus swap-averaged,
    and ``verdict`` is on it.
    ``own`` is the slope on its teacher's differences, and ``others`` the mean of those on the other
    teachers', of the same two arms. ``arrives`` is the transfer coefficient of a gap planted in its
    teacher's labels; a dash where the study has none.
    """

    student: str
    teacher: str
    teachers_gap: Interval
    students_gap: Interval
    change: Interval
    verdict: str
    own: Interval
    others: Interval
    arrives: Interval


@dataclass(frozen=True)
class Compared:
    """One student of all teachers.

    ``cells`` holds its slopes by (teacher it learnt from, teacher it is measured by), and
    ``strangers``, by the latter, that of its own student minus those of the others'.
    ``own_minus_others`` is the mean of these, ``jointly`` the same with the other teachers'
    differences held constant, and ``control`` the same with the control as the second arm.
    """

    student: str
    rows: list[Row]
    cells: dict[tuple[str, str], Interval]
    strangers: dict[str, Interval]
    own_minus_others: Interval
    jointly: Interval
    control: Interval

    @property
    def teachers(self) -> list[str]:
        """All teachers, in the order of the rows."""
        return [row.teacher for row in self.rows]

    @property
    def gaps(self) -> str:
        """What each teacher adds to its student's gap, in words."""
        parts = [
            f"{signed(row.change.value, 3)} where its own gap is "
            f"{signed(row.teachers_gap.value, 3)} ({row.teacher})"
            for row in self.rows
        ]
        return f"to the gap of {self.student} the teacher's opinion adds {', '.join(parts)}"

    @property
    def followed(self) -> str:
        """What the contrast of slopes says, in words."""
        found = self.own_minus_others
        if np.isnan(found.low):
            return f"{self.student} {UNMEASURED}"
        verdict = (MORE if found.value > 0 else LESS) if found.clear else NOT_SEEN
        return f"{self.student} {verdict}: {found}"


def compare(
    student: str,
    tables: dict[str, tuple[pd.DataFrame, pd.DataFrame]],
    slopes: Followed,
    reference: str,
) -> Compared:
    """All that is shown of one student.

    Parameters
    ----------
    tables
        ``bias.csv`` and ``transfer.csv`` of the study of each teacher.
    reference
        The target that ``distilled`` is compared with.
    """
    rows = []
    for teacher, (bias, transfer) in tables.items():
        change = _change(transfer, student, reference)
        row = Row(
            student,
            teacher,
            _gap(bias, f"{TEACHER}-{teacher}"),
            _gap(bias, f"{student}-{DISTILLED}"),
            _only(change[["estimate", "ci_low", "ci_high"]]),
            change["verdict"].item(),
            _interval(slopes.alone.own(teacher)),
            _interval(slopes.alone.others(teacher)),
            _arrives(transfer, student),
        )
        rows.append(row)
    return Compared(
        student,
        rows,
        {pair: _interval(cell) for pair, cell in slopes.alone.cells.items()},
        {teacher: _interval(slopes.alone.own_minus_strangers(teacher)) for teacher in tables},
        *(_interval(each.own_minus_others()) for each in slopes),
    )


def sentence(compared: list[Compared]) -> str:
    """The answer, over all students."""
    said = "; ".join(f"{one.gaps}; pair by pair, {one.followed}" for one in compared)
    return f"In log-odds, {said}."


def _interval(by_seed: BySeed) -> Interval:
    found = several_teachers.inference(by_seed)
    return Interval(found.mean, found.ci_low, found.ci_high)


def _gap(bias: pd.DataFrame, group: str) -> Interval:
    rows = of_corpus(primary(bias), "swaps")
    rows = rows[rows["system"].map(group_of) == group]
    return _only(rows[["log_odds_difference", "log_odds_ci_low", "log_odds_ci_high"]])


def _change(transfer: pd.DataFrame, student: str, reference: str) -> pd.DataFrame:
    """The one row of the change in its gap."""
    rows = _measured(transfer, student, CHANGE)
    return rows[(rows["target"] == DISTILLED) & (rows["reference"] == reference)]


def _arrives(transfer: pd.DataFrame, student: str) -> Interval:
    """The transfer coefficient of the planted target that stands first, if there is any."""
    rows = _measured(transfer, student, COEFFICIENT)
    planted = rows[[targets.parse(name)[0].name == "planted" for name in rows["target"]]]
    if planted.empty:
        return Interval(np.nan, np.nan, np.nan)
    return _only(planted[["estimate", "ci_low", "ci_high"]].head(1))


def _measured(transfer: pd.DataFrame, student: str, estimand: str) -> pd.DataFrame:
    """A student's rows on swapped reviews in log-odds."""
    rows = of_corpus(transfer, "swaps")
    kept = (rows["student"] == student) & (rows["estimand"] == estimand)
    return rows[kept & (rows["scale"] == "log-odds")]


def _only(numbers: pd.DataFrame) -> Interval:
    """The one row of estimate and interval."""
    (row,) = numbers.itertuples(index=False, name=None)
    return Interval(*row)
