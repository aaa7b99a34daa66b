"""How surely would a study of so many seeds find what it looks for? Planned from a pilot."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bias_transfer.bias.hypotheses import KEYS
from bias_transfer.bias.inference.two_way import LEVEL, Inference, with_variance


def without_seeds(inference: Inference, between: float, seeds: float) -> Inference:
    """What ``two_way.with_variance`` put together, taken apart: the error of the pairs alone."""
    pairs = max(inference.se**2 - between, 0.0)
    rest = inference.se**4 / inference.df - between**2 / (seeds - 1)
    df = pairs**2 / rest if min(pairs, rest) > 0 else float("inf")
    return Inference(inference.mean, float(np.sqrt(pairs)), df)


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
        found = Inference(row["estimate"], row["se"], row["df"])
        pairs = without_seeds(found, seed_sd**2 / row["n_seeds"], row["n_seeds"])
        for n in seeds:
            error = with_variance(pairs, seed_sd**2 / n, n)
            rows.append(
                {
                    "contrast": row["contrast"],
                    "student": row["student"],
                    "smallest_effect": row["smallest_effect"],
                    "pair_se": pairs.se,
                    "seed_sd": seed_sd,
                    "n_seeds": n,
                    "se": error.se,
                    "power": error.power(row["smallest_effect"], (1 - LEVEL) / row["n_tests"]),
                }
            )
    return pd.DataFrame(rows)
