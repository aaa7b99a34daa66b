"""Where reviews come from: the snippets file and the user's own files."""

import pandas as pd
import pytest

from bias_transfer.corpora import sources
from bias_transfer.io.errors import InputError
from bias_transfer.study.params import Files


def files(**values):
    defaults = {
        "source": "files",
        "text_column": "text",
        "label_column": "label",
        "overlap": "refuse",
        "train_size": None,
        "test_size": None,
        "seed": 0,
        "labelled_test_size": None,
        "labelled_versions": False,
        "swapped_whole": None,
        "placebo_size": None,
    }
    return Files(**defaults | values)


def csv(tmp_path, content, name="reviews.csv"):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return str(path)


def texts(source):
    return source.frame["text"].tolist()


def test_snippets_labels_are_the_sign_of_the_rating():
    source = sources.parse_snippets("1\t2.4\tfine film\n2\t-0.1\tdull film\n3\t0.05\tnot bad\n")
    assert texts(source) == ["fine film", "dull film", "not bad"]
    assert source.frame["label"].tolist() == [1, 0, 1]
    assert source.frame["split"].tolist() == ["", "", ""]


def test_snippets_with_a_rating_of_zero_are_dropped_and_counted():
    source = sources.parse_snippets("1\t0.0\tneither\n2\t1\tgood\n3\t-0\tnor\n")
    assert texts(source) == ["good"]
    assert source.counts == {"read": 3, "repaired": 0, "dropped_neutral": 2}


@pytest.mark.parametrize(
    ("raw", "repaired"),
    [
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("a caf\u00c3\u00a9 noir", "a café noir"),
    ],
)
def test_snippets_entities_and_mojibake_are_repaired_and_counted(raw, repaired):
    source = sources.parse_snippets(f"1\t1\t{raw}\n2\t1\tuntouched\n")
    assert texts(source) == [repaired, "untouched"]
    assert source.counts["repaired"] == 1


def test_snippets_curly_quotes_and_accents_stay_and_do_not_count_as_repaired():
    source = sources.parse_snippets("1\t1\t  “naïve” – it’s ½ good  \n")
    assert texts(source) == ["“naïve” – it’s ½ good"]
    assert source.counts["repaired"] == 0


def test_snippets_text_may_hold_a_tab_and_the_file_may_end_without_a_newline():
    source = sources.parse_snippets("1\t1\tone\ttwo\n2\t-1\tlast")
    assert texts(source) == ["one\ttwo", "last"]


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\x1c", "\x0b"])
def test_snippets_rows_end_at_newlines_only(separator):
    source = sources.parse_snippets(f"1\t1\tone{separator} row\n2\t-1\tanother\n")
    assert source.counts["read"] == 2


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_files_source_without_a_split(tmp_path, suffix):
    frame = pd.DataFrame(
        {"text": ["good", "bad", "null"], "label": [1, 0, 1], "other": [1.5, 2.5, 3.5]}
    )
    path = tmp_path / f"reviews.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    source = sources.load(files(path=str(path)))
    assert source.frame.to_dict("list") == {
        "text": ["good", "bad", "null"],
        "label": [1, 0, 1],
        "split": ["", "", ""],
    }
    assert source.counts == {"read": 3}


def test_files_source_with_other_column_names(tmp_path):
    path = csv(tmp_path, "review,stars\nfine,1\n")
    source = sources.load(files(path=path, text_column="review", label_column="stars"))
    assert source.frame[["text", "label"]].to_numpy().tolist() == [["fine", 1]]


def test_files_source_keeps_texts_that_look_like_missing_values(tmp_path):
    path = csv(tmp_path, "text,label\nNA,0\nnan,1\n007,1\n")
    assert texts(sources.load(files(path=path))) == ["NA", "nan", "007"]


def test_files_source_takes_labels_written_as_floats(tmp_path):
    path = csv(tmp_path, "text,label\na,0.0\nb,1.0\n")
    assert sources.load(files(path=path)).frame["label"].tolist() == [0, 1]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_files_source_with_a_split_column(tmp_path, suffix):
    frame = pd.DataFrame({"text": ["a", "b"], "label": [0, 1], "half": ["test", "train"]})
    path = tmp_path / f"reviews.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    source = sources.load(files(path=str(path), split_column="half"))
    assert source.frame["split"].tolist() == ["test", "train"]


def test_files_source_with_one_file_a_half(tmp_path):
    train = csv(tmp_path, "text,label\na,0\nb,1\n", "train.csv")
    test = csv(tmp_path, "text,label\nc,1\n", "test.csv")
    source = sources.load(files(train=train, test=test))
    assert source.frame["split"].tolist() == ["train", "train", "test"]
    assert texts(source) == ["a", "b", "c"]
    assert source.counts == {"read": 3}


