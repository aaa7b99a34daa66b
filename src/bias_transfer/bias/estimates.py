"""A number of the table of transfer: with the error of seeds, a margin, and what is said of it."""

from typing import NamedTuple

import numpy as np

from bias_transfer.bias.audit import NOT_MEASURABLE, Row
from bias_transfer.bias.inference.two_way import LEVEL, Inference, with_seeds

ONE_SEED = "none: seed variance not included"
NO_EVIDENCE = "no evidence of a change"
NO_CHANGE = "no change beyond the margin"


class Verdicts(NamedTuple):
    """What is said of an estimate that is clearly above 0 or below 0, or else by its margin."""

    above: str
    below: str
    within: str = NO_CHANGE
    unclear: str = NO_EVIDENCE


class Estimate(NamedTuple):
    """An estimate for the average over seeds, and for each seed."""

    inference: Inference
    by_seed: np.ndarray
    margin: float
    verdicts: Verdicts
    reason: str = ""

    def row(self) -> Row:
        """Numbers and verdict, with the variance between seeds."""
        inference = with_seeds(self.inference, self.by_seed)
        equivalence = inference.p_equivalence(self.margin)
        return {
            "estimate": inference.mean,
            "ci_low": inference.ci_low,
            "ci_high": inference.ci_high,
            "se": inference.se,
            "df": inference.df,
            "p_value": inference.p_value,
            "margin": self.margin,
            "p_equivalence": equivalence,
            "verdict": self._verdict(inference, equivalence),
            "reason": self.reason,
            "seed_sd": float(self.by_seed.std(ddof=1)) if len(self.by_seed) > 1 else np.nan,
        }

    def _verdict(self, inference: Inference, equivalence: float) -> str:
        if np.isnan(inference.se):
            return NOT_MEASURABLE
        if len(self.by_seed) == 1:
            return ONE_SEED
        if inference.clear:
            return self.verdicts.above if inference.mean > 0 else self.verdicts.below
        return self.verdicts.within if equivalence <= 1 - LEVEL else self.verdicts.unclear
