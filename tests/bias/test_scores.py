"""Scores from anybody's file: matched by sentence or id, and every fault named with its file."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias import scores
from bias_transfer.corpora import eec
from bias_transfer.io.errors import InputError


@pytest.fixture(scope="module")
def corpus():
    generated = eec.generate()
    return generated.assign(score=np.random.default_rng(0).random(len(generated)))


@pytest.fixture
def table(corpus):
    return corpus[["sentence", "score"]].copy()


def save(frame, path):
    frame.to_parquet(path, index=False) if path.suffix == ".parquet" else frame.to_csv(
        path, index=False
    )
    return path


def read_error(path):
    with pytest.raises(InputError) as caught:
        scores.read(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert len(message) < len(str(path)) + 500
    return message


def error_of(frame, tmp_path):
    return read_error(save(frame, tmp_path / "theirs.csv"))


def assert_matched(read, corpus):
    assert read["sentence"].tolist() == corpus["sentence"].tolist()
    assert read["score"].dtype == np.float64
    assert (read["score"].to_numpy() == corpus["score"].to_numpy()).all()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("key", ["sentence", "id"])
def test_matched_whatever_the_order_of_the_rows(corpus, tmp_path, key, suffix):
    shuffled = corpus[[key, "score"]].sample(frac=1, random_state=5)
    assert shuffled["score"].tolist() != corpus["score"].tolist()
    assert_matched(scores.read(save(shuffled, tmp_path / f"theirs.{suffix}")), corpus)


@pytest.mark.parametrize(
    "name",
    [
        "label_1",
        "pos_prob",
        "p_positive",
        "prob_positive",
        "positive",
        "score",
        "1",
        "Positive",
        "SCORE",
    ],
)
def test_usual_names_of_the_score(corpus, name):
    frame = corpus[["sentence", "score"]].rename(columns={"score": name})
    assert_matched(scores.match(frame, "theirs.csv"), corpus)


def test_score_column_named_by_a_number(corpus):
    frame = (
        corpus[["sentence", "score"]]
        .rename(columns={"score": 1})
        .assign(**{"0": 1 - corpus["score"]})
    )
    assert_matched(scores.match(frame, "theirs.csv"), corpus)


@pytest.mark.parametrize("name", ["sentence", "text", "Sentence", "TEXT"])
def test_usual_names_of_the_sentence(corpus, name):
    frame = corpus[["sentence", "score"]].rename(columns={"sentence": name})
    assert_matched(scores.match(frame, "theirs.csv"), corpus)


def test_ids_of_another_kind_do_not_matter_beside_the_sentence(corpus):
    frame = corpus[["sentence", "score"]].assign(
        ID=[f"2018-En-mystery-{i:05d}" for i in range(len(corpus))]
    )
    assert_matched(scores.match(frame, "theirs.csv"), corpus)


def test_emotions_that_the_file_lacks_are_marked(corpus):
    frame = corpus[["sentence", "score"]].assign(
        emotion=corpus["emotion"].where(corpus["emotion"] != "")
    )
    missing = scores.match(frame, "theirs.csv")["emotion_missing"]
    assert missing.sum() == 240
    assert (missing == (corpus["emotion"] == "")).all()
    assert not scores.match(corpus[["sentence", "emotion", "score"]], "theirs.csv")[
        "emotion_missing"
    ].any()
    assert not scores.match(corpus[["sentence", "score"]], "theirs.csv")["emotion_missing"].any()


def test_float32_scores_become_float64(corpus):
    frame = corpus[["sentence", "score"]].astype({"score": np.float32})
    read = scores.match(frame, "theirs.parquet")
    assert read["score"].dtype == np.float64
    assert (read["score"] == corpus["score"].astype(np.float32).astype(np.float64)).all()


@pytest.mark.parametrize("edge", [0.0, 1.0])
def test_edges_are_probabilities(table, edge):
    table.loc[0, "score"] = edge
    assert scores.match(table, "theirs.csv")["score"].iloc[0] == edge


def test_one_sentence_missing(table, tmp_path):
    message = error_of(table.drop(index=20), tmp_path)
    assert ": 1 " in message
    assert "missing" in message
    assert "'Jamel feels angry.'" in message


def test_many_sentences_missing_are_counted_and_the_first_three_named(table, tmp_path):
    message = error_of(table.drop(index=range(10)), tmp_path)
    assert ": 10 sentences" in message
    assert message.count("Alonzo feels") == 3
    assert message.endswith(": score each of the corpus's 8640 sentences, word for word")


def test_one_sentence_twice(table, tmp_path):
    message = error_of(pd.concat([table, table.iloc[[20]]]), tmp_path)
    assert ": 1 " in message
    assert "twice" in message
    assert "'Jamel feels angry.'" in message


def test_one_sentence_twice_in_the_place_of_another(table, tmp_path):
    table.loc[21, "sentence"] = table.loc[20, "sentence"]
    assert "twice" in error_of(table, tmp_path)


@pytest.mark.parametrize(
    "altered", ["jamel feels angry.", "Jamel feels angry", "Jamel feels angry. "]
)
def test_one_sentence_altered(table, tmp_path, altered):
    table.loc[20, "sentence"] = altered
    message = error_of(table, tmp_path)
    assert ": 1 " in message
    assert "not in the corpus" in message
    assert repr(altered) in message


def test_ids_of_another_kind_are_refused(corpus, tmp_path):
    frame = corpus[["score"]].assign(id=[f"2018-En-mystery-{i:05d}" for i in range(len(corpus))])
    message = error_of(frame, tmp_path)
    assert "8640" in message
    assert "2018-En-mystery-00000" in message


@pytest.mark.parametrize(
    ("value", "shown"),
    [(np.nan, "nan"), (1.25, "1.25"), (-0.001, "-0.001"), (np.inf, "inf"), (73.0, "73")],
)
def test_score_that_is_no_probability(table, tmp_path, value, shown):
    table.loc[[3, 7], "score"] = value
    message = error_of(table, tmp_path)
    assert "row 5," in message
    assert "column 'score'" in message
    assert shown in message
    assert "2" in message.split("between 0 and 1")[1]
    assert "np." not in message


def test_rows_of_a_parquet_file_are_counted_from_1(table, tmp_path):
    table.loc[3, "score"] = 2.0
    assert "row 4," in read_error(save(table, tmp_path / "theirs.parquet"))


def test_rows_of_a_table_at_hand_are_named_by_its_index(table):
    named = table.assign(score=2.0).set_axis([f"s{n}" for n in range(len(table))])
    with pytest.raises(InputError, match=r"mine, row s0, column 'score': '2\.0' is not"):
        scores.match(named, "mine")


def test_nothing_in_a_nullable_column_is_no_probability(table, tmp_path):
    table["score"] = table["score"].astype("Float64")
    table.loc[3, "score"] = pd.NA
    assert "row 4," in read_error(save(table, tmp_path / "theirs.parquet"))


def test_score_in_words(table, tmp_path):
    message = error_of(table.assign(score="positive"), tmp_path)
    assert "row 2," in message
    assert "'positive'" in message
    assert "8640" in message


def test_no_score_column_lists_the_names_looked_for_and_those_there_are(table, tmp_path):
    message = error_of(table.rename(columns={"score": "confidence"}), tmp_path)
    assert "no score column" in message
    assert "label_1" in message
    assert "confidence" in message
    assert "--score COLUMN" in message


def test_no_sentence_column_lists_the_names_looked_for(table, tmp_path):
    message = error_of(table.rename(columns={"sentence": "phrase"}), tmp_path)
    assert "no sentence column" in message
    assert "looked for sentence" in message
    assert "phrase" in message


@pytest.mark.parametrize("second", ["label_1", "pos_prob", "Score"])
def test_two_columns_that_could_be_the_score(table, tmp_path, second):
    message = error_of(table.assign(**{second: 0.5}), tmp_path)
    assert "2 columns could be the score" in message
    assert "--score COLUMN" in message
    assert second in message


@pytest.mark.parametrize("second", ["text", "Sentence"])
def test_two_columns_that_could_be_the_sentence(table, tmp_path, second):
    message = error_of(table.assign(**{second: "x"}), tmp_path)
    assert "2 columns could be the sentence" in message
    assert second in message


def test_file_with_columns_but_no_rows(table, tmp_path):
    assert "has no rows (columns: sentence, score)" in error_of(table.iloc[:0], tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", bytes(range(256)) * 20, b'sentence,score\n"open', b"a,b\n1,2,3\n4\n"]
)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_file_that_is_no_table(tmp_path, content, suffix):
    path = tmp_path / f"theirs.{suffix}"
    path.write_bytes(content)
    message = read_error(path)
    assert "cannot be read" in message or "no score column" in message
    assert "deprecated" not in message


@pytest.mark.parametrize("name", ["none.csv", "none.parquet", "folder/none.csv"])
def test_missing_file(tmp_path, name):
    assert "missing" in read_error(tmp_path / name)


def test_folder_in_the_place_of_a_file(tmp_path):
    assert "cannot be read" in read_error(tmp_path)


def test_two_probabilities_that_do_not_sum_to_1_are_refused(corpus):
    frame = corpus[["sentence", "score"]].assign(label_0=1 - corpus["score"])
    frame.loc[3, "label_0"] += 0.1
    with pytest.raises(InputError, match=r"mine, row 3: .* do not sum to 1 \(1 such rows\)"):
        scores.match(frame, "mine")


def test_negative_probability_is_between_0_and_1_too(corpus):
    frame = corpus[["sentence", "score"]].assign(label_0=1 - corpus["score"])
    frame.loc[3, ["score", "label_0"]] = 1, -5e-4  # within what may be missing from a sum of 1
    with pytest.raises(InputError, match=r"mine, row 3, column 'label_0': .*: give P\(negative\)"):
        scores.match(frame, "mine")
    frame.loc[3, "label_0"] = -1e-12
    assert scores.match(frame, "mine")["score"].max() == 1


@pytest.mark.parametrize("name", ["confidence", "Score ", "negative"])
def test_score_column_that_is_named(corpus, name):
    frame = corpus[["sentence", "score"]].rename(columns={"score": name})
    assert_matched(scores.match(frame, "theirs.csv", score=name), corpus)


def test_score_column_that_is_named_goes_before_a_usual_one(corpus, tmp_path):
    frame = corpus[["sentence", "score"]].assign(pos_prob=0.5)
    assert_matched(scores.read(save(frame, tmp_path / "theirs.csv"), score="score"), corpus)
    assert (scores.match(frame, "theirs.csv", score="pos_prob")["score"] == 0.5).all()


@pytest.mark.parametrize("name", ["confidence", "SCORE"])
def test_score_column_that_is_not_there(table, name):
    with pytest.raises(
        InputError, match=rf"theirs.csv: no column '{name}'.* \(columns: sentence, score\)"
    ):
        scores.match(table, "theirs.csv", score=name)


def test_named_score_is_held_to_the_one_negative_column(corpus):
    frame = corpus[["sentence"]].assign(mine=corpus["score"], label_0=1 - corpus["score"])
    assert_matched(scores.match(frame, "theirs.csv", score="mine"), corpus)
    with pytest.raises(InputError, match="do not sum to 1"):
        scores.match(frame.assign(label_0=corpus["score"]), "theirs.csv", score="mine")


def test_named_score_is_not_held_to_one_of_two_negative_columns(corpus):
    frame = corpus[["sentence"]].assign(mine=corpus["score"], label_0=0.3, neg_prob=0.4)
    assert_matched(scores.match(frame, "theirs.csv", score="mine"), corpus)
    with pytest.raises(InputError, match="2 columns could be the P"):
        scores.match(frame.rename(columns={"mine": "score"}), "theirs.csv")


def test_log_odds_rest_on_the_negative_column_where_there_is_one(corpus):
    """Rounding to 1 - P(positive) would lose them near 1."""
    frame = corpus[["sentence"]].assign(label_1=1.0, label_0=1e-20)
    np.testing.assert_allclose(
        scores.match(frame, "theirs.csv")["log_odds"], 20 * np.log(10), rtol=1e-12
    )
    assert np.isposinf(scores.match(frame[["sentence", "label_1"]], "theirs.csv")["log_odds"]).all()


def test_many_columns_are_listed_in_one_short_line(table, tmp_path):
    wide = table.rename(columns={"score": "two\nlines"}).assign(
        **{f"column-{i}" * 9: 0 for i in range(40)}
    )
    assert "30 more" in error_of(wide, tmp_path)
