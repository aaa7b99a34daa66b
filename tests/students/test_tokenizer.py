"""The word vocabulary: what counts as a word, and which words are kept."""

import numpy as np
import pytest

from bias_transfer.students.student import build
from bias_transfer.students.tokenizer import (
    PAD,
    PAD_ID,
    UNKNOWN,
    encode,
    train_words,
    unknown_words,
)


def words(tokenizer, text: str, max_length: int = 100) -> list[str]:
    return [tokenizer.id_to_token(i) for i in encode(tokenizer, [text], max_length)[0]]


def learnt(tokenizer) -> set[str]:
    return set(tokenizer.get_vocab()) - {PAD, UNKNOWN}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's a GREAT film", ["it's", "a", "great", "film"]),
        ("well-made, funny...and 100% true!", ["well", "made", "funny", "and", "true"]),
        ("  tabs\tand\nlines  ", ["tabs", "and", "lines"]),
        ("rock 'n' roll", ["rock", "'n'", "roll"]),
        ("café", ["caf"]),
        ("K-9 in 3D", ["k", "in", "d"]),
    ],
)
def test_words_are_lower_case_letters_and_apostrophes(text, expected):
    tokenizer = train_words([text], 100, 1)
    assert words(tokenizer, text) == expected
    assert learnt(tokenizer) == set(expected)


def test_unseen_words_become_the_unknown_word():
    tokenizer = train_words(["a fine film"], 100, 1)
    assert words(tokenizer, "A zebra film, Shaniqua?") == ["a", UNKNOWN, "film", UNKNOWN]


def test_padding_and_the_unknown_word_come_first():
    tokenizer = train_words(["a fine film"], 100, 1)
    assert (tokenizer.token_to_id(PAD), tokenizer.token_to_id(UNKNOWN)) == (PAD_ID, 1) == (0, 1)


def test_vocabulary_size_counts_both_and_keeps_the_most_frequent_words():
    text = "one " * 1 + "two " * 2 + "three " * 3 + "four " * 4
    tokenizer = train_words([text], 4, 1)
    assert tokenizer.get_vocab_size() == 4
    assert learnt(tokenizer) == {"three", "four"}
    assert words(tokenizer, "one two three four") == [UNKNOWN, UNKNOWN, "three", "four"]


def test_words_below_the_minimum_frequency_are_unknown():
    texts = ["one two", "two three", "three Three"]
    assert learnt(train_words(texts, 100, 1)) == {"one", "two", "three"}
    assert learnt(train_words(texts, 100, 2)) == {"two", "three"}
    assert learnt(train_words(texts, 100, 3)) == {"three"}


def test_ties_in_frequency_go_by_spelling():
    names = ["delta", "alpha", "echo", "bravo", "charlie"]
    assert learnt(train_words([" ".join(names)], 5, 1)) == {"alpha", "bravo", "charlie"}


def test_same_vocabulary_whatever_the_order_of_the_texts():
    random, letters = np.random.default_rng(0), list("abcdefghijklmnopqrstuvwxyz")
    texts = [" ".join(random.choice(letters, 5)).replace(" ", "", 3) for _ in range(400)]
    first = train_words(texts, 150, 2).to_str()
    for seed in range(3):
        shuffled = np.random.default_rng(seed).permutation(texts).tolist()
        assert shuffled != texts
        assert train_words(shuffled, 150, 2).to_str() == first


def test_texts_are_cut_to_their_first_words_and_never_padded():
    tokenizer = train_words(["a b c d e f"], 100, 1)
    assert words(tokenizer, "a b c d e f", max_length=4) == ["a", "b", "c", "d"]
    assert [len(ids) for ids in encode(tokenizer, ["a b c d e f", "a", ""], 4)] == [4, 1, 0]


def test_longer_cut_after_a_shorter_one_is_not_held_back():
    tokenizer = train_words(["a b c d e f"], 100, 1)
    encode(tokenizer, ["a b c"], 2)
    assert len(encode(tokenizer, ["a b c d e f"], 6)[0]) == 6


@pytest.mark.parametrize("text", ["", "   ", "123 %$!", "日本語", "😀"])
def test_text_without_words_has_no_tokens(text):
    assert encode(train_words(["a fine film"], 100, 1), [text], 10)[0].tolist() == []


def test_names_of_special_tokens_are_ordinary_words_in_a_text():
    tokenizer = train_words(["the pad on the table, the unk"], 100, 1)
    assert words(tokenizer, "the [PAD] [UNK]") == ["the", "pad", "unk"]


@pytest.fixture
def word_student(tiny_student, tmp_path):
    """Folder of a bag of words that knows the words of one sentence."""
    student = build(
        tiny_student("bow"), ["My sister isn't in the market, but Adam's wife is"], seed=0
    )
    student.save(tmp_path)
    return tmp_path


def test_texts_with_an_unknown_word_are_found_among_known_ones(word_student):
    texts = ["my sister", "My SISTER", "my brother", "the", "she", "Latoya"]
    assert unknown_words(word_student, texts) == {"my brother", "she", "Latoya"}


def test_word_with_an_apostrophe_is_another_word(word_student):
    texts = ["isn't", "ISN'T", "isn", "Adam's", "Adam", "adam's wife"]
    assert unknown_words(word_student, texts) == {"isn", "Adam"}


@pytest.mark.parametrize("texts", [[], ["my wife"], ["..."]])
def test_no_unknown_word_is_an_empty_set_and_not_none(word_student, texts):
    assert unknown_words(word_student, texts) == set()


def test_student_that_reads_parts_of_words_knows_no_unknown_words(tiny_encoder):
    assert unknown_words(tiny_encoder, ["Shaniqua", "日本語"]) is None


def test_folder_without_a_tokenizer_has_no_unknown_words(tmp_path):
    assert unknown_words(tmp_path, ["she"]) is None
    assert unknown_words(tmp_path / "nowhere", ["she"]) is None


def test_words_are_looked_up_as_the_saved_tokenizer_does(sentences):
    """Two ways to the same ids: this one, and the one that any reader of tokenizer.json takes."""
    tokenizer = train_words(sentences, 30, 1)
    odd = [
        "",
        "It's A FILM!",
        "don''t — “film”",
        "İstanbul\nthe\tFILM",
        "K\u212am ſtory",
        "[PAD] [UNK]",
        "no.1film2the",
    ]
    texts = [*odd, *sentences]
    found = [ids.tolist() for ids in encode(tokenizer, texts, 8)]
    tokenizer.enable_truncation(8)
    assert found == [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    assert len({tuple(ids) for ids in found}) > 8


def test_many_texts_are_split_as_each_alone(monkeypatch):
    texts = ["It's a film", "", "A fine, FINE film\x00there", "İ K \ud800 é", "   ", "film film"]
    alone = [words(train_words(texts, 100, 1), text) for text in texts]
    whole = train_words(texts, 100, 1)
    monkeypatch.setattr("bias_transfer.students.tokenizer._CHUNK", 2)
    assert train_words(texts, 100, 1).to_str() == whole.to_str()
    assert [[whole.id_to_token(i) for i in ids] for ids in encode(whole, texts, 100)] == alone
    assert alone[2] == ["a", "fine", "fine", "film", "there"]
