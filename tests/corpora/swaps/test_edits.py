"""Swapping in one pass: both versions, their counts, and a table of edits that applies exactly."""

import io

import pandas as pd
import pytest
import stubs_of_swaps as stubs
from hypothesis import given
from hypothesis import strategies as st

from bias_transfer.corpora import text_id
from bias_transfer.corpora.swaps import edits, matching, wordlist
from bias_transfer.io.errors import InputError

GENDERED, PLACEBO = wordlist.gendered(), wordlist.placebo()
SENTENCES = [
    "She gave him her book, and it was hers, not his.",
    "HIS wife SAW HER. The woman's film is his best.",
    "Maria left her mum; an actress took her.",
    "🙂 he\x00she\tpaid; мать and her sons.",
    "<br />Her name? We never learn. The men's car is his.",
    "No one here.",
]


def frame(texts):
    texts = pd.Series(texts, dtype=object)
    return pd.DataFrame({"id": texts.map(text_id), "text": texts})


def swap(texts, words=GENDERED, tagger=stubs.tagger):
    texts = frame(texts)
    return edits.apply(texts, edits.find(texts["text"], words, tagger))


def both(text, **options):
    row = swap([text], **options).iloc[0]
    return row["female"], row["male"]


@pytest.mark.parametrize(
    ("text", "female", "male"),
    [
        ("She loves her son.", "She loves her daughter.", "He loves his son."),
        ("I saw her.", "I saw her.", "I saw him."),
        ("I saw him.", "I saw her.", "I saw him."),
        ("His is his.", "Her is hers.", "His is his."),
        ("HER mother", "HER mother", "HIS father"),
        ("Her mother", "Her mother", "His father"),
        ("The woman's men", "The woman's women", "The man's men"),
        ("himself, herself", "herself, herself", "himself, himself"),
        ("an actress, my mum", "an actress, my mum", "an actor, my dad"),
    ],
)
def test_both_versions(text, female, male):
    assert both(text) == (female, male)


def test_nothing_is_replaced_twice():
    text = "he she he she him, his her, her"
    female, male = both(text)
    assert female.split() == "she she she she her, her her, her".split()
    assert male.split() == "he he he he him, his him, him".split()


def test_the_original_is_one_version_where_all_its_words_are_of_one_side():
    table = swap(["She left her aunt.", "He left his uncle.", "She left his uncle."])
    assert table["original"].tolist() == ["female", "male", "mixed"]
    assert table["female"][0] == "She left her aunt."
    assert table["male"][1] == "He left his uncle."


def test_counts_edits_and_direction_by_hand():
    row = swap(["She told her son that he snores."]).iloc[0]  # she, her | son, he
    assert (row["n_female"], row["n_male"], row["n_edits"]) == (2, 2, 4)
    assert row["direction"] == 0
    table = swap(["She told her son."])  # (2 - 1) / (2 + 1)
    assert table["direction"].tolist() == [pytest.approx(1 / 3)]
    differing = [
        a != b for a, b in zip(table["female"][0].split(), table["male"][0].split(), strict=True)
    ]
    assert sum(differing) == table["n_edits"][0] == 3


@pytest.mark.parametrize("side", ["female", "male"])
def test_versions_of_unambiguous_words_swap_back(side):
    text = "She and he: a woman, two boys, my sister's wife and HERSELF."
    versions = both(text)
    again = both(versions[side == "male"])
    assert again == versions


def test_a_swapped_female_version_counts_all_its_words_as_female():
    for text in [*SENTENCES, "a cute boy, a call girl, the pretty boy he knew"]:
        for row in swap([text]).to_dict("records"):
            assert matching.count(row["female"], GENDERED)[0] >= 1
            assert matching.count(row["female"], GENDERED)[1] == 0
            assert matching.count(row["male"], GENDERED)[0] == 0


def test_a_named_person_is_noted_and_only_if_the_tagger_looks():
    table = swap(["Maria saw him.", "We saw him."])
    assert table["named"].tolist() == [True, False]
    blind = lambda texts, spans: ((uses, None) for uses, _ in stubs.tagger(texts, spans))  # noqa: E731
    assert "named" not in swap(["Maria saw him."], tagger=blind)


