"""Which people a system cannot tell apart: a word-level student reads every unknown name as the same word."""

from collections.abc import Collection

import pandas as pd

from bias_transfer.bias.pairs import FRAME
from bias_transfer.corpora.eec import AFRICAN_AMERICAN, EUROPEAN

DIGITS = 6  # scores closer than rounding error between batches are alike
_CALLED = {EUROPEAN: "European-American"}
_SIDES = {"race": (AFRICAN_AMERICAN, EUROPEAN), "gender": ("female", "male")}


def alike_persons(scores: pd.DataFrame) -> set[str]:
    """Names that score like another name in every frame, and noun phrases that score like another noun phrase."""
    alike = set()
    for _, part in scores.groupby(scores["race"] != ""):
        profiles = part.assign(score=part["score"].round(DIGITS)).pivot_table(
            index="person", columns=FRAME, values="score", aggfunc="first"
        )
        alike |= set(profiles.index[profiles.duplicated(keep=False)])
    return alike


def count(persons: Collection[str], scores: pd.DataFrame, axis: str) -> int:
    """How many of ``persons`` the contrast of ``axis`` compares: all people for gender, names alone for race."""
    compared = scores if axis == "gender" else scores[scores["race"] != ""]
    return len(set(persons) & set(compared["person"]))


def reason(persons: Collection[str], scores: pd.DataFrame, axis: str) -> str:
    """Why the contrast of ``axis`` says nothing of a system that cannot read ``persons``; empty where it does say.

    It says nothing where more than half of one side's weight lies on them: it is then about one
    unknown word.
    """
    shares = hidden_shares(persons, scores, axis)
    unread = [
        f"{share:.0%} of the {_CALLED.get(side, side)} side"
        for side, share in shares.items()
        if share > 0.5
    ]
    return f"cannot tell apart {' and '.join(unread)}" if unread else ""


def hidden_shares(persons: Collection[str], scores: pd.DataFrame, axis: str) -> dict[str, float]:
    """Share of each side's weight in the contrast of ``axis`` that lies on ``persons``: 0 to 1, by side.

    In a gender contrast a noun phrase weighs as much as all names of its gender, in a race contrast
    all names alike.
    """
    named = scores["race"] != ""
    weight = named.map({True: 1 / 20, False: 1.0}) if axis == "gender" else named.astype(float)
    hidden = weight * scores["person"].isin(persons)
    side = scores[axis]
    return {
        name: float(hidden[side == name].sum() / weight[side == name].sum())
        for name in _SIDES[axis]
    }