@pytest.mark.parametrize("split_column", [None, "half"])
def test_several_tables_are_read_as_if_they_were_one(tmp_path, split_column):
    """Of either kind, and with the columns of one in another order."""
    frame = pd.DataFrame(
        {"text": list("abcde"), "label": [0, 1, 0, 1, 1], "half": ["train"] * 3 + ["test"] * 2}
    )
    whole, first, second = (
        str(tmp_path / name) for name in ("whole.csv", "first.csv", "second.parquet")
    )
    frame.to_csv(whole, index=False)
    frame[:3].to_csv(first, index=False)
    frame[["half", "label", "text"]][3:].to_parquet(second, index=False)
    one, two = (
        sources.load(files(path=path, split_column=split_column))
        for path in (whole, (first, second))
    )
    pd.testing.assert_frame_equal(two.frame, one.frame)
    assert two.counts == one.counts == {"read": 5}
    assert texts(sources.load(files(path=(second, first), split_column=split_column))) == list(
        "deabc"
    )
    pd.testing.assert_frame_equal(
        sources.load(files(path=(whole,), split_column=split_column)).frame, one.frame
    )


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("text,label,half\nfine,7,train\n", "row 2, column 'label'"),
        ("text,half\nfine,train\n", "column 'label' is missing"),
        ("text,label\nfine,1\n", "column 'half' is missing"),
        ("text,label,half\nfine,1,dev\n", "'dev' is neither 'train' nor 'test'"),
        ("text,label,half\n", "has no rows"),
        (None, "is missing"),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_table_of_several_that_is_at_fault_is_named(tmp_path, content, part, place):
    good = csv(tmp_path, "text,label,half\na,0,train\nb,1,test\n", "good.csv")
    bad = str(tmp_path / "bad.csv") if content is None else csv(tmp_path, content, "bad.csv")
    paths = [good, good]
    paths[place] = bad
    with pytest.raises(InputError, match=part) as caught:
        sources.load(files(path=paths, split_column="half"))
    assert bad in str(caught.value)
    assert good not in str(caught.value)


def test_files_source_from_an_fsspec_url():
    import fsspec

    with fsspec.open("memory://bias-transfer-test/reviews.csv", "w") as stream:
        stream.write("text,label\nfrom a store,1\n")
    assert texts(sources.load(files(path="memory://bias-transfer-test/reviews.csv"))) == [
        "from a store"
    ]


@pytest.mark.parametrize(
    ("content", "column", "row"),
    [
        ("text,label\nfine,1\nodd,2\n", "label", 3),
        ("text,label\nfine,1\nodd,\n", "label", 3),
        ("text,label\nfine,1\nodd,0.5\n", "label", 3),
        ("text,label\nfine,positive\n", "label", 2),
        ("text,label\nfine,1\n   ,0\n", "text", 3),
        ('text,label\n"",0\n', "text", 2),
    ],
    ids=["label 2", "no label", "label 0.5", "label in words", "blank text", "empty text"],
)
def test_bad_rows_are_refused_with_file_row_and_column(tmp_path, content, column, row):
    path = csv(tmp_path, content)
    with pytest.raises(InputError) as caught:
        sources.load(files(path=path))
    message = str(caught.value)
    assert message.startswith(path)
    assert f"row {row}," in message
    assert repr(column) in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("frame", "column"),
    [
        ({"text": ["a", "b"], "label": [1.0, float("nan")]}, "label"),
        ({"text": ["a", None], "label": [1, 0]}, "text"),
    ],
    ids=["NaN label", "null text"],
)
def test_missing_values_in_parquet_are_refused_in_plain_words(tmp_path, frame, column):
    path = tmp_path / "reviews.parquet"
    pd.DataFrame(frame).to_parquet(path)
    with pytest.raises(InputError, match=f"row 3.*{column!r}") as caught:
        sources.load(files(path=str(path)))
    assert "np." not in str(caught.value)


def test_bad_rows_are_counted(tmp_path):
    path = csv(tmp_path, "text,label\na,1\nb,7\nc,8\nd,9\n")
    with pytest.raises(InputError, match=r"row 3.*'7'.*[23]"):
        sources.load(files(path=path))


@pytest.mark.parametrize("missing", ["text", "label", "half"])
def test_missing_column_is_named_beside_those_there_are(tmp_path, missing):
    columns = [name for name in ("text", "label", "half", "spare") if name != missing]
    path = csv(tmp_path, ",".join(columns) + "\n1,1,1\n")
    with pytest.raises(InputError) as caught:
        sources.load(files(path=path, split_column="half"))
    assert str(caught.value).startswith(path)
    assert repr(missing) in str(caught.value)
    assert "spare" in str(caught.value)


@pytest.mark.parametrize("value", ["dev", "Train", ""])
def test_split_must_be_train_or_test(tmp_path, value):
    path = csv(tmp_path, f"text,label,half\na,0,train\nb,1,{value}\n")
    with pytest.raises(InputError) as caught:
        sources.load(files(path=path, split_column="half"))
    for part in (path, "'half'", repr(value), "train", "test"):
        assert part in str(caught.value)


@pytest.mark.parametrize("name", ["none.csv", "none.parquet"])
def test_missing_file_is_named(tmp_path, name):
    path = str(tmp_path / name)
    with pytest.raises(InputError, match="missing") as caught:
        sources.load(files(path=path))
    assert path in str(caught.value)


@pytest.mark.parametrize("name", ["broken.csv", "broken.parquet"])
def test_file_that_is_no_table_is_named(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"\xff\xfe\x00 no table \xff" * 5)
    with pytest.raises(InputError, match="cannot be read") as caught:
        sources.load(files(path=str(path)))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "text,label\n"], ids=["empty file", "header only"])
def test_file_without_rows_is_refused(tmp_path, content):
    path = csv(tmp_path, content)
    with pytest.raises(InputError) as caught:
        sources.load(files(path=path))
    assert path in str(caught.value)


def test_url_of_an_unknown_store_is_refused():
    with pytest.raises(InputError, match=r"nosuchstore://bucket/reviews.parquet"):
        sources.load(files(path="nosuchstore://bucket/reviews.parquet"))
