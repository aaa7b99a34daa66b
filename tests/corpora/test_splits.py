"""De-duplication, the split, and leakage."""

from itertools import pairwise

import pandas as pd
import pytest

from bias_transfer.corpora import text_id
from bias_transfer.corpora.splits import lowest_ids, refuse_leakage, split
from bias_transfer.io.errors import InputError


def reviews(n, positive_every=2, half="", prefix="review"):
    """``n`` distinct reviews, one in ``positive_every`` positive."""
    return pd.DataFrame(
        {
            "text": [f"{prefix} {i}" for i in range(n)],
            "label": [int(i % positive_every == 0) for i in range(n)],
            "split": half,
        }
    )


def published(train=20, test=20):
    parts = [reviews(train, half="train", prefix="seen"), reviews(test, half="test", prefix="new")]
    return pd.concat(parts, ignore_index=True)


def with_rows(frame, *rows):
    return pd.concat(
        [frame, pd.DataFrame(rows, columns=["text", "label", "split"])], ignore_index=True
    )


def test_exact_duplicates_are_dropped_and_counted():
    frame = with_rows(reviews(10), ("review 0", 1, ""), ("review 0", 1, ""), ("review 1", 0, ""))
    train, test, counts = split(frame, None, None, seed=0, overlap="refuse")
    assert counts["dropped_duplicates"] == 3
    assert sorted([*train["text"], *test["text"]]) == sorted(reviews(10)["text"])


def test_texts_that_differ_in_case_or_space_are_no_duplicates():
    frame = with_rows(reviews(10), ("Review 0", 1, ""), ("review 0 ", 1, ""))
    train, test, counts = split(frame, None, None, seed=0, overlap="refuse")
    assert counts["dropped_duplicates"] == 0
    assert len(train) + len(test) == 12


def test_columns_and_ids():
    train, test, _ = split(reviews(10), None, None, seed=0, overlap="refuse")
    for part in (train, test):
        assert list(part.columns) == ["id", "text", "label"]
        assert part["id"].tolist() == [text_id(text) for text in part["text"]]
        assert part.index.tolist() == list(range(len(part)))


def test_drawn_split_has_the_sizes_asked_for_and_no_text_in_both():
    train, test, counts = split(reviews(100), 60, 30, seed=0, overlap="refuse")
    assert (len(train), len(test)) == (60, 30)
    assert not set(train["text"]) & set(test["text"])
    assert counts == {
        "split": "resplit",
        "dropped_duplicates": 0,
        "train_negative": 30,
        "train_positive": 30,
        "test_negative": 15,
        "test_positive": 15,
    }


def test_drawn_split_without_sizes_is_a_half_each():
    train, test, _ = split(reviews(40), None, None, seed=0, overlap="refuse")
    assert (len(train), len(test)) == (20, 20)


def test_drawn_split_keeps_the_share_of_the_classes():
    train, test, _ = split(reviews(100, positive_every=5), 50, 25, seed=3, overlap="refuse")
    assert train["label"].sum() == 10
    assert test["label"].sum() == 5


def test_sample_of_a_published_split_keeps_the_halves_and_the_share_of_the_classes():
    frame = pd.concat(
        [reviews(100, 5, "train", "seen"), reviews(100, 4, "test", "new")], ignore_index=True
    )
    train, test, counts = split(frame, 50, 20, seed=0, overlap="refuse")
    assert train["text"].str.startswith("seen").all()
    assert test["text"].str.startswith("new").all()
    assert (len(train), train["label"].sum()) == (50, 10)
    assert (len(test), test["label"].sum()) == (20, 5)
    assert counts["dropped_overlap"] == 0


def test_all_of_a_published_split():
    train, test, _ = split(published(6, 4), None, None, seed=0, overlap="refuse")
    assert sorted(train["text"]) == sorted(f"seen {i}" for i in range(6))
    assert sorted(test["text"]) == sorted(f"new {i}" for i in range(4))


@pytest.mark.parametrize(
    ("frame", "sizes"),
    [(reviews(60), (30, 20)), (published(30, 30), (20, 10)), (published(30, 30), (None, None))],
    ids=["drawn", "sampled", "published"],
)
def test_order_of_the_source_rows_does_not_matter(frame, sizes):
    shuffled = frame.sample(frac=1, random_state=7)
    assert shuffled["text"].tolist() != frame["text"].tolist()
    first, second = (split(rows, *sizes, seed=0, overlap="refuse") for rows in (frame, shuffled))
    pd.testing.assert_frame_equal(first[0], second[0])
    pd.testing.assert_frame_equal(first[1], second[1])


def test_seed_decides_who_is_drawn():
    first, second = (split(reviews(60), 30, 20, seed=seed, overlap="refuse")[0] for seed in (0, 1))
    assert set(first["text"]) != set(second["text"])


@pytest.mark.parametrize("frame", [reviews(60), published(60, 60)], ids=["drawn", "published"])
def test_rows_are_not_sorted_by_label_or_id(frame):
    train, test, _ = split(frame, None, None, seed=0, overlap="refuse")
    for part in (train, test):
        assert not part["label"].is_monotonic_increasing
        assert not part["label"].is_monotonic_decreasing
        assert not part["id"].is_monotonic_increasing


def test_overlap_of_a_published_split_is_refused_and_counted():
    frame = with_rows(published(), ("seen 0", 1, "test"), ("seen 1", 0, "test"))
    with pytest.raises(InputError, match=r"^2 texts.*'seen [01]'.*overlap: drop"):
        split(frame, None, None, seed=0, overlap="refuse")


