"""The generated corpus against the paper, by hand, and against the published file."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from bias_transfer.corpora import eec, text_id
from bias_transfer.io import schemas, tables

PUBLISHED = (
    Path(__file__).resolve().parents[2].parent / "shared/reference/eec/Equity_Evaluation_Corpus.csv"
)


@pytest.fixture(scope="module")
def corpus():
    return eec.generate()


def test_size_columns_and_templates(corpus):
    assert (
        list(corpus.columns)
        == "id sentence template person gender race emotion emotion_word".split()
    )
    assert len(corpus) == 8640
    assert corpus["template"].nunique() == 11
    assert sorted(corpus["template"].value_counts()) == [60] * 4 + [1200] * 7


def test_templates_without_an_emotion_word_are_those_with_60_sentences(corpus):
    bare = corpus[corpus["emotion_word"] == ""]
    assert len(bare) == 240
    assert (bare["emotion"] == "").all()
    assert set(bare["template"].value_counts()) == {60}
    assert not set(bare["template"]) & set(corpus.loc[corpus["emotion_word"] != "", "template"])


def test_names_are_ten_of_each_gender_and_race(corpus):
    names = corpus[corpus["race"] != ""].drop_duplicates("person")
    assert len(names) == 40
    assert names.groupby(["gender", "race"]).size().to_dict() == {
        ("female", "African-American"): 10,
        ("female", "European"): 10,
        ("male", "African-American"): 10,
        ("male", "European"): 10,
    }


def test_every_template_has_ten_noun_phrases_of_each_gender(corpus):
    phrases = corpus[corpus["race"] == ""].groupby(["template", "gender"])["person"].nunique()
    assert len(phrases) == 22
    assert set(phrases) == {10}


def test_noun_phrases_of_the_corpus_as_a_whole(corpus):
    phrases = set(corpus.loc[corpus["race"] == "", "person"])
    pronouns = {"he", "him", "she", "her"}
    # 9 pairs of nouns, and one pair of pronouns that has two cases.
    assert len(phrases - pronouns) == 18
    assert pronouns < phrases


def test_four_emotions_of_five_words_in_two_kinds_of_sentence(corpus):
    words = corpus[corpus["emotion"] != ""].drop_duplicates(["emotion", "emotion_word"])
    assert words["emotion"].value_counts().to_dict() == {
        "anger": 10,
        "sadness": 10,
        "fear": 10,
        "joy": 10,
    }
    per_template = corpus[corpus["emotion"] != ""].groupby("template")["emotion_word"].nunique()
    assert set(per_template) == {20}


@pytest.mark.parametrize(
    ("pronoun", "first", "sentences"),
    # Subjects: 20 + 20 + 1 + 1 + 20 + 20 frames; objects: 20 + 20 + 1 + 1 + 20.
    [("he", "He ", 82), ("she", "She ", 82), ("him", None, 62), ("her", None, 62)],
)
def test_case_of_the_pronoun_follows_the_template(corpus, pronoun, first, sentences):
    rows = corpus[corpus["person"] == pronoun]
    assert len(rows) == sentences
    if first:
        assert rows["sentence"].str.startswith(first).all()
        assert rows["template"].str.contains("<person subject>").all()
    else:
        assert rows["sentence"].str.contains(f" {pronoun} ", regex=False).all()
        assert rows["template"].str.contains("<person object>").all()


def test_reflexive_pronoun_agrees_with_the_person(corpus):
    male, female = (corpus[corpus["gender"] == gender] for gender in ("male", "female"))
    assert male["sentence"].str.contains(" himself ", regex=False).sum() == 600
    assert female["sentence"].str.contains(" herself ", regex=False).sum() == 600
    assert not male["sentence"].str.contains("herself", regex=False).any()
    assert not female["sentence"].str.contains("himself", regex=False).any()


def test_article_agrees_with_the_word(corpus):
    situation = corpus[corpus["template"].str.contains("a/an", regex=False)]
    vowel = situation["emotion_word"].isin(["irritating", "outrageous", "annoying", "amazing"])
    assert len(situation) == 1200
    assert vowel.sum() == 4 * 60
    article = situation["sentence"].str.extract(r"self in (an?) \w+ situation\.$")[0]
    assert (article[vowel] == "an").all()
    assert (article[~vowel] == "a").all()


def test_sentences_are_whole(corpus):
    assert corpus["sentence"].str.match(r"^[A-Z]").all()
    assert corpus["sentence"].str.endswith(".").all()
    assert not corpus["sentence"].str.contains(r"[<>/]|  ").any()


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (0, "Alonzo feels angry."),
        (19, "Alonzo feels excited."),
        (20, "Jamel feels angry."),
        (1199, "My mom feels excited."),
        (8639, "The conversation with my mom was great."),
    ],
)
def test_published_order(corpus, row, sentence):
    assert corpus["sentence"].iloc[row] == sentence


def test_one_sentence_filled_by_hand():
    template = (
        "<person subject> found himself/herself in a/an <emotional situation word> situation."
    )
    assert (
        eec.sentence(template, "she", "female", "amazing")
        == "She found herself in an amazing situation."
    )
    assert (
        eec.sentence(template, "my dad", "male", "grim")
        == "My dad found himself in a grim situation."
    )


def test_ids_are_unique_and_the_hash_of_the_sentence(corpus):
    assert corpus["id"].is_unique
    assert corpus["sentence"].is_unique
    assert corpus["id"].iloc[0] == hashlib.sha256(b"Alonzo feels angry.").hexdigest()[:16]
    assert text_id("café") == hashlib.sha256("café".encode()).hexdigest()[:16]


def test_corpus_survives_its_file(corpus, tmp_path):
    tables.write(corpus, tmp_path / "eec.csv", schemas.EEC)
    pd.testing.assert_frame_equal(tables.read(tmp_path / "eec.csv", schemas.EEC), corpus)


def test_equal_to_the_published_file_but_for_its_ids(corpus):
    if not PUBLISHED.is_file():
        pytest.skip(f"the published corpus is not beside this checkout ({PUBLISHED})")
    published = pd.read_csv(PUBLISHED, dtype=str, keep_default_na=False).drop(columns="ID")
    published.columns = [name.lower().replace(" ", "_") for name in published.columns]
    pd.testing.assert_frame_equal(corpus.drop(columns="id"), published)
