"""Where a gap comes from: by emotion, template, noun pair and name, and race within gender."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from bias_transfer.bias.audit import average
from bias_transfer.bias.inference.two_way import infer, with_seeds
from bias_transfer.bias.pairs import (
    FRAME,
    NAMES_PAIR,
    Contrast,
    gender,
    gender_pairs,
    of_pairs,
    race,
    race_pairs,
    templates_alike,
    within,
)
from bias_transfer.corpora.eec import AFRICAN_AMERICAN, EUROPEAN

NO_EMOTION = "none"
INTERACTION = "female - male"
WEIGHTS, ALIKE = "weights", "templates alike"
COLUMNS = "system axis by level n_pairs mean_difference ci_low ci_high p_clustered".split()
_PARTS = [
    ("gender", "emotion"),
    ("gender", "template"),
    ("gender", "noun pair"),
    ("race", "emotion"),
    ("race", "template"),
]
_COLUMNS = {"noun pair": "unit"}
Parts = Iterator[tuple[str, str, str, Contrast]]


def breakdown(system: str, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The gaps of one system in parts of the corpus.

    Parameters
    ----------
    system
        Its name, repeated in the table.
    frames
        The scored corpus (``bias.scores.read``), one per seed.

    Returns
    -------
    DataFrame
        One row per part. What the columns mean, with unit and sign: ``io.schemas.BREAKDOWN``, or
        ``docs/columns.md``.
    """
    seeds = [_means(frame) for frame in frames] if len(frames) > 1 else []
    rows = []
    for axis, by, level, contrast in _parts(average(frames)):
        by_seed = np.array([means[axis, by, level] for means in seeds])
        inference = with_seeds(infer(contrast), by_seed)
        numbers = (
            len(contrast.pairs),
            inference.mean,
            inference.ci_low,
            inference.ci_high,
            inference.p_value,
        )
        rows.append((system, axis, by, level, *numbers))
    return pd.DataFrame(rows, columns=COLUMNS)


def _parts(scores: pd.DataFrame) -> Parts:
    named = scores[scores["race"] != ""]
    wholes = {"gender": gender(scores), "race": race(named)}
    for axis, by in _PARTS:
        column = _COLUMNS.get(by, by)
        for level in wholes[axis].pairs[column].unique():
            yield axis, by, level or NO_EMOTION, within(wholes[axis], column, level)
    alike = templates_alike(scores)
    yield "gender", WEIGHTS, ALIKE, gender(alike)
    yield "race", WEIGHTS, ALIKE, race(alike)
    for side in ("male", "female"):
        yield "race", "gender", side, race(named[named["gender"] == side])
    yield "race", "gender", INTERACTION, interaction(named)
    yield from _names(named)


def _means(scores: pd.DataFrame) -> dict[tuple[str, str, str], float]:
    """The mean difference of every part, without what its error needs."""
    named = scores[scores["race"] != ""]
    pairs = {"gender": gender_pairs(scores), "race": race_pairs(named)}
    means = {
        (axis, by, str(level) or NO_EMOTION): float(mean)
        for axis, by in _PARTS
        for level, mean in pairs[axis].groupby(_COLUMNS.get(by, by))["difference"].mean().items()
    }
    alike = templates_alike(scores)
    both = {"gender": gender_pairs(alike), "race": race_pairs(alike[alike["race"] != ""])}
    means |= {(axis, WEIGHTS, ALIKE): float(p["difference"].mean()) for axis, p in both.items()}
    for side in ("male", "female"):
        of_side = race_pairs(named[named["gender"] == side])
        means["race", "gender", side] = float(of_side["difference"].mean())
    male, female = (means["race", "gender", side] for side in ("male", "female"))
    means["race", "gender", INTERACTION] = female - male
    return means | {
        ("race", "name", name): float(difference.mean())
        for name, difference in _name_differences(named)[1].items()
    }


def interaction(scores: pd.DataFrame) -> Contrast:
    """The race gap among female names minus that among male names, frame by frame.

    0 means that the race gap is the same for both.
    """
    female, male = (race(scores[scores["gender"] == side]) for side in ("female", "male"))
    pairs = female.pairs.assign(
        first=female.pairs["difference"],
        second=male.pairs["difference"],
        difference=female.pairs["difference"] - male.pairs["difference"],
    )
    influence = pd.concat(
        [female.influence, male.influence.assign(influence=-male.influence["influence"])]
    )
    leverage = {
        "template": female.leverage["template"],
        "unit": pd.concat([female.leverage["unit"], male.leverage["unit"]]),
        "both": influence.groupby(["template", "unit"]).size() / len(influence),
    }
    strata = pd.concat([female.strata, male.strata])
    return Contrast(pairs, influence, leverage, strata)


def _names(named: pd.DataFrame) -> Parts:
    frames, differences = _name_differences(named)
    whole = of_pairs(frames.assign(unit=NAMES_PAIR, difference=0.0))
    for name, difference in differences.items():
        influence = (difference - difference.mean()) / len(frames)
        yield (
            "race",
            "name",
            name,
            replace(
                whole,
                pairs=whole.pairs.assign(difference=difference),
                influence=whole.influence.assign(influence=influence),
            ),
        )


def _name_differences(named: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """The frames, and in each of them how a name differs from the names of the other race."""
    scores = named.pivot_table(index=FRAME, columns="person", values="score", sort=False)
    people = named.drop_duplicates("person").set_index("person")
    groups = people.groupby(["gender", "race"], sort=False).groups
    means = {group: scores[names].mean(axis=1) for group, names in groups.items()}
    differences = {}
    for name, gender_of_name, side in people[["gender", "race"]].itertuples():
        sign, other = (1, EUROPEAN) if side == AFRICAN_AMERICAN else (-1, AFRICAN_AMERICAN)
        own = scores[name] - means[gender_of_name, other]
        differences[name] = sign * own.to_numpy()
    return scores.index.to_frame(index=False), differences
