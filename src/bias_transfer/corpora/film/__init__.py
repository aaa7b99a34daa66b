"""Film sentences: what a review says about one person, with the person exchanged.

72 frames of this project's own (``frames.csv``): a third positive, a third negative, a third
neutral, and in each third half with the person as subject, half as object. Every frame is filled
with the same people, so that frames and people are crossed:

``nouns.csv``
    32 pairs of a male and a female noun phrase: the ten of the Equity Evaluation Corpus (pronouns
    first) and 22 of this project's own, for people that films are about. None of them is a word of
    opinion in VADER's lexicon (3.3.2), which is why hero/heroine and wizard/witch are not there,
    and none repeats a noun of the EEC, as ex-husband/ex-wife would.
``names.csv``
    70 first names: the 40 of the EEC (Kiritchenko and Mohammad, "Examining Gender and Race Bias in
    Two Hundred Sentiment Analysis Systems", *SEM 2018) and the 36 of Bertrand and Mullainathan,
    "Are Emily and Greg More Employable than Lakisha and Jamal?", American Economic Review 94(4),
    2004, who call the groups white and African-American. Six names are in both lists and stand here
    once, with both sources: Ebony, Lakisha, Latoya, Tanisha, Darnell, Leroy. So 15 are
    African-American and female, 17 African-American and male, 19 and 19 European.

No frame has a word of gender but the person, and no noun follows ``<person object>``, so that
``her`` is never read as a possessive. A few words are less than ideal and known: ``Kenya`` is a
country too, ``Courtney`` and ``Jay`` are names of both genders, ``the actor`` and ``the waiter``
may mean women, and a reviewer seldom writes about ``my aunt``. How people are paired says
``bias.crossed``.
"""

from importlib import resources

import pandas as pd

from bias_transfer.corpora import text_id
from bias_transfer.corpora.eec import OBJECT, PRONOUNS, SUBJECT

COLUMNS = "id sentence template person gender race valence source".split()
GENDERS = ("male", "female")


def generate() -> pd.DataFrame:
    """All 9,648 sentences, by frame as in ``frames.csv`` and then by person as in ``people``.

    Returns
    -------
    DataFrame
        Strings, empty where there is none:

        ``id``
            Hash of the sentence (``corpora.text_id``).
        ``sentence``, ``template``
            The frame filled, and the frame, with ``<person subject>`` or ``<person object>``.
        ``person``
            As in the sentence, but in lower case where it starts one and is no name: ``he`` or
            ``him``, ``she`` or ``her`` by the frame.
        ``gender``
            ``male`` or ``female``.
        ``race``
            Of names: ``African-American`` or ``European``; empty for nouns.
        ``valence``
            Of the frame: ``positive``, ``negative`` or ``neutral``.
        ``source``
            The list that the person is from; two of them are joined by ``; ``.
    """
    rows = frames().merge(people(), how="cross")
    as_object = rows["template"].str.contains(OBJECT, regex=False)
    rows["person"] = rows["person"].mask(as_object, rows.pop("object"))
    rows["sentence"] = [
        sentence(*row) for row in zip(rows["template"], rows["person"], strict=True)
    ]
    rows["id"] = rows["sentence"].map(text_id)
    return rows[COLUMNS]


def sentence(template: str, person: str) -> str:
    """Fill one frame, with a capital at the start."""
    filled = template.replace(SUBJECT, person).replace(OBJECT, person)
    return filled[0].upper() + filled[1:]


def frames() -> pd.DataFrame:
    """``valence`` and ``template`` of the 72 frames."""
    return _read("frames.csv")


def people() -> pd.DataFrame:
    """All 134 people, men first, in each gender names before nouns.

    Returns
    -------
    DataFrame
        ``person`` as subject, ``object`` (the same but for pronouns), ``gender``, ``race``,
        ``source``, and ``unit``, which recurs across frames: the noun pair (``she/he``,
        ``my sister/my brother``) or the name.
    """
    names, nouns = _read("names.csv"), _read("nouns.csv")
    names = names.assign(person=names["name"], unit=names["name"])
    nouns = nouns.assign(race="", unit=nouns["female"] + "/" + nouns["male"])
    parts = []
    for gender in GENDERS:
        parts.append(names[names["gender"] == gender])
        parts.append(nouns.assign(gender=gender, person=nouns[gender]))
    table = pd.concat(parts, ignore_index=True)
    table["object"] = table["person"].replace(dict(PRONOUNS.values()))
    return table["person object gender race source unit".split()]


def _read(name: str) -> pd.DataFrame:
    with resources.files(__name__).joinpath(name).open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)
