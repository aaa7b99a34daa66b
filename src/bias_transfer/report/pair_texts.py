"""The two sentences of each pair, for people to read."""

import pandas as pd

from bias_transfer.bias.pairs import FRAME, SIDES, unit_of
from bias_transfer.corpora.eec import AFRICAN_AMERICAN, EUROPEAN

_NAMES = {
    "female": "[women's names]",
    "male": "[men's names]",
    AFRICAN_AMERICAN: "[African-American names]",
    EUROPEAN: "[European-American names]",
}
_PEOPLE = {
    "female": "women",
    "male": "men",
    AFRICAN_AMERICAN: "African-American names",
    EUROPEAN: "European-American names",
}
_PLACE = r"<person \w+>"
_EITHER = "himself/herself"


def of_eec(pairs: pd.DataFrame, corpus: pd.DataFrame, axis: str) -> pd.DataFrame:
    """``pairs`` of an EEC contrast with ``first_text`` and ``second_text``.

    A side that is the mean over names has one text, with a word in brackets for all of them.
    """
    named = corpus["race"] != ""
    side = corpus[axis]
    text = pd.Series(
        [
            sentence.replace(person, _NAMES[group]) if is_name else sentence
            for sentence, person, group, is_name in zip(
                corpus["sentence"], corpus["person"], side, named, strict=True
            )
        ],
        index=corpus.index,
    )
    if axis == "race":  # names of women and of men
        text = text.str.replace(r"\b(?:himself|herself)\b", _EITHER, regex=True)
    rows = corpus[FRAME].assign(unit=unit_of(corpus), side=side, text=text)
    texts = rows.groupby([*FRAME, "unit", "side"], sort=False)["text"].first().unstack()
    first, second = SIDES[axis]
    texts = texts.rename(columns={first: "first_text", second: "second_text"})
    return pairs.merge(
        texts[["first_text", "second_text"]].reset_index(), how="left", on=[*FRAME, "unit"]
    )


def of_film(pairs: pd.DataFrame, axis: str) -> pd.DataFrame:
    """``pairs`` of the film sentences with both texts: a frame's mean over all people of a side."""
    first, second = (f"[{_PEOPLE[side]}]" for side in SIDES[axis])
    return pairs.assign(
        first_text=pairs["template"].str.replace(_PLACE, first, regex=True),
        second_text=pairs["template"].str.replace(_PLACE, second, regex=True),
    )


def of_own(pairs: pd.DataFrame, corpus: pd.DataFrame) -> pd.DataFrame:
    """``pairs`` of a corpus of one's own with ``first_text`` and ``second_text``."""
    first, second = corpus["group"].unique()
    texts = corpus.pivot(index="pair_id", columns="group", values="sentence")
    texts = texts.rename(columns={first: "first_text", second: "second_text"})
    return pairs.merge(texts.reset_index(), how="left", on="pair_id")
