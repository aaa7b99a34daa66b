"""Both versions of held-out reviews: what stands in a row, cut passages, and no version twice."""

import pandas as pd
import stubs_of_swaps as stubs

from bias_transfer.corpora import text_id
from bias_transfer.corpora.swaps import edits, held_out, wordlist

TEXTS = [
    "She left her aunt.",
    "A slow film.",
    "He met Maria and the women.",
    "He left his uncle.",
    "One. Two words. She waits for three more words. The end of it.",
]


def reviews(texts=TEXTS) -> pd.DataFrame:
    return pd.DataFrame({"id": map(text_id, texts), "text": texts})


def versions(texts=TEXTS, longest=100) -> pd.DataFrame:
    frame = reviews(texts)
    found = edits.find(frame["text"], wordlist.gendered(), stubs.tagger)
    return held_out.versions(frame, found.assign(rules=1), longest)


def test_a_pair_is_two_rows_that_share_all_but_the_version():
    table = versions()
    assert table["group"].tolist() == ["female", "male"] * 3
    first, second = table.iloc[::2], table.iloc[1::2]
    for name in held_out.SHARED:
        assert first[name].tolist() == second[name].tolist()
    assert first["sentence"].tolist()[:2] == ["She left her aunt.", "She met Maria and the women."]
    assert second["sentence"].tolist()[:2] == ["He left his uncle.", "He met Maria and the men."]
    assert table["id"].tolist() == [text_id(sentence) for sentence in table["sentence"]]
    assert first["pair_id"].tolist() == [text_id(TEXTS[i]) for i in (0, 2, 4)]
    assert first["original"].tolist() == ["female", "mixed", "female"]
    assert first["direction"].tolist() == [1.0, 0.0, 1.0]
    assert first["n_edits"].tolist() == [3, 2, 1]
    assert first["word"].tolist() == ["she/he"] * 3
    assert first["named"].tolist() == [False, True, False]


def test_a_review_with_the_words_of_an_earlier_one_is_left_out():
    assert text_id(TEXTS[3]) not in set(versions()["pair_id"])
    assert text_id(TEXTS[3]) in set(versions(TEXTS[1:])["pair_id"])


def test_a_long_review_is_cut_to_a_passage_around_its_first_word():
    last = versions(longest=6).iloc[-2:]
    assert last["sentence"].tolist() == [
        "She waits for three more words.",
        "He waits for three more words.",
    ]
    assert set(last["n_words"]) == {6}
    assert set(last["pair_id"]) == {text_id(TEXTS[4])}


def test_without_any_word_there_is_no_row():
    assert versions(["A slow film."]).empty


def test_placebo_has_its_own_sides_and_no_names():
    frame = reviews(["A slow film.", "She left her aunt."])
    found = edits.find(frame["text"], wordlist.placebo())
    table = held_out.versions(frame, found, 100)
    assert table["sentence"].tolist() == ["A slow film.", "A slow movie."]
    assert table["group"].tolist() == ["first", "second"]
    assert "named" not in table
