"""How much of a teacher's gap arrives in a student, measured on swapped reviews.

*Change in gap* is what it is on every corpus: one arm's gap minus another's. Two more estimands
need thousands of independent pairs.

**Transfer coefficient.** A gap of known size is planted in the teacher's labels
(``study.targets``): its log-odds are raised by a dose where a review mentions more women than men.
What is planted on a pair is known, for the rule says of either version whether it is raised. The
coefficient is the gap of the student that learnt from planted labels, minus that of the student
that learnt from the same labels without the plant (with a remedy, both have it), over the gap that
was planted. 0: nothing arrives; 1: all of it.
In log-odds the planted gap is the dose, without any error. The control, planted in as many
reviews at random, is divided by the same number.

**Partial slope.** Within a pair of words and a direction, does the student tell apart the pairs
that its teacher tells apart, beyond what a student without a teacher does? Least squares of the
student's differences on the teacher's, the baseline's with *other* seeds (its own seed shares
initial weights and batches), the direction and the pair of words.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import expit

from bias_transfer.bias import swaps
from bias_transfer.bias.audit import NOT_MEASURABLE, Row
from bias_transfer.bias.estimates import Estimate, Premise, Verdicts
from bias_transfer.bias.inference import rows
from bias_transfer.bias.inference.simultaneous import all_at_once
from bias_transfer.bias.margins import Margins
from bias_transfer.bias.swaps import AXIS, Pairs
from bias_transfer.bias.transfer import (
    CHANGE,
    COLUMNS,
    NO_LOG_ODDS,
    NO_SLOPE,
    SCALES,
    UNCLEAR,
    of_change,
)

COEFFICIENT = "transfer coefficient"
PARTIAL = "partial slope on teacher's differences"
PARTIAL_CHANGE = "partial slope, minus that of the reference"
ARRIVES = "arrives in part or whole"
REVERSED = "arrives with the other sign"
NOTHING = "nothing arrives beyond the margin"
NOT_SEEN = "no evidence that anything arrives"
FOLLOWS = "tells apart what the teacher tells apart"
OPPOSES = "tells it apart the other way round"
Frames = Mapping[int, pd.DataFrame]  # scores by id, by seed


@dataclass(frozen=True)
class Planted:
    """A dose, and whether the rule raises the first and the second version.

    Both are bool, shape (pairs,).
    """

    dose: float
    first: np.ndarray
    second: np.ndarray

    def differences(self, teacher: pd.DataFrame, pairs: Pairs, column: str) -> np.ndarray:
        """What is planted on each pair, shape (pairs,), in log-odds or in P(positive)."""
        raised = self.dose * self.first, self.dose * self.second
        if column == "log_odds":
            return raised[0] - raised[1]
        odds = [teacher["log_odds"].to_numpy()[side] for side in (pairs.first, pairs.second)]
        after = expit(odds[0] + raised[0]) - expit(odds[1] + raised[1])
        return after - (expit(odds[0]) - expit(odds[1]))


@dataclass(frozen=True)
class Arms:
    """Two arms of a student on the same pairs, by seed; their names are of their targets."""

    student: str
    target: str
    reference: str
    after: Frames
    before: Frames

    def changes(self, pairs: Pairs, column: str) -> list[np.ndarray]:
        """Target minus reference, pair by pair: one array of shape (pairs,) per seed."""
        return [
            pairs.differences(self.after[seed], column)
            - pairs.differences(self.before[seed], column)
            for seed in self.after
        ]

    @property
    def frames(self) -> list[pd.DataFrame]:
        """Every scored corpus."""
        return [*self.after.values(), *self.before.values()]


def change(arms: Arms, teacher: pd.DataFrame, pairs: Pairs, margins: Margins) -> pd.DataFrame:
    """Rows of the change in the gap, in the columns of ``bias.transfer.transfer``."""

    def of(column: str, margin: float) -> Estimate:
        teachers, changes = pairs.differences(teacher, column), arms.changes(pairs, column)
        mean = np.mean(changes, axis=0)
        own, pooled, less, more = (
            swaps.gap(pairs, each).inference
            for each in (
                teachers,
                mean,
                mean - margins.of_gap * teachers,
                mean + margins.of_gap * teachers,
            )
        )
        premise = Premise(margins.of_gap, own, less, more)
        by_seed = np.array([pairs.balanced.value(each) for each in changes])
        return Estimate(pooled, by_seed, margin, of_change(own), premise=premise)

    return _rows(arms, teacher, pairs, CHANGE, of, margins)


def coefficient(
    arms: Arms, teacher: pd.DataFrame, pairs: Pairs, planted: Planted, margins: Margins
) -> pd.DataFrame:
    """Rows of the transfer coefficient; ``arms.target`` is the planted one."""

    def of(column: str, margin: float) -> Estimate:
        known = planted.differences(teacher, pairs, column)
        whole = pairs.balanced.value(known) or np.nan  # nothing is a share of nothing
        changes = arms.changes(pairs, column)
        by_seed = np.array([pairs.balanced.value(each) / whole for each in changes])
        # Linearised, so that what is planted may vary from pair to pair, as it does in P.
        value = by_seed.mean()
        linear = (np.mean(changes, axis=0) - value * known) / whole
        pooled = replace(swaps.gap(pairs, linear), value=value).inference
        verdicts = Verdicts(ARRIVES, REVERSED, NOTHING, NOT_SEEN)
        return Estimate(pooled, by_seed, margins.share, verdicts)

    return _rows(arms, teacher, pairs, COEFFICIENT, of, margins)


def simultaneous(transfer: pd.DataFrame) -> pd.DataFrame:
    """The table of transfer with intervals in which a corpus's coefficients lie all at once.

    They are estimates and no tests, so Holm's correction does not run over them.
    """
    coefficients = transfer[transfer["estimand"] == COEFFICIENT]
    return transfer.join(all_at_once(coefficients, ["corpus", "axis", "scale"]))


class Partial:
    """Partial slopes of one student.

    ``baseline`` has all seeds of its baseline, two or more; those of other seeds are averaged. The
    differences of the teachers in ``beside`` are held constant too.
    """

    def __init__(
        self,
        baseline: Frames,
        teacher: pd.DataFrame,
        pairs: Pairs,
        beside: Sequence[pd.DataFrame] = (),
    ) -> None:
        self.baseline, self.teacher, self.pairs, self.beside = baseline, teacher, pairs, beside
        self._plans: dict[tuple[int, str], rows.Plan] = {}

    def slope(self, arms: Arms, margins: Margins) -> pd.DataFrame:
        """Rows of the partial slope of ``arms.target``, ``arms.reference`` being its baseline."""

        def of(column: str, margin: float) -> Estimate:
            return self._estimate(self.of_target(arms, column), margins)

        return _rows(arms, self.teacher, self.pairs, PARTIAL, of, margins)

    def change(self, arms: Arms, margins: Margins) -> pd.DataFrame:
        """Rows of the partial slope of ``arms.target`` minus that of ``arms.reference``."""

        def of(column: str, margin: float) -> Estimate:
            return self._estimate(self.of_change(arms, column), margins)

        return _rows(arms, self.teacher, self.pairs, PARTIAL_CHANGE, of, margins)

    def of_target(self, arms: Arms, column: str) -> list[rows.LinearEstimate]:
        """The slope of ``arms.target``, a seed each; ``column`` is that of the scores."""
        return self._of(arms.after, column)

    def of_change(self, arms: Arms, column: str) -> list[rows.LinearEstimate]:
        """``of_target`` minus the same of ``arms.reference``."""
        both = zip(self._of(arms.after, column), self._of(arms.before, column), strict=True)
        return [rows.difference(*each) for each in both]

    def _of(self, frames: Frames, column: str) -> list[rows.LinearEstimate]:
        """The slope of each seed."""
        return [
            self._plan(seed, column).estimate(self.pairs.differences(frame, column))
            for seed, frame in frames.items()
        ]

    def _estimate(self, by_seed: list[rows.LinearEstimate], margins: Margins) -> Estimate:
        values = np.array([one.value for one in by_seed])
        verdicts = Verdicts(FOLLOWS, OPPOSES, NO_SLOPE, UNCLEAR)
        return Estimate(rows.mean(by_seed).inference, values, margins.share, verdicts)

    @cached_property
    def _words(self) -> np.ndarray:
        """A column per pair of words, shape (pairs, words)."""
        return pd.get_dummies(self.pairs.table["word"]).to_numpy(float)

    def _plan(self, seed: int, column: str) -> rows.Plan:
        if (seed, column) not in self._plans:
            others = [frame for other, frame in self.baseline.items() if other != seed]
            numbers = [
                self.pairs.differences(self.teacher, column),
                *(self.pairs.differences(other, column) for other in self.beside),
                swaps.pooled(others, self.pairs, column),
                self.pairs.table["direction"],
            ]
            design = np.column_stack([*numbers, self._words])
            self._plans[seed, column] = rows.Plan(design, np.eye(design.shape[1])[0])
        return self._plans[seed, column]


def _rows(
    arms: Arms,
    teacher: pd.DataFrame,
    pairs: Pairs,
    estimand: str,
    of: Callable[[str, float], Estimate],
    margins: Margins,
) -> pd.DataFrame:
    """A row per scale; ``of`` takes the scores' column and the scale's margin."""
    table = []
    for scale, column in SCALES.items():
        frames = [teacher, *arms.frames]
        saturated = sum(int((~np.isfinite(frame[column])).sum()) for frame in frames)
        row: Row = {
            "student": arms.student,
            "axis": AXIS,
            "scale": scale,
            "estimand": estimand,
            "verdict": NOT_MEASURABLE,
            "reason": NO_LOG_ODDS if saturated else "",
            "target": arms.target,
            "reference": arms.reference,
            "n_pairs": 0,
            "n_seeds": len(arms.after),
            "n_saturated": saturated,
        }
        if not saturated:
            margin = getattr(margins, scale.replace("-", "_"))
            own = pairs.balanced.value(pairs.differences(teacher, column))
            row |= {"n_pairs": len(pairs), "teacher_gap": own} | of(column, margin).row()
        table.append(row)
    return pd.DataFrame(table).reindex(columns=COLUMNS)
