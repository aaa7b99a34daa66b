"""Gaps on swapped reviews: what a system makes of one passage about women, and about men.

A pair is a review's passage in both versions; its difference is female minus male. The gap is the
equal-weight mean over original sides: passages whose own gendered words were all female, all male,
or mixed. One version of a passage is its natural one, so a system that dislikes edited text would
show a gap in one direction on one side and in the other on the other; the equal weights cancel it.

Reviews are the clusters, one pair each (``bias.inference.rows``). They are the only thing that is
taken as drawn at random: pronouns are a closed class, and kin terms nearly so. ``p_word`` asks the
other question, whether the gap would hold for other words, and clusters by the first pair of words
that differs.

The *placebo* is the same for pairs of words without social meaning (film, movie). It has no first
side: which word comes first is drawn at random, and its distribution says how large a gap any edit
makes. Its pairs are reweighted to the number of edits and the length of the gendered ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import stats

from bias_transfer.bias.audit import Row, by_system
from bias_transfer.bias.breakdown import COLUMNS
from bias_transfer.bias.inference import rows, slope
from bias_transfer.bias.inference.two_way import Inference, standard_error, with_seeds
from bias_transfer.bias.recognition import DIGITS

AXIS = "gender"
MOST_EDITS = 3  # more are one group when the placebo is reweighted
DRAWS = 10_000
LEVEL_SHARE = 0.95
Scores = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Pairs:
    """Pairs of versions: ``table`` has a row per pair.

    Its columns are ``pair_id, original, direction, n_edits, n_words, word``, and ``named`` where
    the versions have it. ``first`` and ``second`` are the places of a pair's two versions among the
    scores of every system.
    """

    table: pd.DataFrame
    first: np.ndarray
    second: np.ndarray

    def __len__(self) -> int:
        return len(self.table)

    def differences(self, scores: pd.DataFrame, column: str) -> np.ndarray:
        """First version minus second, shape (pairs,); ``column`` is ``score`` or ``log_odds``."""
        values = scores[column].to_numpy()
        return values[self.first] - values[self.second]

    @cached_property
    def sides(self) -> np.ndarray:
        """A column per original side, 1 where a pair is of it: shape (pairs, sides)."""
        original = self.table["original"].to_numpy()
        return np.equal.outer(original, np.unique(original)).astype(float)

    @cached_property
    def balanced(self) -> rows.Plan:
        """The mean over original sides that weigh the same."""
        return rows.Plan(self.sides, self.of_sides)

    @property
    def of_sides(self) -> np.ndarray:
        """What each side weighs, shape (sides,)."""
        return np.full(self.sides.shape[1], 1 / self.sides.shape[1])

    def where(self, rows: np.ndarray) -> "Pairs":
        """Some of the pairs: ``rows`` is bool, shape (pairs,)."""
        return Pairs(self.table[rows].reset_index(drop=True), self.first[rows], self.second[rows])


def pair_up(versions: pd.DataFrame, order: pd.Index) -> Pairs:
    """Pairs of what ``corpora.swaps.held_out.versions`` gives; ``order`` has the scores' ids.

    Sides that one pair alone is of are left out, for its error cannot be estimated.
    """
    first, second = versions.iloc[::2], versions.iloc[1::2]
    if not np.array_equal(first["pair_id"], second["pair_id"]):
        raise ValueError("the two versions of a pair do not stand together")
    table = first.drop(columns=["id", "sentence", "group"]).reset_index(drop=True)
    pairs = Pairs(table, order.get_indexer(first["id"]), order.get_indexer(second["id"]))
    sizes = table["original"].map(table["original"].value_counts())
    return pairs.where((sizes > 1).to_numpy())


def pooled(frames: list[pd.DataFrame], pairs: Pairs, column: str) -> np.ndarray:
    """Differences averaged over seeds, shape (pairs,)."""
    return np.mean([pairs.differences(frame, column) for frame in frames], axis=0)


def gap(pairs: Pairs, differences: np.ndarray) -> rows.LinearEstimate:
    """The equal-weight mean over original sides of ``differences``, shape (pairs,)."""
    return pairs.balanced.estimate(differences)


def weights(pairs: Pairs) -> np.ndarray:
    """What each pair weighs in the gap, shape (pairs,); they sum to 1."""
    return pairs.sides @ (pairs.of_sides / pairs.sides.sum(axis=0))


def audit(scores: Scores, pairs: Pairs, placebo: Pairs, margin: float) -> pd.DataFrame:
    """One row per system, as ``bias.audit.audit`` gives them; ``n_pairs`` must not be 0.

    Parameters
    ----------
    scores
        System name to ``score`` (P(positive)) and ``log_odds`` of every version, all in one order.
        Systems whose names differ only in ``/seed-N`` at the end are one system with several seeds.
    pairs, placebo
        The pairs of words with and without social meaning.
    margin
        A difference in P(positive) smaller than this counts as none.
    """
    matched = reweighted(pairs, placebo)

    def of(members: list[str]) -> list[Row]:
        frames = [scores[member] for member in members]
        return [_row(frames, pairs, placebo, matched, margin)]

    return by_system(list(scores), of, margin)


def reweighted(pairs: Pairs, placebo: Pairs) -> np.ndarray:
    """Weights of the placebo pairs, shape (placebo,), summing to 1; all 0 where none is alike.

    In every cell of number of edits and third of length they weigh as much as the gendered pairs
    do in the gap. Cells without placebo pairs share their weight among the others.
    """
    thirds = np.quantile(pairs.table["n_words"], [1 / 3, 2 / 3])

    def cells(table: pd.DataFrame) -> np.ndarray:
        length = np.searchsorted(thirds, table["n_words"].to_numpy())
        return table["n_edits"].clip(upper=MOST_EDITS).to_numpy() * 3 + length

    wanted = pd.Series(weights(pairs)).groupby(cells(pairs.table)).sum()
    own = pd.Series(cells(placebo.table))
    share = own.map(wanted).fillna(0) / own.map(own.value_counts())
    return (share / share.sum()).fillna(0).to_numpy()


def breakdown(system: str, frames: list[pd.DataFrame], pairs: Pairs) -> pd.DataFrame:
    """The gaps of one system in parts of the pairs, as ``bias.breakdown.breakdown`` gives them.

    Each original side, and reviews that name a person or do not; ``frames`` are its seeds.
    """
    table = pairs.table
    parts = [("original", side, table["original"] == side) for side in table["original"].unique()]
    if "named" in table:
        parts += [("named", str(value).lower(), table["named"] == value) for value in (True, False)]
    found = []
    for by, level, chosen in parts:
        part = pairs.where(chosen.to_numpy())
        if by == "original" or part.table["original"].value_counts().min() > 1:
            inference = _inference(frames, part, "score")
            numbers = (len(part), inference.mean, inference.ci_low, inference.ci_high)
            found.append((system, AXIS, by, level, *numbers, inference.p_value))
    return pd.DataFrame(found, columns=COLUMNS)


def _row(
    frames: list[pd.DataFrame], pairs: Pairs, placebo: Pairs, matched: np.ndarray, margin: float
) -> Row:
    """The numbers of one system; ``frames`` are its seeds."""
    in_score = pooled(frames, pairs, "score")
    inference = _inference(frames, pairs, "score")
    alike = np.mean([_alike(frame, pairs) for frame in frames], axis=0) == 1
    saturated = sum(int((~np.isfinite(frame["log_odds"])).sum()) for frame in frames)
    by_seed = [pairs.balanced.value(pairs.differences(frame, "score")) for frame in frames]
    seed_sd = float(np.std(by_seed, ddof=1)) if len(frames) > 1 else np.nan
    varies = np.ptp(in_score) > 0
    return {
        "axis": AXIS,
        "reason": f"reads both versions of {alike.mean():.0%} of the pairs alike"
        if alike.mean() > 1 / 2
        else "",
        "n_pairs": len(pairs),
        "mean_difference": inference.mean,
        "ci_low": inference.ci_low,
        "ci_high": inference.ci_high,
        "p_value": float(stats.ttest_1samp(in_score, 0).pvalue) if varies else np.nan,
        "p_clustered": inference.p_value,
        "p_equivalence": inference.p_equivalence(margin),
        "minimum_detectable": inference.minimum_detectable,
        "se_clustered": inference.se,
        "df_clustered": inference.df,
        "se_seed": seed_sd / np.sqrt(len(frames)),
        "n_seeds": len(frames),
        "seed_sd": seed_sd,
        "p_wilcoxon": float(stats.wilcoxon(in_score).pvalue) if varies else np.nan,
        "sd_difference": float(in_score.std(ddof=1)),
        "n_identical": int(alike.sum()),
        "n_saturated": saturated,
        "p_word": by_word(pairs, in_score).p_value,
        **_log_odds(frames, pairs, bool(saturated)),
        **_placebo(frames, pairs, placebo, matched),
    }


def _alike(frame: pd.DataFrame, pairs: Pairs) -> np.ndarray:
    """Which pairs' versions score alike, but for a batch's rounding error."""
    return np.abs(pairs.differences(frame, "score")) < 10.0**-DIGITS


def _inference(frames: list[pd.DataFrame], pairs: Pairs, column: str) -> Inference:
    by_seed = [pairs.balanced.value(pairs.differences(frame, column)) for frame in frames]
    return with_seeds(gap(pairs, pooled(frames, pairs, column)).inference, np.array(by_seed))


def _log_odds(frames: list[pd.DataFrame], pairs: Pairs, saturated: bool) -> dict[str, float]:
    names = "log_odds_difference log_odds_ci_low log_odds_ci_high log_odds_p_clustered".split()
    if saturated:
        return dict.fromkeys([*names, "standardised_gap"], np.nan)
    found = _inference(frames, pairs, "log_odds")
    numbers = (found.mean, found.ci_low, found.ci_high, found.p_value)
    both = np.concatenate([pairs.first, pairs.second])
    spread = float(np.mean([frame["log_odds"].to_numpy()[both].std(ddof=1) for frame in frames]))
    standardised = found.mean / spread if spread else np.nan
    return dict(zip(names, numbers, strict=True)) | {"standardised_gap": standardised}


def by_word(pairs: Pairs, differences: np.ndarray) -> Inference:
    """The gap with pairs of words as clusters, whatever the reviews."""
    words = pairs.table["word"].astype("category").cat.codes.to_numpy()
    found = gap(pairs, differences)
    if words.max() == 0:
        return Inference(found.value, float("nan"), float("nan"))
    means = np.linalg.lstsq(pairs.sides, differences, rcond=None)[0]
    residual = differences - pairs.sides @ means
    variance, df = slope.cr2(pairs.sides, residual, words, pairs.of_sides)
    return Inference(found.value, standard_error(variance, found.value), df)


def _placebo(
    frames: list[pd.DataFrame], pairs: Pairs, placebo: Pairs, matched: np.ndarray
) -> dict[str, float]:
    names = ("placebo_sd", "placebo_floor", "placebo_word_floor")
    if not matched.any():
        return dict.fromkeys(names, np.nan)
    differences = pooled(frames, placebo, "score")
    spread = float(np.sqrt(matched @ differences**2))
    per_review = spread * np.sqrt((weights(pairs) ** 2).sum())
    normal = float(stats.norm.ppf(0.5 + LEVEL_SHARE / 2))
    floors = (normal * per_review, word_floor(placebo, matched, differences))
    return dict(zip(names, (spread, *floors), strict=True))


def word_floor(placebo: Pairs, matched: np.ndarray, differences: np.ndarray) -> float:
    """Size that 95 % of placebo gaps stay below, which of its words comes first being drawn.

    Each pair of words keeps its order in all reviews of one of 10,000 draws.
    """
    parts = pd.Series(matched * differences).groupby(placebo.table["word"].to_numpy()).sum()
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(DRAWS, len(parts)))
    return float(np.quantile(np.abs(signs @ parts.to_numpy()), LEVEL_SHARE))