def test_overlap_of_a_published_split_is_dropped_from_test_and_counted():
    frame = with_rows(published(), ("seen 0", 1, "test"), ("seen 1", 0, "test"))
    train, test, counts = split(frame, None, None, seed=0, overlap="drop")
    assert counts["dropped_overlap"] == 2
    assert counts["dropped_duplicates"] == 0
    assert {"seen 0", "seen 1"} < set(train["text"])
    assert sorted(test["text"]) == sorted(f"new {i}" for i in range(20))


@pytest.mark.parametrize("overlap", ["refuse", "drop"])
@pytest.mark.parametrize("half", ["", "train", "test"])
def test_text_with_both_labels_is_refused(overlap, half):
    frame = published() if half else reviews(20)
    text, label = frame[["text", "label"]].iloc[0]
    with pytest.raises(InputError, match=f"both labels.*{text!r}"):
        split(with_rows(frame, (text, 1 - label, half)), None, None, seed=0, overlap=overlap)


@pytest.mark.parametrize(("train", "test"), [(8, 4), (11, None), (None, 11), (10, None)])
def test_drawn_sizes_that_are_too_large_are_refused(train, test):
    with pytest.raises(InputError, match=r"there are 10: lower train_size or test_size"):
        split(reviews(10), train, test, seed=0, overlap="refuse")


@pytest.mark.parametrize(
    ("train", "test", "named"),
    [(21, None, "train_size"), (None, 21, "test_size")],
    ids=["train", "test"],
)
def test_published_sizes_that_are_too_large_are_refused(train, test, named):
    with pytest.raises(InputError, match=rf"21.*there are 20: lower {named}"):
        split(published(), train, test, seed=0, overlap="refuse")


def test_size_counts_after_duplicates_are_dropped():
    frame = pd.concat([reviews(10), reviews(10)], ignore_index=True)
    with pytest.raises(InputError, match="there are 10"):
        split(frame, 10, 5, seed=0, overlap="refuse")


@pytest.mark.parametrize("frame", [reviews(10), published(10, 10)], ids=["drawn", "published"])
def test_size_too_small_for_both_classes_is_refused_as_bad_input(frame):
    with pytest.raises(InputError, match="by class"):
        split(frame, 1, 4, seed=0, overlap="refuse")


def test_published_sample_that_leaves_too_few_of_a_class_is_refused_as_bad_input():
    with pytest.raises(InputError):
        split(published(10, 10), 9, None, seed=0, overlap="refuse")


@pytest.mark.parametrize(("frame", "whose"), [(reviews(20), "resplit"), (published(), "original")])
@pytest.mark.parametrize("sizes", [(None, None), (6, 4)])
def test_counts_say_whose_the_split_is(frame, whose, sizes):
    assert split(frame, *sizes, seed=0, overlap="refuse")[2]["split"] == whose


@pytest.mark.parametrize("half", ["train", "test"])
def test_published_split_with_an_empty_half_is_refused(half):
    with pytest.raises(InputError, match="train" if half == "test" else "test"):
        split(reviews(10, half=half), None, None, seed=0, overlap="refuse")


def test_leakage_is_refused_with_count_and_first_id():
    train, test, _ = split(reviews(20), 10, 10, seed=0, overlap="refuse")
    leaking = pd.concat([test, train.head(3)], ignore_index=True)
    with pytest.raises(InputError, match=rf"^3 reviews.*{train['id'].iloc[0]}"):
        refuse_leakage(train, leaking)


def test_clean_halves_pass():
    train, test, _ = split(reviews(20), 10, 10, seed=0, overlap="refuse")
    refuse_leakage(train, test)
    with pytest.raises(InputError):
        refuse_leakage(train, train)


@pytest.fixture
def halves():
    return split(reviews(200), 100, 100, seed=0, overlap="refuse")


def test_sample_of_lowest_ids_is_that_in_the_order_of_the_frame(halves):
    _, test, _ = halves
    sample = lowest_ids(test, 30)
    assert sorted(sample["id"]) == sorted(test["id"])[:30]
    assert sample.index.is_monotonic_increasing
    assert not sample["id"].is_monotonic_increasing
    pd.testing.assert_frame_equal(sample, test.loc[sample.index])


def test_larger_sample_contains_a_smaller(halves):
    _, test, _ = halves
    samples = [set(lowest_ids(test, size)["id"]) for size in (1, 30, 31, 99, 100)]
    assert [len(sample) for sample in samples] == [1, 30, 31, 99, 100]
    assert all(small < large for small, large in pairwise(samples))


def test_sample_does_not_depend_on_the_order_of_the_rows(halves):
    _, test, _ = halves
    shuffled = test.sample(frac=1, random_state=3)
    assert set(lowest_ids(shuffled, 30)["id"]) == set(lowest_ids(test, 30)["id"])
    assert lowest_ids(shuffled, 30)["id"].tolist() == [
        i for i in shuffled["id"] if i in set(lowest_ids(test, 30)["id"])
    ]


def test_review_of_a_sample_stays_in_it_where_others_leave_the_frame(halves):
    _, test, _ = halves
    kept = set(lowest_ids(test, 30)["id"])
    fewer = test[test["id"].isin(kept) | (test.index % 2 == 0)]
    assert set(lowest_ids(fewer, 30)["id"]) == kept


def test_no_size_is_all(halves):
    _, test, _ = halves
    pd.testing.assert_frame_equal(lowest_ids(test, None), test)
    pd.testing.assert_frame_equal(lowest_ids(test, len(test)), test)


def test_sample_larger_than_the_reviews_is_refused_with_both_numbers(halves):
    _, test, _ = halves
    with pytest.raises(
        InputError, match="labelled_test_size asks for 101 test reviews, but there are 100"
    ):
        lowest_ids(test, 101)
