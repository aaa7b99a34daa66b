"""People whom a system cannot tell apart, and how much of a contrast lies on them."""

import numpy as np
import pytest

from bias_transfer.bias.recognition import alike, alike_persons, count, hidden_shares, reason
from bias_transfer.corpora import eec
from bias_transfer.corpora.eec import AFRICAN_AMERICAN, EUROPEAN

CORPUS = eec.generate()
BLACK_WOMEN, BLACK_MEN = (eec.NAMES[gender, AFRICAN_AMERICAN] for gender in ("female", "male"))
WHITE_WOMEN, WHITE_MEN = (eec.NAMES[gender, EUROPEAN] for gender in ("female", "male"))
NOUNS = [female for _, female in eec.NOUN_PAIRS]


@pytest.fixture(scope="module")
def noisy():
    return CORPUS.assign(score=np.random.default_rng(0).random(len(CORPUS)))


def as_one(scores, persons):
    """All ``persons`` get the score of the first in every frame."""
    frame = ["template", "emotion_word"]
    first = scores[scores["person"] == persons[0]].set_index(frame)["score"]
    theirs = scores["person"].isin(persons)
    return scores.assign(
        score=scores["score"].mask(theirs, scores.join(first.rename("own"), on=frame)["own"])
    )


def everybody_alike(scores):
    """Whom either contrast finds."""
    return alike_persons(scores, "gender") | alike_persons(scores, "race")


def test_nobody_is_alike_where_every_sentence_has_its_own_score(noisy):
    assert everybody_alike(noisy) == set()


def test_names_of_one_score_in_every_frame_are_alike(noisy):
    assert everybody_alike(as_one(noisy, ["Latisha", "Ellen", "Jamel"])) == {
        "Latisha",
        "Ellen",
        "Jamel",
    }


def test_noun_phrases_of_one_score_in_every_frame_are_alike(noisy):
    assert everybody_alike(as_one(noisy, ["my mom", "my dad"])) == {"my mom", "my dad"}


def test_a_noun_phrase_is_not_compared_with_names(noisy):
    assert everybody_alike(as_one(noisy, ["my mom", "Ellen"])) == set()


def test_two_pairs_of_alike_names_are_four_alike_names(noisy):
    scores = as_one(as_one(noisy, ["Latisha", "Ellen"]), ["Adam", "Jamel"])
    assert everybody_alike(scores) == {"Latisha", "Ellen", "Adam", "Jamel"}


def test_one_frame_tells_two_names_apart_and_rounding_error_does_not(noisy):
    scores = as_one(noisy, ["Latisha", "Ellen"])
    row = scores.index[scores["person"] == "Ellen"][7]
    for error, found in ((1e-9, {"Latisha", "Ellen"}), (1e-3, set())):
        moved = scores.copy()
        moved["score"] = moved["score"].round(5)  # far from the border between two rounded values
        moved.loc[row, "score"] += error
        assert everybody_alike(moved) == found


def test_people_who_all_read_the_same_are_all_alike():
    same = CORPUS.assign(score=CORPUS["template"].map(eec.TEMPLATES.index) / 20)
    # The pronouns too: "she" and "he" stand in the same frames, "her" and "him" in the others.
    assert everybody_alike(same) == set(CORPUS["person"])


def test_count_is_of_the_people_that_the_contrast_compares():
    persons = {"Latisha", "Adam", "my mom", "nobody of the corpus"}
    assert count(persons, CORPUS, "gender") == 3
    assert count(persons, CORPUS, "race") == 2


def test_in_a_gender_contrast_a_noun_phrase_weighs_as_much_as_twenty_names():
    assert hidden_shares({"my mom"}, CORPUS, "gender") == pytest.approx(
        {"female": 1 / 11, "male": 0}
    )
    assert hidden_shares({"Adam"}, CORPUS, "gender") == pytest.approx(
        {"female": 0, "male": 1 / 220}
    )
    assert hidden_shares({"she", "my mom", "Ellen"}, CORPUS, "gender")["female"] == pytest.approx(
        82 / 144 / 11
        + 1 / 11
        + 1 / 220  # "she" is the subject of 82 frames, "her" the object of 62
    )


def test_in_a_race_contrast_all_names_weigh_alike_and_noun_phrases_nothing():
    shares = hidden_shares({"Latisha", "Jamel", "Ellen", "my mom"}, CORPUS, "race")
    assert shares == pytest.approx({AFRICAN_AMERICAN: 2 / 20, EUROPEAN: 1 / 20})


def test_half_of_a_side_is_no_reason_and_one_name_more_is():
    assert reason(BLACK_WOMEN, CORPUS, "race") == ""
    assert (
        reason([*BLACK_WOMEN, "Jamel"], CORPUS, "race")
        == "cannot tell apart 55% of the African-American side"
    )
    assert (
        reason([*WHITE_MEN, *WHITE_WOMEN], CORPUS, "race")
        == "cannot tell apart 100% of the European-American side"
    )


def test_both_sides_are_named_where_both_are_unread():
    everybody = {*BLACK_WOMEN, *BLACK_MEN, *WHITE_WOMEN, *WHITE_MEN}
    assert reason(everybody, CORPUS, "race") == (
        "cannot tell apart 100% of the African-American side and 100% of the European-American side"
    )


def test_unread_names_are_no_reason_against_the_gender_contrast():
    assert reason({*BLACK_WOMEN, *BLACK_MEN, *WHITE_WOMEN, *WHITE_MEN}, CORPUS, "gender") == ""


def test_more_than_half_of_the_female_noun_phrases_is_a_reason():
    assert reason(NOUNS[:5], CORPUS, "gender") == ""
    assert reason(NOUNS[:6], CORPUS, "gender") == "cannot tell apart 55% of the female side"


def test_nobody_hidden_is_no_reason():
    for axis in ("gender", "race"):
        assert reason(set(), CORPUS, axis) == ""
        assert set(hidden_shares(set(), CORPUS, axis).values()) == {0.0}


@pytest.mark.parametrize(
    ("women", "men", "found"),
    [
        ([1, 1], [2, 2], []),  # a rule about the sides: they are told apart
        ([1, 1], [1, 1], [0, 1, 2, 3]),  # nobody is told apart
        ([1, 1, 2], [1, 1], [0, 1, 3, 4]),  # one woman is
        ([1, 1], [2, 3], [0, 1]),  # one unknown word on one side
        ([1, 2], [1, 3], [0, 2]),  # one on both
        ([1, 2], [3, 4], []),
        ([1, 1], [2, 2.0001], []),  # of a rule, one man a little off
        ([1, 1], [2, 2 + 1e-8], []),  # rounding error
    ],
)
def test_whole_sides_of_one_score_each_are_told_apart(women, men, found):
    profiles = np.array([[score, 9 - score] for score in (*women, *men)], dtype=float)
    sides = np.array(["female"] * len(women) + ["male"] * len(men))
    assert np.flatnonzero(alike(profiles, sides)).tolist() == found


@pytest.mark.parametrize(("axis", "side"), [("gender", "female"), ("race", AFRICAN_AMERICAN)])
def test_a_system_that_goes_by_the_group_alone_hides_nobody(axis, side):
    by_emotion = CORPUS["emotion_word"].str.len() % 7 / 20
    scores = CORPUS.assign(score=0.3 + by_emotion + 0.2 * (CORPUS[axis] == side))
    assert alike_persons(scores, axis) == set()
