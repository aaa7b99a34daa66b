"""How often the gap on swapped reviews is found where there is none, and where there is one.

Differences are drawn for a study's own pairs, or as many as IMDB gives, and tested by the code that
tests a study's.
"""

import itertools
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import stats
from tqdm import tqdm

from bias_transfer.bias.inference.rows import Plan
from bias_transfer.bias.inference.two_way import LEVEL, Inference, with_seeds

SIDES = ("female", "male", "mixed")
GAPS = (0.1, 0.2)  # of which power is told; a pair's own spread is 1
PAIRS = (851, 5000)  # those of the default study, and of IMDB's sample
SHARES = {  # what part of the pairs each side is
    "study": (0.28, 0.67, 0.05),
    "few mixed": (0.10, 0.89, 0.01),
}
# What the two natural sides add to a pair's difference: dislike of edited text, or another gap.
OF_SIDE = {"none": (0.0, 0.0, 0.0), "opposite": (0.5, -0.5, 0.0), "one side": (0.6, -0.3, -0.3)}
SPREADS = {"alike": (1.0, 1.0, 1.0), "fewest wider": (2.0, 0.5, 3.0)}
SEEDS = ((3, 0.0), (3, 0.05), (3, 0.2), (5, 0.05), (5, 0.2))  # how many, and their spread


def _sparse(random: np.random.Generator, size: int) -> np.ndarray:
    """One pair in ten moves, the others hardly."""
    return random.standard_normal(size) * np.where(random.random(size) < 0.1, 3.0, 1 / 3)


SHAPES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda random, size: random.standard_normal(size),
    "t with 3 df": lambda random, size: random.standard_t(3, size) / np.sqrt(3),
    "sparse": _sparse,
    "exponential": lambda random, size: random.exponential(size=size) - 1,
    "lognormal": lambda random, size: (
        (random.lognormal(size=size) - np.exp(0.5)) / np.sqrt((np.e - 1) * np.e)
    ),
}


@dataclass(frozen=True)
class Cell:
    """What differences are drawn: names of ``SHARES``, ``SHAPES``, ``OF_SIDE`` and ``SPREADS``.

    ``seed_sd`` is the spread of the gap between a student's ``n_seeds`` seeds. All spreads are in
    units of a pair's.
    """

    n_pairs: int
    shares: str = "study"
    shape: str = "normal"
    of_side: str = "none"
    spread: str = "alike"
    n_seeds: int = 1
    seed_sd: float = 0.0

    @cached_property
    def sides(self) -> np.ndarray:
        """The side of each pair, 0 to 2, shape (n_pairs,)."""
        ends = np.round(np.cumsum(SHARES[self.shares]) * self.n_pairs)
        return np.searchsorted(ends, np.arange(self.n_pairs), side="right")

    def draw(self, random: np.random.Generator) -> np.ndarray:
        """Differences of the pairs whose true gap is 0, shape (n_pairs,)."""
        shift, spread = np.array([OF_SIDE[self.of_side], SPREADS[self.spread]])[:, self.sides]
        return shift + spread * SHAPES[self.shape](random, self.n_pairs)


def cells() -> list[Cell]:
    """Shapes and spreads of either number of pairs, then further sides and seeds."""
    grid = [
        Cell(n, shares, shape, "opposite", spread)
        for n, shares, shape, spread in itertools.product(PAIRS, SHARES, SHAPES, SPREADS)
    ]
    sides = [Cell(n, of_side=each) for n in PAIRS for each in ("none", "one side")]
    seeds = [Cell(n, of_side="opposite", n_seeds=k, seed_sd=sd) for n in PAIRS for k, sd in SEEDS]
    return grid + sides + seeds


def grid(datasets: int) -> pd.DataFrame:
    """Size and power of the gap's test at 5 %, in each of ``cells``.

    Returns
    -------
    DataFrame
        What was drawn, as in ``Cell``; ``n_mixed``, pairs of the smallest side; ``n_datasets``;
        ``df``, mean degrees of freedom; the share of data sets without a gap in which p < .05, 0 to
        1, of ``p_value`` (the t-test over all pairs alike) and of ``p_clustered``, on which
        verdicts rest; ``coverage`` of its 95 % interval; ``power_G``, the share in which
        ``p_clustered`` finds a gap of G.
    """
    rows = []
    for number, cell in enumerate(tqdm(cells(), desc="swaps", unit="cell", file=sys.stderr)):
        found = _found(cell, datasets, np.random.default_rng([number, datasets]))
        shown = asdict(cell) | {"n_mixed": int((cell.sides == 2).sum()), "n_datasets": datasets}
        rows.append(shown | found)
    return pd.DataFrame(rows)


def _found(cell: Cell, datasets: int, random: np.random.Generator) -> dict[str, float]:
    sides = np.equal.outer(cell.sides, np.arange(len(SIDES))).astype(float)
    plan = Plan(sides, np.full(len(SIDES), 1 / len(SIDES)))
    naive, tested = [], []
    for _ in range(datasets):
        differences = cell.draw(random)
        alike = float(differences.std(ddof=1)) / np.sqrt(cell.n_pairs)
        naive.append(Inference(float(differences.mean()), alike, cell.n_pairs - 1))
        tested.append(_with_seeds(plan.estimate(differences).inference, cell, random))
    size = _rejected(tested)
    return {
        "df": float(np.mean([one.df for one in tested])),
        "p_value": _rejected(naive),
        "p_clustered": size,
        "coverage": 1 - size,
        **{f"power_{gap:g}": _rejected(tested, gap) for gap in GAPS},
    }


def _rejected(tested: list[Inference], gap: float = 0.0) -> float:
    """Share with p < .05 if ``gap`` is added to every mean; all at once, for speed."""
    mean, se, df = np.array([(one.mean, one.se, one.df) for one in tested]).T
    return float((2 * stats.t.sf(np.abs(mean + gap) / se, df) < 1 - LEVEL).mean())


def _with_seeds(pooled: Inference, cell: Cell, random: np.random.Generator) -> Inference:
    by_seed = pooled.mean + cell.seed_sd * random.standard_normal(cell.n_seeds)
    return with_seeds(Inference(float(by_seed.mean()), pooled.se, pooled.df), by_seed)
