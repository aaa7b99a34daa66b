"""Made-up pairs of swapped reviews, and systems that score them."""

import numpy as np
import pandas as pd

from bias_transfer.bias import swaps
from bias_transfer.bias.swaps import Pairs

WORDS = ("she/he", "her/his", "woman/man", "girls/boys")
SIDES = {"female": 1.0, "male": -1.0, "mixed": 0.0}


def versions(n: int, seed: int = 0, prefix: str = "p", sides: tuple[str, ...] = tuple(SIDES)):
    """Rows as ``data/swaps/<reviews>/pairs.csv`` has them; sides recur in turn."""
    random = np.random.default_rng(seed)
    original = [sides[i % len(sides)] for i in range(n)]
    shared = {
        "pair_id": [f"{prefix}{i}" for i in range(n)],
        "original": original,
        "direction": [SIDES[side] for side in original],
        "n_edits": random.integers(1, 4, n),
        "n_words": random.integers(5, 40, n),
        "word": random.choice(WORDS, n),
        "named": random.random(n) < 0.3,
    }
    both = [
        pd.DataFrame(shared).assign(id=[f"{prefix}{i}{group}" for i in range(n)], group=group)
        for group in ("female", "male")
    ]
    table = pd.concat(both).sort_index(kind="stable").reset_index(drop=True)
    word = table["group"].map({"female": "She", "male": "He"})
    return table.assign(sentence=word + " waits, " + table["pair_id"])


def pairs(n: int = 60, start: int = 0, **options) -> Pairs:
    """Pairs whose versions have the places from ``start`` on among the scores."""
    table = versions(n, **options)
    return swaps.pair_up(table, pd.Index([*range(start), *table["id"]], dtype=object))


def scored(*parts: tuple[Pairs, np.ndarray | float], seed: int = 0) -> pd.DataFrame:
    """Scores whose log-odds differ between the versions of each pair by what is given."""
    random = np.random.default_rng(seed)
    log_odds = np.zeros(1 + max(pairs.second.max() for pairs, _ in parts))
    for pairs, difference in parts:
        level = random.normal(0, 1, len(pairs))
        log_odds[pairs.first] = level + np.broadcast_to(difference, len(pairs)) / 2
        log_odds[pairs.second] = level - np.broadcast_to(difference, len(pairs)) / 2
    return pd.DataFrame({"score": 1 / (1 + np.exp(-log_odds)), "log_odds": log_odds})