def test_the_table_holds_no_text_and_goes_through_csv_unchanged():
    texts = frame(SENTENCES)
    table = edits.find(texts["text"], GENDERED, stubs.tagger)
    assert list(table.columns) == ["id", "start", "length", "female", "male", "named"]
    again = pd.read_csv(io.StringIO(table.to_csv(index=False)), dtype={"id": str})
    pd.testing.assert_frame_equal(
        edits.apply(texts, again), edits.apply(texts, table), check_dtype=False
    )
    assert set(table["id"]) == set(texts["id"][:-1])


WORDS = ["she", "HE", "Her", "his", "woman", "Man's", "mum", "film", "oh man"]
ODD = ["\x00", "🙂", "я", "é", "-", "'", '"', " ", " ", "\n", ". ", "<br />", "ſ", "İ"]
PIECES = st.sampled_from([*WORDS, *ODD])


@given(st.lists(PIECES | st.text(max_size=3), max_size=30).map("".join))
def test_only_the_words_found_change_in_any_text(text):
    text = text.encode("utf-8", "ignore").decode("utf-8")  # lone surrogates have no hash
    texts = frame([text])
    table = edits.find(texts["text"], GENDERED, stubs.tagger)
    for row in edits.apply(texts, table).to_dict("records"):
        at, back = 0, []
        moved = 0  # how much further the female version is by now
        for start, length, female, _ in table[["start", "length", "female", "male"]].to_numpy():
            assert text[at:start] == row["female"][at + moved : start + moved]
            assert row["female"][start + moved : start + moved + len(female)] == female
            back += [text[at:start], text[start : start + length]]
            at, moved = start + length, moved + len(female) - length
        assert "".join(back) + text[at:] == text
        assert row["female"][at + moved :] == text[at:]


def test_a_text_that_recurs_has_its_edits_once_and_its_versions_each_time():
    texts = frame(["He left.", "He left."])
    table = edits.find(texts["text"], GENDERED, stubs.tagger)
    assert len(table) == 1
    assert edits.apply(texts, table)["female"].tolist() == ["She left."] * 2


def test_a_text_whose_hash_is_not_its_id_is_refused():
    texts = frame(["He left."])
    table = edits.find(texts["text"], GENDERED, stubs.tagger)
    with pytest.raises(InputError, match=f"id {texts['id'][0]}"):
        edits.apply(texts.assign(text="He  left."), table)


@pytest.mark.parametrize(
    "edit", [(1, 2, "she", "he"), (0, 2, "She", "Him"), (40, 2, "she", "he"), (-8, 2, "She", "He")]
)
def test_an_edit_that_does_not_fit_the_text_is_refused(edit):
    with pytest.raises(InputError, match="edit at"):
        edits.versions("He left.", [edit])


def test_overlapping_edits_are_refused():
    with pytest.raises(InputError, match="edit at 0"):
        edits.versions("He left.", [(0, 2, "She", "He"), (0, 2, "She", "He")])


def test_a_table_without_two_sides_is_refused():
    with pytest.raises(InputError, match="two sides"):
        edits.sides_of(pd.DataFrame(columns=["id", "start", "length", "female"]))


def test_no_text_with_a_word_gives_an_empty_table_and_no_versions():
    texts = frame(["Nobody.", ""])
    table = edits.find(texts["text"], GENDERED, stubs.tagger)
    assert table.empty
    assert edits.apply(texts, table).empty


def test_a_list_with_ambiguous_words_needs_a_tagger():
    with pytest.raises(ValueError, match="tagger"):
        edits.find(pd.Series(["I saw her."]), GENDERED)


def test_the_placebo_goes_through_the_same_core_without_a_tagger():
    row = swap(["A big film, a STORY."], PLACEBO, None).iloc[0]
    assert row["first"] == "A big film, a STORY."
    assert row["second"] == "A large movie, a TALE."
    assert (row["n_first"], row["n_second"], row["original"]) == (3, 0, "first")
