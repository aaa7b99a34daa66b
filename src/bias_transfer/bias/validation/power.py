"""How surely would a study of so many seeds find what it looks for? Planned from a pilot."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bias_transfer.bias.hypotheses import KEYS
from bias_transfer.bias.inference.two_way import LEVEL, Inference


@dataclass(frozen=True)
class Spread:
    """How much an estimate varies: with the pairs, and with one seed more or less.

    ``pairs`` is the variance of the average over seeds without that of seeds, ``df`` its degrees of
    freedom. ``seed_sd`` is the standard deviation between seeds.
    """

    pairs: float
    df: float
    seed_sd: float

    @classmethod
    def of(cls, se: float, df: float, seed_sd: float, n_seeds: float) -> "Spread":
        """What ``two_way.with_seeds`` put together, taken apart."""
        between = seed_sd**2 / n_seeds
        pairs = max(se**2 - between, 0.0)
        rest = se**4 / df - between**2 / (n_seeds - 1)
        return cls(pairs, pairs**2 / rest if min(pairs, rest) > 0 else np.inf, seed_sd)

    def of_seeds(self, n: int) -> Inference:
        """A mean of 0 with the error that ``n`` seeds have, 2 or more."""
        between = self.seed_sd**2 / n
        variance = self.pairs + between
        df = variance**2 / (self.pairs**2 / self.df + between**2 / (n - 1))
        return Inference(0.0, float(np.sqrt(variance)), float(df))


def planned(tested: pd.DataFrame, transfer: pd.DataFrame, seeds: Sequence[int]) -> pd.DataFrame:
    """Power of each declared test with each number of seeds.

    Parameters
    ----------
    tested
        The declared tests of the pilot, as ``hypotheses.json`` has them. Its seeds must not be
        those of the study that is planned.
    transfer
        ``transfer.csv`` of the pilot.
    seeds
        Numbers of seeds, 2 or more each.

    Returns
    -------
    DataFrame
        One row per test that the pilot could make and per number of seeds: ``contrast``,
        ``student``, ``smallest_effect`` (of interest), the pilot's ``pair_se`` and ``seed_sd``, and
        for ``n_seeds`` the standard error ``se`` and ``power``, at 5 % over the pilot's number of
        tests: the strictest step of Holm's correction.
    """
    made = tested[tested["p_holm"].notna()]
    spreads = transfer.drop_duplicates(list(KEYS)).set_index(list(KEYS))["seed_sd"]
    rows = []
    for row in made.to_dict("records"):
        seed_sd = float(spreads[tuple(row[key] for key in KEYS)])
        spread = Spread.of(row["se"], row["df"], seed_sd, row["n_seeds"])
        for n in seeds:
            error = spread.of_seeds(n)
            rows.append(
                {
                    "contrast": row["contrast"],
                    "student": row["student"],
                    "smallest_effect": row["smallest_effect"],
                    "pair_se": np.sqrt(spread.pairs),
                    "seed_sd": seed_sd,
                    "n_seeds": n,
                    "se": error.se,
                    "power": error.power(row["smallest_effect"], (1 - LEVEL) / row["n_tests"]),
                }
            )
    return pd.DataFrame(rows)
