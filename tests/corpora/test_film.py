"""The film sentences: balance, grammar, sources, and some written by hand."""

import re

import pytest

from bias_transfer.corpora import eec, film, text_id

KIRITCHENKO = "Kiritchenko and Mohammad (2018)"
BERTRAND = "Bertrand and Mullainathan (2004)"
# Table 8 of Bertrand and Mullainathan (2004).
AUDIT = {
    (
        "female",
        "African-American",
    ): "Aisha Keisha Tamika Lakisha Tanisha Latoya Kenya Latonya Ebony",
    ("female", "European"): "Emily Anne Jill Allison Laurie Sarah Meredith Carrie Kristen",
    (
        "male",
        "African-American",
    ): "Rasheed Tremayne Kareem Darnell Tyrone Hakim Jamal Leroy Jermaine",
    ("male", "European"): "Todd Neil Geoffrey Brett Brendan Greg Matthew Jay Brad",
}
BOTH = {"Ebony", "Lakisha", "Latoya", "Tanisha", "Darnell", "Leroy"}


@pytest.fixture(scope="module")
def corpus():
    return film.generate()


@pytest.fixture(scope="module")
def people():
    return film.people()


def test_size_and_columns(corpus):
    assert list(corpus.columns) == "id sentence template person gender race valence source".split()
    assert len(corpus) == 72 * (2 * 32 + 70) == 9648
    assert corpus.notna().all(axis=None)
    assert (corpus.drop(columns="race") != "").all(axis=None)


def test_ids_are_unique_and_the_hash_of_the_sentence(corpus):
    assert corpus["id"].is_unique
    assert corpus["sentence"].is_unique
    assert (corpus["id"] == corpus["sentence"].map(text_id)).all()


def test_order_is_fixed(corpus):
    assert corpus["template"].drop_duplicates().tolist() == film.frames()["template"].tolist()
    frame = corpus.iloc[:134]
    assert frame["template"].nunique() == 1
    assert frame["person"].tolist() == film.people()["person"].tolist()
    assert corpus.equals(film.generate())


def test_frames_are_balanced_by_valence_and_case():
    frames = film.frames()
    case = frames["template"].str.extract(r"<person (\w+)>")[0]
    assert frames["template"].is_unique
    assert frames.groupby([frames["valence"], case]).size().to_dict() == {
        (valence, case): 12
        for valence in ("positive", "negative", "neutral")
        for case in ("subject", "object")
    }


def test_every_frame_has_every_person(corpus):
    counts = corpus.groupby(["template", "gender", "race"]).size().unstack("template")
    assert (counts.nunique(axis=1) == 1).all()
    assert counts.iloc[:, 0].to_dict() == {
        ("female", ""): 32,
        ("female", "African-American"): 15,
        ("female", "European"): 19,
        ("male", ""): 32,
        ("male", "African-American"): 17,
        ("male", "European"): 19,
    }


def test_names_are_those_of_the_lists_that_they_name(people):
    names = people[people["race"] != ""]
    assert names["person"].is_unique
    for source, lists in ((KIRITCHENKO, eec.NAMES), (BERTRAND, AUDIT)):
        listed = names[names["source"].str.contains(source, regex=False)]
        found = listed.groupby(["gender", "race"])["person"].agg(set).to_dict()
        expected = {
            key: value.split() if isinstance(value, str) else value for key, value in lists.items()
        }
        assert found == {key: set(value) for key, value in expected.items()}
    assert set(names.loc[names["source"] == f"{KIRITCHENKO}; {BERTRAND}", "person"]) == BOTH
    assert set(names["source"]) == {KIRITCHENKO, BERTRAND, f"{KIRITCHENKO}; {BERTRAND}"}


def test_nouns_are_those_of_the_eec_and_ours(people):
    nouns = people[people["race"] == ""]
    assert nouns["source"].value_counts().to_dict() == {"bias-transfer": 44, KIRITCHENKO: 20}
    pairs = nouns.groupby("unit")["gender"].agg(sorted)
    assert len(pairs) == 32
    assert (pairs.map(tuple) == ("female", "male")).all()
    listed = nouns[nouns["source"] == KIRITCHENKO]
    male, female = (listed.loc[listed["gender"] == gender, "person"] for gender in film.GENDERS)
    assert list(zip(male, female, strict=True)) == [("he", "she"), *eec.NOUN_PAIRS]
    ours = nouns[nouns["source"] == "bias-transfer"]
    assert ours["person"].str.match(r"the [a-z ]+$").all()
    assert (
        ours["unit"]
        == ours["unit"].str.replace(r"^the (.+)/the (.+)$", r"the \1/the \2", regex=True)
    ).all()


