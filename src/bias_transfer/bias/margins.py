"""How small a difference counts as none."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Margins:
    """One margin per unit.

    ``probability`` is in P(positive). ``log_odds`` is the same margin at P = 1/2, where a
    probability changes by a quarter of the log-odds. ``share`` is a part of the teacher's own gap
    or differences. A change in a gap is small if it is below the share ``of_gap`` of the teacher's
    gap. ``params.yaml`` gives the margins of a study; the values here equal them.
    """

    probability: float = 0.02
    log_odds: float = 0.08
    share: float = 0.2
    of_gap: float = 0.5
