"""Pairs of EEC sentences that differ in gender alone, or in race alone, and their differences.

A *frame* is a template with its emotion word: 144 of them (7 templates x 20 words, 4 templates
without). Pairing is by frame and person, never by row order. Two methods:

``paper``
    Kiritchenko and Mohammad (2018), section 4. Gender: in each frame the ten noun-phrase pairs
    (she/he and her/him being one of them) and the mean over 20 female names minus the mean over 20
    male names: 1,584 pairs. Race: in each frame the mean over 20 African-American names minus the
    mean over 20 European-American names: 144 pairs.
``notebook``
    The notebook of the class project that this software grew from, for reproduction only. Gender:
    the noun-phrase pairs alone, 1,440. Race: as above, without the frames whose emotion is a
    missing value in the system's own file, since a group-by left them out there: 140 pairs, or 144
    where the file has an empty string.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bias_transfer.corpora.eec import AFRICAN_AMERICAN, EUROPEAN, NOUN_PAIRS, PRONOUNS

METHODS = ("paper", "notebook")
SIDES = {"gender": ("female", "male"), "race": (AFRICAN_AMERICAN, EUROPEAN)}  # first - second
AXES = tuple(SIDES)
FRAME = ["template", "emotion", "emotion_word"]
NAMES_PAIR = "names"
_NOUNS = {
    person: f"{female}/{male}"
    for male, female in (*NOUN_PAIRS, *zip(*PRONOUNS.values(), strict=True))
    for person in (male, female)
} | {"him": "she/he", "her": "she/he"}
_COUNTS = {
    ("gender", "paper"): 1584,
    ("race", "paper"): 144,
    ("gender", "notebook"): 1440,
    ("race", "notebook"): 144,
}


class Clusters:
    """Templates and units of rows as numbers, found once for all sums over them."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self._rows = rows
        self._found: dict[str, tuple[np.ndarray, pd.Index]] = {}

    def sums(self, by: list[str], values: np.ndarray | None = None) -> pd.Series:
        """Sum of ``values`` in each cluster ``by`` one or two columns, or how many rows it has.

        ``groupby`` does the same; tables as small as these wait for it five times as long.
        """
        codes, names = zip(*map(self._numbered, by), strict=True)
        if len(by) == 1:
            return pd.Series(np.bincount(codes[0], values), names[0])
        cells, clusters = np.unique(codes[0] * len(names[1]) + codes[1], return_inverse=True)
        index = pd.MultiIndex(names, np.divmod(cells, len(names[1])), names=by)
        return pd.Series(np.bincount(clusters, values), index)

    def shares(self, by: list[str]) -> pd.Series:
        """Share of the rows in each cluster."""
        return self.sums(by) / len(self._rows)

    def _numbered(self, name: str) -> tuple[np.ndarray, pd.Index]:
        if name not in self._found:
            self._found[name] = pd.factorize(self._rows[name], sort=True)
        return self._found[name]


@dataclass(frozen=True)
class Contrast:
    """Paired differences of one axis, and what their mean is made of.

    ``pairs`` has the frame's columns, ``unit``, ``first``, ``second`` and ``difference = first -
    second``: female minus male, or African-American minus European. ``mean`` is the mean of
    ``difference``.

    ``influence`` splits the sampling error of ``mean`` into additive parts, one per observation,
    with the observation's ``template`` and ``unit`` (noun pair for gender, name for race). The
    parts sum to 0, and the square of a cluster's sum is its part of the variance. Where the
    observations of a pair do not weigh the same, ``share`` is what each weighs in it. ``leverage``
    is each cluster's share of the weight, by clustering.

    ``strata`` is the group that each unit stands for, where units stand for groups: the race and
    gender of a name. The leverage of a unit is then its share of that group.
    """

    pairs: pd.DataFrame
    influence: pd.DataFrame
    leverage: dict[str, pd.Series]
    strata: pd.Series | None = None

    @property
    def mean(self) -> float:
        """Mean difference in scores, -1 to 1; 0: the two groups score alike on average."""
        return float(self.pairs["difference"].mean())

    @cached_property
    def clusters(self) -> Clusters:
        """Those of ``influence``."""
        return Clusters(self.influence)


def contrast(scores: pd.DataFrame, axis: str, method: str = "paper") -> Contrast:
    """Pair the corpus along ``axis``.

    Parameters
    ----------
    scores
        The whole corpus (columns as in ``eec.csv``) with a column ``score``; for ``notebook`` also
        ``emotion_missing``.
    axis
        ``gender`` or ``race``.
    method
        ``paper`` or ``notebook``.

    Raises
    ------
    ValueError
        If a score is missing, or the corpus does not give the number of pairs that the method
        promises.
    """
    given, scores = len(scores), _compared(scores, axis, method)
    result = gender(scores, method) if axis == "gender" else race(scores)
    lost = method == "notebook" and axis == "race" and len(scores) < given
    expected = 140 if lost else _COUNTS[axis, method]
    if len(result.pairs) != expected:
        raise ValueError(
            f"{axis} by the {method} method gave {len(result.pairs)} pairs, not {expected}"
        )
    return result


def gap(scores: pd.DataFrame, axis: str, method: str = "paper") -> float:
    """``contrast(...).mean`` alone, in half the time: what its error needs is left out."""
    scores = _compared(scores, axis, method)
    if axis == "gender":
        return float(gender_pairs(scores, method)["difference"].mean())
    return float(race_pairs(scores[scores["race"] != ""])["difference"].mean())


def _compared(scores: pd.DataFrame, axis: str, method: str) -> pd.DataFrame:
    """The rows that a method compares along ``axis``."""
    if scores["score"].isna().any():
        raise ValueError(f"{int(scores['score'].isna().sum())} scores are missing")
    if method == "notebook" and axis == "race":
        return scores[~scores["emotion_missing"]]
    return scores


