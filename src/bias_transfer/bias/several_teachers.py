"""One student of several teachers: does it tell apart what its own teacher tells apart?

Of a student that learnt from one teacher, the partial slope on *any* teacher's differences can be
measured (``bias.channel``), in log-odds: distilled minus another arm of the same seed. With k
teachers these are k x k slopes. On the diagonal a student is measured by its own teacher. Elsewhere
it is measured by one that it never met: teachers agree on many pairs, so that slope need not be 0.

**Own minus others** is the mean of the diagonal minus the mean of the rest. Every teacher's
differences stand once among the own and k - 1 times among the others, and so does every student:
how noisy a teacher is, and how far a student goes with any of them, is on both sides. (Their sum
cancels; their product does too, unless the students of the less noisy teachers go further.) 0:
students follow their own teacher no further than the others. 1: their own one to one, and the
others not at all.

All slopes are linear in scores of the same pairs, so the errors of their mean and of their
difference need no estimator of their own: ``inference.rows``, with reviews as clusters. The seeds
are matched: students of one seed share initial weights and batches, whoever taught them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from bias_transfer.bias.channel import Arms, Frames, Partial
from bias_transfer.bias.inference import rows
from bias_transfer.bias.inference.two_way import Inference, with_seeds
from bias_transfer.bias.swaps import Pairs

COLUMN = "log_odds"
BySeed = list[rows.LinearEstimate]


@dataclass(frozen=True)
class Pupil:
    """A student of one teacher: two arms that are compared, and all seeds of its baseline."""

    arms: Arms
    baseline: Frames


@dataclass(frozen=True)
class Slopes:
    """Slopes of one student by (teacher it learnt from, teacher it is measured by).

    Each is a list with an estimate per seed, all on the same pairs.
    """

    cells: Mapping[tuple[str, str], BySeed]

    def own(self, *taught_by: str) -> BySeed:
        """The mean over these teachers' students of the slope on their own; all if none is named.

        Like every other mean here, it is taken within each seed.
        """
        return _mean(
            [
                cell
                for (own, measured_by), cell in self.cells.items()
                if own == measured_by and own in (taught_by or self._teachers)
            ]
        )

    def others(self, *taught_by: str) -> BySeed:
        """The mean of their slopes on the other teachers."""
        return _mean(
            [
                cell
                for (own, measured_by), cell in self.cells.items()
                if own != measured_by and own in (taught_by or self._teachers)
            ]
        )

    def own_minus_others(self) -> BySeed:
        """The mean of the diagonal, minus the mean of the rest."""
        return _difference(self.own(), self.others())

    def own_minus_strangers(self, teacher: str) -> BySeed:
        """On one teacher's differences: the slope of its own student, minus those of the others'.

        All are measured by the same differences, however noisy they are. The mean of this over all
        teachers is ``own_minus_others``.
        """
        strangers = [
            cell
            for (own, measured_by), cell in self.cells.items()
            if measured_by == teacher and own != teacher
        ]
        return _difference(self.own(teacher), _mean(strangers))

    @property
    def _teachers(self) -> set[str]:
        return {own for own, _ in self.cells}


def slopes(
    pupils: Mapping[str, Pupil],
    teachers: Mapping[str, pd.DataFrame],
    pairs: Pairs,
    *,
    jointly: bool,
) -> Slopes:
    """Slopes of the student on every teacher's differences.

    Parameters
    ----------
    pupils
        By the teacher whose labels they learnt; two or more, with the same seeds.
    teachers
        Scores of every version by teacher, the same names as those of ``pupils``.
    jointly
        Whether the other teachers' differences are held constant: then a slope is on what this
        teacher alone tells apart.
    """
    return Slopes(
        {
            (own, measured_by): Partial(
                pupil.baseline,
                scores,
                pairs,
                [other for name, other in teachers.items() if jointly and name != measured_by],
            ).of_change(pupil.arms, COLUMN)
            for own, pupil in pupils.items()
            for measured_by, scores in teachers.items()
        }
    )


def inference(by_seed: BySeed) -> Inference:
    """Estimate and error over reviews and seeds."""
    values = np.array([one.value for one in by_seed])
    return with_seeds(rows.mean(by_seed).inference, values)


def correlations(
    teachers: Mapping[str, pd.DataFrame], pairs: Pairs
) -> dict[tuple[str, str], float]:
    """How far each two teachers' differences go together over all pairs: Pearson's, -1 to 1."""
    table = pd.DataFrame({name: pairs.differences(each, COLUMN) for name, each in teachers.items()})
    return {both: float(table.corr().loc[both]) for both in combinations(teachers, 2)}


def _difference(first: BySeed, second: BySeed) -> BySeed:
    return [rows.difference(*both) for both in zip(first, second, strict=True)]


def _mean(cells: list[BySeed]) -> BySeed:
    return [rows.mean(list(of_seed)) for of_seed in zip(*cells, strict=True)]
