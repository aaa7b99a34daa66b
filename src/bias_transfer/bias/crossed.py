"""Gaps on the film sentences, where every frame is filled with every person.

A *frame* is a template. A *unit* is what recurs in all frames: a noun pair or a name. Both are
clusters (``bias.inference.two_way``): the inference is about frames and people like these.

Gender (female minus male)
    In each frame, half the weight is on the mean difference of the 32 noun pairs. A quarter is on
    the mean over the female minus the mean over the male African-American names, and a quarter on
    the same of the European names. So race makes no gender gap, although the lists have fewer
    women among the African-American names. People weigh about the same: a noun pair 1/64, a name
    1/60 to 1/76. Two nouns are a pair and one unit. A name has no counterpart: it is a unit of its
    own, held against the names of its race and gender.
Race (African-American minus European)
    In each frame, half the weight is on women's names and half on men's, mean minus mean. So
    gender makes no race gap. Each name is a unit.

``bias.pairs`` does the same for the EEC. There are ten names of each race and gender there, and all
names together weigh as much as one noun pair of eleven.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from bias_transfer.bias.pairs import SIDES, Contrast
from bias_transfer.corpora import film
from bias_transfer.corpora.eec import AFRICAN_AMERICAN, EUROPEAN

NOUNS = ""  # the race of a noun phrase
NOUN_PAIRS = "noun pairs"
# By axis: the column in whose parts its two sides are compared, and what each part weighs.
PARTS = {
    "gender": ("race", {NOUNS: 1 / 2, AFRICAN_AMERICAN: 1 / 4, EUROPEAN: 1 / 4}),
    "race": ("gender", {"female": 1 / 2, "male": 1 / 2}),
}


@dataclass(frozen=True)
class CrossedDesign:
    """Who is compared with whom along ``axis``, for any scores.

    ``frames`` has ``template`` and ``valence``. ``people`` has ``unit``, ``gender``, ``race`` and
    ``weight``, a person's share of the mean of one side. ``order`` is the row in the corpus of each
    frame's and person's sentence, shape (frames, people). The rest is as in ``Contrast``.
    """

    axis: str
    frames: pd.DataFrame
    people: pd.DataFrame
    order: np.ndarray
    strata: pd.Series
    leverage: dict[str, pd.Series]

    def contrast(self, scores: np.ndarray) -> Contrast:
        """Compare the two sides in each frame; ``scores`` are in the order of the corpus.

        ``pairs`` has ``template``, ``valence``, ``first``, ``second`` and ``difference``, one row
        per frame. The gap is the mean of the differences: -1 to 1 for probabilities, 0 if both
        sides score alike.
        """
        score = scores[self.order]
        if np.isnan(score).any():
            raise ValueError(f"{int(np.isnan(score).sum())} scores are missing")
        (first, second), within = SIDES[self.axis], PARTS[self.axis][0]
        side, part = self.people[self.axis].to_numpy(), self.people[within].to_numpy()
        weight = self.people["weight"].to_numpy()

        means = self._means(scores)
        difference = means[0] - means[1]
        pairs = self.frames.assign(first=means[0], second=means[1], difference=difference)
        # A sentence's part of the error is that of its person against the people of its side, and a
        # share of that of its frame: the frame's gap in this part of the axis against all frames'.
        error = np.empty_like(score)
        for name in set(part):
            ones, others = ((part == name) & (side == each) for each in (first, second))
            one, other = (score[:, each].mean(axis=1, keepdims=True) for each in (ones, others))
            common = (one - other - (one - other).mean()) / 2
            error[:, ones] = score[:, ones] - one + common
            error[:, others] = other - score[:, others] + common
        units = self.people["unit"].to_numpy()
        influence = pd.DataFrame(
            {
                **{name: np.repeat(self.frames[name].array, len(units)) for name in self.frames},
                "unit": np.tile(units, len(self.frames)),
                "influence": (weight * error).ravel() / len(self.frames),
                "share": np.tile(weight / 2, len(self.frames)),
            }
        )
        return Contrast(pairs, influence, self.leverage, self.strata)

    def differences(self, scores: np.ndarray) -> np.ndarray:
        """The differences of ``contrast`` alone, shape (frames,)."""
        first, second = self._means(scores)
        return first - second

    def _means(self, scores: np.ndarray) -> list[np.ndarray]:
        """Weighted mean of either side in each frame."""
        weighted = scores[self.order] * self.people["weight"].to_numpy()
        side = self.people[self.axis].to_numpy()
        return [weighted[:, side == name].sum(axis=1) for name in SIDES[self.axis]]


def design(corpus: pd.DataFrame, axis: str) -> CrossedDesign:
    """Lay out the corpus along ``axis``.

    Parameters
    ----------
    corpus
        What ``corpora.film.generate`` gives, or a part of it: frames of one valence, nouns alone,
        the people that a system can read. Frames and people must still be crossed. A part of an
        axis with fewer than two people on a side is left out, and the others share its weight.
    axis
        ``gender`` or ``race``.

    Raises
    ------
    ValueError
        If frames and people are not crossed, or nobody is left to compare.
    """
    (first, second), (within, shares) = SIDES[axis], PARTS[axis]
    corpus = corpus.reset_index(drop=True).assign(unit=corpus["person"].map(_units()).to_numpy())
    rows = corpus[corpus[axis].isin([first, second])]
    people = rows[["unit", "gender", "race"]].drop_duplicates(ignore_index=True)
    sizes = people.groupby([within, axis]).size().unstack(fill_value=0)
    sizes = sizes.reindex(columns=[first, second], fill_value=0)
    kept = sizes.index[(sizes >= 2).all(axis=1)]
    if kept.empty:
        raise ValueError(f"no two people on each side to compare by {axis}")
    rows = rows[rows[within].isin(kept)]
    people = people[people[within].isin(kept)].reset_index(drop=True)
    part = people[within].map(shares) / sum(shares[name] for name in kept)
    people["weight"] = part / people.groupby([within, axis])["unit"].transform("size")

    frames = rows[["template", "valence"]].drop_duplicates(ignore_index=True)
    order = np.full((len(frames), len(people)), -1)
    order[
        pd.Index(frames["template"]).get_indexer(rows["template"]),
        pd.Index(people["unit"] + people["gender"]).get_indexer(rows["unit"] + rows["gender"]),
    ] = rows.index
    if order.size != len(rows) or (order < 0).any():
        shape = f"{len(people)} people in {len(frames)} frames"
        raise ValueError(f"frames and people are not crossed: {len(rows)} sentences of {shape}")
    strata = _strata(people)
    leverage = {
        "template": pd.Series(1 / len(frames), frames["template"]),
        "unit": 1 / strata.map(strata.value_counts()),
        "both": _cells(frames["template"], people.groupby("unit")["weight"].sum() / 2),
    }
    return CrossedDesign(axis, frames, people, order, strata, leverage)


def _strata(people: pd.DataFrame) -> pd.Series:
    """By unit, what it is one of: noun pairs, or names of a race and gender."""
    units = people.drop_duplicates("unit").set_index("unit")
    names = units["race"] + ", " + units["gender"]
    return names.mask(units["race"] == NOUNS, NOUN_PAIRS)


def _cells(templates: pd.Series, units: pd.Series) -> pd.Series:
    index = pd.MultiIndex.from_product([templates, units.index], names=["template", "unit"])
    return pd.Series(np.tile(units / len(templates), len(templates)), index)


@cache
def _units() -> dict[str, str]:
    """The unit of each person, in either case."""
    people = film.people()
    return {
        person: unit
        for case in ("person", "object")
        for person, unit in zip(people[case], people["unit"], strict=True)
    }
