"""Which people a system cannot tell apart.

A word-level student, for example, reads every unknown name as the same word.
"""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from bias_transfer.bias.pairs import FRAME, SIDES
from bias_transfer.corpora.eec import EUROPEAN

DIGITS = 6  # scores that agree to so many are alike: a batch's rounding error is smaller
_ADJECTIVES = {EUROPEAN: "European-American"}


def alike_persons(scores: pd.DataFrame, axis: str) -> set[str]:
    """People of the EEC whom the contrast of ``axis`` compares and ``alike`` finds.

    Names are compared with names, and noun phrases with noun phrases.
    """
    found: set[str] = set()
    compared = _compared(scores, axis)
    for _, part in compared.groupby(compared["race"] != ""):
        profiles = part.pivot_table(index="person", columns=FRAME, values="score", aggfunc="first")
        sides = part.drop_duplicates("person").set_index("person").loc[profiles.index, axis]
        found |= set(profiles.index[alike(profiles.to_numpy(), sides.to_numpy())])
    return found


def alike(profiles: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Whom a system cannot tell from others.

    They score like somebody of the other side in every frame, or like somebody of their own while
    the other side's people differ among each other, by more than a tenth of what lies between the
    sides: so does a system that reads all unknown names as one word. Where all people of each side
    score as one, the system tells the sides apart, and nobody is found.

    Parameters
    ----------
    profiles
        A person's score in each frame, shape (people, frames); NaN where a person is not in it.
    sides
        Which side a person is on, shape (people,).

    Returns
    -------
    ndarray of bool, shape (people,)
    """
    scores = pd.DataFrame(profiles)
    rounded = scores.round(DIGITS)
    # Frames that a person is not in are alike too; NaN would be unlike itself.
    rows = pd.Series(list(map(tuple, rounded.fillna(np.inf).to_numpy())))
    found = np.zeros(len(rows), dtype=bool)
    for side in set(sides):
        own = sides == side
        found[own] = rows[own].isin(set(rows[~own]))
        spread = (scores[~own].max() - scores[~own].min()).max()
        between = (scores[own].mean() - scores[~own].mean()).abs().mean()
        if spread > max(10.0**-DIGITS, between / 10):
            found[own] |= rows[own].duplicated(keep=False)
    return found


def count(persons: Collection[str], scores: pd.DataFrame, axis: str) -> int:
    """How many of ``persons`` the contrast of ``axis`` compares.

    The gender contrast compares all people, the race contrast names alone.
    """
    return len(set(persons) & set(_compared(scores, axis)["person"]))


def _compared(scores: pd.DataFrame, axis: str) -> pd.DataFrame:
    return scores if axis == "gender" else scores[scores["race"] != ""]


def reason(persons: Collection[str], scores: pd.DataFrame, axis: str) -> str:
    """Why a contrast is not measurable for a system that cannot read ``persons``; else empty.

    It is not measurable where more than half of the weight of one side lies on them: the contrast
    is then mostly about one unknown word.
    """
    return reason_of(hidden_shares(persons, scores, axis))


def reason_of(shares: Mapping[str, float]) -> str:
    """``reason`` for shares at hand, by side."""
    unread = [
        f"{share:.0%} of the {_ADJECTIVES.get(side, side)} side"
        for side, share in shares.items()
        if share > 0.5
    ]
    return f"cannot tell apart {' and '.join(unread)}" if unread else ""


def hidden_shares(persons: Collection[str], scores: pd.DataFrame, axis: str) -> dict[str, float]:
    """Share of each side's weight that lies on ``persons``: 0 to 1, by side of ``axis``.

    In a gender contrast a noun phrase weighs as much as all names of its gender together. In a
    race contrast all names weigh the same, and noun phrases nothing.
    """
    named = scores["race"] != ""
    weight = named.map({True: 1 / 20, False: 1.0}) if axis == "gender" else named.astype(float)
    hidden = weight * scores["person"].isin(persons)
    side = scores[axis]
    return {
        name: float(hidden[side == name].sum() / weight[side == name].sum()) for name in SIDES[axis]
    }