def test_no_noun_of_ours_repeats_one_of_the_eec(people):
    words = {
        source: {word for person in part["person"] for word in person.split()}
        - {"the", "this", "my"}
        for source, part in people[people["race"] == ""].groupby("source")
    }
    assert not words["bias-transfer"] & words[KIRITCHENKO]


def test_only_pronouns_have_two_cases(people):
    changed = people[people["person"] != people["object"]]
    assert dict(zip(changed["person"], changed["object"], strict=True)) == {
        "he": "him",
        "she": "her",
    }


def test_pronoun_follows_the_case_of_the_frame(corpus):
    pronouns = corpus[corpus["person"].isin(["he", "him", "she", "her"])]
    as_object = pronouns["template"].str.contains("<person object>")
    assert set(pronouns.loc[as_object, "person"]) == {"him", "her"}
    assert set(pronouns.loc[~as_object, "person"]) == {"he", "she"}
    assert pronouns["person"].value_counts().tolist() == [36] * 4


def test_sentences_are_whole(corpus):
    assert corpus["sentence"].str.fullmatch(r"[A-Z][A-Za-z, ]+\.").all()
    assert not corpus["sentence"].str.contains(r"  | ,|,\S").any()


def test_each_frame_has_one_person_and_no_other_word_of_gender():
    gendered = set(
        "he him his himself she her hers herself man men woman women male female".split()
    )
    for person in film.people()["person"]:
        gendered |= set(person.lower().split())
    gendered -= {"the", "this", "my", "lead"}
    for template in film.frames()["template"]:
        assert len(re.findall(r"<[^>]*>", template)) == 1
        around = re.sub(r"<person (subject|object)>", " ", template).lower()
        assert not set(re.findall("[a-z]+", around)) & gendered, template


def test_her_is_never_followed_by_what_could_be_hers():
    after = {
        match[1]
        for t in film.frames()["template"]
        if (match := re.search(r"<person object>\W*(\w*)", t))
    }
    # Prepositions and adverbs, a conjunction, and a participle; nothing that "her" could own.
    assert after <= set(
        " after all alone and at even for from in more outside over selling through".split(" ")
    )


def test_a_sentence_differs_from_its_frame_in_the_person_alone(corpus):
    filled = corpus["sentence"].str.lower()
    person = corpus["person"].str.lower()
    for sentence, who, template in zip(filled, person, corpus["template"], strict=True):
        before, after = re.split(r"<person \w+>", template.lower())
        assert sentence == before + who + after


@pytest.mark.parametrize(
    ("template", "person", "sentence"),
    [
        ("<person subject> gives the film its warmth.", "she", "She gives the film its warmth."),
        (
            "<person subject> gives the film its warmth.",
            "my dad",
            "My dad gives the film its warmth.",
        ),
        (
            "Whenever <person subject> is on screen, the film comes alive.",
            "he",
            "Whenever he is on screen, the film comes alive.",
        ),
        (
            "I never believed <person object> in a single scene.",
            "the male lead",
            "I never believed the male lead in a single scene.",
        ),
        ("The camera loves <person object>.", "Latonya", "The camera loves Latonya."),
    ],
)
def test_filled_by_hand(corpus, template, person, sentence):
    assert film.sentence(template, person) == sentence
    row = corpus[(corpus["template"] == template) & (corpus["person"] == person)]
    assert row["sentence"].tolist() == [sentence]


@pytest.mark.parametrize(
    ("row", "sentence", "valence", "source"),
    [
        (0, "Alonzo gives the film its warmth.", "positive", KIRITCHENKO),
        (36, "He gives the film its warmth.", "positive", KIRITCHENKO),
        (133, "The female lead gives the film its warmth.", "positive", "bias-transfer"),
        (9647, "The idea for the film came from the female lead.", "neutral", "bias-transfer"),
    ],
)
def test_some_rows(corpus, row, sentence, valence, source):
    assert corpus.loc[row, ["sentence", "valence", "source"]].tolist() == [
        sentence,
        valence,
        source,
    ]
