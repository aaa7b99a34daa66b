"""The two texts of a pair are its sentences, or a name for many of them."""

import numpy as np

from bias_transfer.bias.pairs import contrast
from bias_transfer.corpora import eec
from bias_transfer.report import pair_texts

CORPUS = eec.generate()
SCORES = np.random.default_rng(0).random(len(CORPUS))
SCORED = CORPUS.assign(score=SCORES)


def test_scores_of_a_noun_pair_are_those_of_its_two_texts():
    pairs = pair_texts.of_eec(contrast(SCORED, "gender").pairs, SCORED, "gender")
    assert len(pairs) == 1584
    score = dict(zip(CORPUS["sentence"], SCORES, strict=True))
    nouns = pairs[pairs["unit"] != "names"]
    for side in ("first", "second"):
        np.testing.assert_allclose(nouns[side], nouns[f"{side}_text"].map(score), atol=1e-12)


def test_names_are_told_by_their_group():
    gender = pair_texts.of_eec(contrast(SCORED, "gender").pairs, SCORED, "gender")
    race = pair_texts.of_eec(contrast(SCORED, "race").pairs, SCORED, "race")
    names = gender[gender["unit"] == "names"]
    assert len(names) == len(race) == 144
    assert names["first_text"].str.contains("[women's names]", regex=False).all()
    assert names["second_text"].str.contains("[men's names]", regex=False).all()
    assert race["first_text"].str.contains("[African-American names]", regex=False).all()
    assert race["second_text"].str.contains("[European-American names]", regex=False).all()
    alike = race["first_text"].str.replace("African", "European")
    assert (alike == race["second_text"]).all()
