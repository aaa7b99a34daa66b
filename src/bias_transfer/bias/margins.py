"""How small a difference counts as none."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Margins:
    """One margin for each unit; those of a study stand in ``params.yaml``, and these are the same.

    ``probability`` in P(positive); ``log_odds`` the same at P = 1/2, where a probability moves by a
    quarter of the log-odds; ``share`` as part of the teacher's own gap or differences.
    """

    probability: float = 0.02
    log_odds: float = 0.08
    share: float = 0.2