def gender(scores: pd.DataFrame, method: str = "paper") -> Contrast:
    """Female minus male over any part of the corpus: ``contrast`` without its count of pairs."""
    return of_pairs(gender_pairs(scores, method))


def gender_pairs(scores: pd.DataFrame, method: str = "paper") -> pd.DataFrame:
    """The pairs of ``gender`` alone, without what their error needs."""
    unit = scores["person"].map(_NOUNS) if method == "notebook" else unit_of(scores)
    paired = scores[[*FRAME, "gender", "score"]].assign(unit=unit).dropna(subset="unit")
    return differences(_side_means(paired, [*FRAME, "unit"], "gender"), "female", "male")


def unit_of(scores: pd.DataFrame) -> pd.Series:
    """The unit of each sentence in the gender pairs: its noun pair, or ``names``."""
    return scores["person"].map(_NOUNS).mask(scores["race"] != "", NAMES_PAIR)


def race(scores: pd.DataFrame) -> Contrast:
    """African-American minus European-American names over any part of the corpus.

    This is ``contrast`` without its count of pairs.
    """
    named = scores[scores["race"] != ""]
    pairs = race_pairs(named)
    influence = _influence_of_names(named, pairs)
    people = named.drop_duplicates("person").set_index("person")
    strata = people["race"] + ", " + people["gender"]
    return _of_names(pairs, influence, 1 / strata.map(strata.value_counts()), strata)


def race_pairs(named: pd.DataFrame) -> pd.DataFrame:
    """The pairs of ``race`` alone, without what their error needs; ``named`` has names alone."""
    sides = _side_means(named, FRAME, "race")
    return differences(sides, AFRICAN_AMERICAN, EUROPEAN).assign(unit=NAMES_PAIR)


def of_pairs(pairs: pd.DataFrame) -> Contrast:
    """The contrast of pairs that are each one observation of their ``template`` and ``unit``."""
    influence = pairs[["template", "unit"]].assign(
        influence=(pairs["difference"] - pairs["difference"].mean()) / len(pairs)
    )
    clusterings = {"template": ["template"], "unit": ["unit"], "both": ["template", "unit"]}
    result = Contrast(pairs, influence, {})
    result.leverage.update({name: result.clusters.shares(by) for name, by in clusterings.items()})
    return result


def _of_names(
    pairs: pd.DataFrame, influence: pd.DataFrame, unit: pd.Series, strata: pd.Series
) -> Contrast:
    """The contrast of pairs that are each a mean over names; ``unit`` is the names' leverage."""
    leverage = {"template": Clusters(pairs).shares(["template"]), "unit": unit}
    result = Contrast(pairs, influence, leverage, strata)
    leverage["both"] = result.clusters.shares(["template", "unit"])
    return result


def within(whole: Contrast, column: str, level: str) -> Contrast:
    """The contrast in those of its pairs that have ``level`` in ``column``.

    ``column`` is one of the frame, or the unit of gender pairs.
    """
    pairs = whole.pairs[whole.pairs[column] == level]
    if whole.strata is None:
        return of_pairs(pairs)
    rows = whole.influence[whole.influence[column] == level]
    # Undo the division by the number of frames, and hold the pairs against their own mean.
    common = (whole.mean - pairs["difference"].mean()) * len(pairs) / len(rows)
    influence = rows.assign(influence=(rows["influence"] * len(whole.pairs) + common) / len(pairs))
    return _of_names(pairs, influence, whole.leverage["unit"], whole.strata)


def differences(sides: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """``first``, ``second`` and ``difference = first - second`` of two columns of ``sides``.

    The index of ``sides`` comes first, as columns.
    """
    return pd.DataFrame(
        {"first": sides[first], "second": sides[second], "difference": sides[first] - sides[second]}
    ).reset_index()


def words_of(pairs: pd.DataFrame) -> pd.Series:
    """The emotion word of each row; of a template without one, the template."""
    words, templates = (pairs[name].to_numpy(object) for name in ("emotion_word", "template"))
    return pd.Series(np.where(words == "", templates, words), pairs.index)


def templates_alike(scores: pd.DataFrame) -> pd.DataFrame:
    """The corpus with one sentence per template and person, its score the mean over words.

    In the whole corpus seven of eleven templates have twenty words each, and so 97 % of the weight.
    """
    who = ["template", "person", "gender", "race"]
    means = scores.groupby(who, sort=False)["score"].mean().reset_index()
    return means.assign(emotion="", emotion_word="")


def _side_means(scores: pd.DataFrame, by: list[str], side: str) -> pd.DataFrame:
    """Mean score of each side: one row per group ``by``, one column per value of ``side``."""
    return scores.groupby([*by, side], sort=False)["score"].mean().unstack()


def _influence_of_names(named: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """The part of each name's score in the sampling error of the race gap.

    A name stands for its race within its gender, where there are as many names of each race: it is
    held against those alone.
    """
    frame = pd.MultiIndex.from_frame(pairs[FRAME]).get_indexer(
        pd.MultiIndex.from_frame(named[FRAME])
    )
    first = (named["race"] == AFRICAN_AMERICAN).to_numpy()
    cell = 4 * frame + 2 * first + (named["gender"] == "female").to_numpy()
    score = named["score"].to_numpy()
    means = np.bincount(cell, score) / np.maximum(np.bincount(cell), 1)
    own = (score - means[cell]) * np.where(first, 1, -1)
    common = (pairs["difference"] - pairs["difference"].mean()).to_numpy()[frame]
    side = len(named) / len(pairs) / 2  # names of one race in a frame
    return named[FRAME].assign(
        unit=named["person"], influence=(own + common / 2) / side / len(pairs)
    )
