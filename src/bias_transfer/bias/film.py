"""Gaps on the film sentences, in the columns of ``bias.audit``."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from bias_transfer.bias import recognition
from bias_transfer.bias.audit import Row, average, by_system, log_odds, statistics
from bias_transfer.bias.breakdown import COLUMNS
from bias_transfer.bias.crossed import NOUNS, CrossedDesign, design
from bias_transfer.bias.inference.two_way import infer, with_seeds
from bias_transfer.bias.pairs import AXES, SIDES, Contrast
from bias_transfer.bias.transfer import first_of


class Film:
    """How the film sentences are contrasted, for ``bias.transfer``; ``corpus`` has them all."""

    def __init__(self, corpus: pd.DataFrame) -> None:
        self.designs = {axis: design(corpus, axis) for axis in AXES}

    def contrast(self, scores: pd.DataFrame, axis: str) -> Contrast:
        """The contrast of the column ``score``."""
        return contrast(self.designs[axis], scores, "score")

    def differences(self, scores: pd.DataFrame, axis: str) -> np.ndarray:
        """The differences of the frames alone."""
        return self.designs[axis].differences(scores["score"].to_numpy())

    def unread(self, arms: Sequence[pd.DataFrame], unknown: Collection[str]) -> dict[str, str]:
        """By axis, why one of the arms cannot be measured; empty where all can."""
        return {
            axis: first_of(recognition.reason_of(unread(layout, arm, unknown)) for arm in arms)
            for axis, layout in self.designs.items()
        }


def audit(
    scores: Mapping[str, pd.DataFrame], margin: float, unknown: Mapping[str, Collection[str]]
) -> pd.DataFrame:
    """One row per system and axis, as ``bias.audit.audit`` gives them.

    Parameters
    ----------
    scores
        System name to the corpus (``corpora.film``) with ``score`` and ``log_odds``. Systems whose
        names differ only in ``/seed-N`` at the end are one system with several seeds.
    margin
        A difference in P(positive) smaller than this counts as none.
    unknown
        For word-level systems, the people whose words the system does not know.
    """
    corpus = next(iter(scores.values()))
    designs = {axis: design(corpus, axis) for axis in AXES}

    def of(members: list[str]) -> list[Row]:
        words = set().union(*(unknown.get(member, ()) for member in members))
        known = any(member in unknown for member in members)
        return [
            {"axis": axis, **_row([scores[member] for member in members], layout, words, margin)}
            | {"n_unknown_persons": _count(corpus, layout, words) if known else np.nan}
            for axis, layout in designs.items()
        ]

    return by_system(list(scores), of, margin)


def breakdown(system: str, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The gaps of one system in parts of the corpus, as ``bias.breakdown.breakdown`` gives them."""
    corpus = frames[0]
    named = corpus["race"] != NOUNS
    parts = [("gender", "people", "noun pairs", ~named), ("gender", "people", "names", named)]
    parts += [
        (axis, "valence", valence, corpus["valence"] == valence)
        for axis in AXES
        for valence in corpus["valence"].unique()
    ]
    rows = []
    for axis, by, level, chosen in parts:
        layout = design(corpus[chosen], axis)
        means = [gap(layout, frame[chosen], "score") for frame in frames]
        pooled = infer(contrast(layout, average(frames)[chosen], "score"))
        found = with_seeds(pooled, np.array(means))
        numbers = (len(layout.frames), found.mean, found.ci_low, found.ci_high, found.p_value)
        rows.append((system, axis, by, level, *numbers))
    return pd.DataFrame(rows, columns=COLUMNS)


def contrast(layout: CrossedDesign, scores: pd.DataFrame, column: str) -> Contrast:
    """The contrast of one column of a scored corpus."""
    return layout.contrast(scores[column].to_numpy())


def gap(layout: CrossedDesign, scores: pd.DataFrame, column: str) -> float:
    """``contrast(...).mean`` alone."""
    return float(layout.differences(scores[column].to_numpy()).mean())


def unread(
    layout: CrossedDesign, scores: pd.DataFrame, unknown: Collection[str]
) -> dict[str, float]:
    """Share of each side's weight on people whom a system cannot tell apart: 0 to 1, by side.

    They are those of ``recognition.alike``, or of words that it does not know.
    """
    hidden = _alike(layout, scores) | _of_words(scores, layout, unknown)
    weight, side = layout.people["weight"].to_numpy(), layout.people[layout.axis]
    return {name: float(weight[hidden & (side == name)].sum()) for name in SIDES[layout.axis]}


def _row(
    frames: list[pd.DataFrame], layout: CrossedDesign, unknown: set[str], margin: float
) -> Row:
    pooled = average(frames)
    saturated = sum(int((~np.isfinite(frame["log_odds"])).sum()) for frame in frames)
    by_seed = [gap(layout, frame, "score") for frame in frames]
    odds = None if saturated else contrast(layout, pooled, "log_odds")
    odds_by_seed = [] if saturated else [gap(layout, frame, "log_odds") for frame in frames]
    return {
        "reason": recognition.reason_of(unread(layout, pooled, unknown)),
        **statistics(contrast(layout, pooled, "score"), by_seed, margin),
        **log_odds(odds, odds_by_seed),
        "n_saturated": saturated,
        "n_alike_persons": int(_alike(layout, pooled).sum()),
    }


def _alike(layout: CrossedDesign, scores: pd.DataFrame) -> np.ndarray:
    """Whom ``recognition.alike`` finds among noun phrases and among names: bool, (people,)."""
    profiles = scores["score"].to_numpy()[layout.order].T
    sides = layout.people[layout.axis].to_numpy()
    nouns = (layout.people["race"] == NOUNS).to_numpy()
    found = np.zeros(len(sides), dtype=bool)
    for kind in (nouns, ~nouns):
        found[kind] = recognition.alike(profiles[kind], sides[kind])
    return found


def _of_words(corpus: pd.DataFrame, layout: CrossedDesign, unknown: Collection[str]) -> np.ndarray:
    return corpus["person"].isin(unknown).to_numpy()[layout.order].any(axis=0)


def _count(corpus: pd.DataFrame, layout: CrossedDesign, unknown: Collection[str]) -> int:
    return int(_of_words(corpus, layout, unknown).sum())
