"""A number of the table of transfer: with the error of seeds, a margin, and what is said of it."""

from typing import NamedTuple

import numpy as np

from bias_transfer.bias.audit import NOT_MEASURABLE, NOTHING_VARIES, Row
from bias_transfer.bias.inference.two_way import LEVEL, Inference, with_seeds

ONE_SEED = "none: one seed"
NO_EVIDENCE = "no evidence of a change"
NO_CHANGE = "no change beyond the margin"


class Verdicts(NamedTuple):
    """What is said of an estimate that is clearly above 0 or below 0, or else by its margin."""

    above: str
    below: str
    within: str = NO_CHANGE
    unclear: str = NO_EVIDENCE


class Premise(NamedTuple):
    """A change beside the teacher's ``own`` gap on the same pairs.

    ``less`` is the change minus ``share`` times that gap, and ``more`` the change plus it.
    """

    share: float
    own: Inference
    less: Inference
    more: Inference

    def p_smaller(self, by_seed: np.ndarray) -> float:
        """The p of "the change is as large as the share of the teacher's gap, or larger".

        Two one-sided tests (Schuirmann, 1987), whose margin is estimated: its error and the
        change's are one, as in Fieller (1954), and nothing is divided. ``by_seed`` are the changes
        of each seed, shape (seeds,). Missing where the teacher's interval holds 0.
        """
        if not self.own.clear:
            return float("nan")
        less, more = (with_seeds(each, by_seed) for each in (self.less, self.more))
        below, above = (less, more) if self.own.mean > 0 else (more, less)
        return float(np.max([below.p_against(-1), above.p_against(1)]))

    def row(self, by_seed: np.ndarray) -> dict[str, float]:
        """The teacher's gap with its interval, and the test."""
        return {
            "teacher_gap": self.own.mean,
            "teacher_ci_low": self.own.ci_low,
            "teacher_ci_high": self.own.ci_high,
            "gap_share": self.share,
            "p_share": self.p_smaller(by_seed),
        }


class Estimate(NamedTuple):
    """An estimate for the average over seeds, and for each seed.

    With a ``premise``, "within" is what is below a share of the teacher's gap, not the margin.
    """

    inference: Inference
    by_seed: np.ndarray
    margin: float
    verdicts: Verdicts
    reason: str = ""
    premise: Premise | None = None

    def row(self) -> Row:
        """Numbers and verdict, with the variance between seeds."""
        inference = with_seeds(self.inference, self.by_seed)
        equivalence = inference.p_equivalence(self.margin)
        against = self.premise.row(self.by_seed) if self.premise else {}
        within = against.get("p_share", equivalence)
        return against | {
            "estimate": inference.mean,
            "ci_low": inference.ci_low,
            "ci_high": inference.ci_high,
            "se": inference.se,
            "df": inference.df,
            "p_value": inference.p_value,
            "margin": self.margin,
            "p_equivalence": equivalence,
            "verdict": self._verdict(inference, within),
            "reason": self.reason or NOTHING_VARIES * bool(np.isnan(inference.p_value)),
            "seed_sd": float(self.by_seed.std(ddof=1)) if len(self.by_seed) > 1 else np.nan,
        }

    def _verdict(self, inference: Inference, within: float) -> str:
        if np.isnan(inference.p_value):
            return NOT_MEASURABLE
        if len(self.by_seed) == 1:
            return ONE_SEED
        if inference.clear:
            return self.verdicts.above if inference.mean > 0 else self.verdicts.below
        return self.verdicts.within if within <= 1 - LEVEL else self.verdicts.unclear
