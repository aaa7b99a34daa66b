"""Files that cross a stage: nothing is lost, faults are named, and a file is whole or not there."""

import json

import numpy as np
import pandas as pd
import pytest

from bias_transfer.corpora import text_id
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError

FIRST, SECOND = "0" * 16, "1" * 16
AWKWARD_TEXTS = [
    "NA",
    "null",
    "None",
    "nan",
    "-inf",
    "007",
    "1e5",
    'she said "no"',
    '"',
    "two\nlines",
    "carriage\r\nreturn",
    "lone\rreturn",
    "emoji 😀 and é",
    "a,b;c\td",
    "  spaces around  ",
    "# no comment",
    "'=1+1",
    "\ufeffmark",
    "line\u2028separator",
]


def predictions(positive):
    positive = np.asarray(positive, dtype=np.float64)
    ids = [text_id(str(i)) for i in range(len(positive))]
    return pd.DataFrame({"id": ids, "label_0": 1 - positive, "label_1": positive})


def reviews(texts):
    return pd.DataFrame(
        {"id": [text_id(text) for text in texts], "text": texts, "label": [1] * len(texts)}
    )


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


def read_error(path, schema):
    with pytest.raises(InputError) as caught:
        tables.read(path, schema)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


def read_error_of(tmp_path, content, schema):
    path = tmp_path / "table.csv"
    path.write_text(content, encoding="utf-8")
    return read_error(path, schema)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_round_trip_keeps_every_digit_of_a_float(tmp_path, suffix):
    rng = np.random.default_rng(0)
    tiny = 10.0 ** -rng.uniform(0, 307, 500)
    edges = [0.0, 1.0, 0.1, 1 / 3, np.nextafter(1, 0), 5e-324, 2.2250738585072014e-308]
    frame = predictions(np.concatenate([rng.random(2000), tiny, edges]))
    path = tmp_path / f"scores.{suffix}"
    tables.write(frame, path, schemas.PREDICTIONS)
    back = tables.read(path, schemas.PREDICTIONS)
    assert back["label_1"].dtype == np.float64
    assert (back["label_1"].to_numpy().view("i8") == frame["label_1"].to_numpy().view("i8")).all()
    assert (back["label_0"].to_numpy().view("i8") == frame["label_0"].to_numpy().view("i8")).all()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("text", AWKWARD_TEXTS)
def test_round_trip_keeps_awkward_text(tmp_path, suffix, text):
    path = tmp_path / f"reviews.{suffix}"
    tables.write(reviews([text, "plain"]), path, schemas.REVIEWS)
    assert tables.read(path, schemas.REVIEWS)["text"].tolist() == [text, "plain"]


def test_round_trip_without_schema_keeps_digits(tmp_path):
    values = np.random.default_rng(1).random(1000)
    tables.write(pd.DataFrame({"x": values}), tmp_path / "table.csv")
    assert (pd.read_csv(tmp_path / "table.csv")["x"].to_numpy() == values).all()


def test_columns_are_written_in_the_order_of_the_schema(tmp_path):
    tables.write(
        predictions([0.25])[["label_1", "id", "label_0"]], tmp_path / "a.csv", schemas.PREDICTIONS
    )
    assert (tmp_path / "a.csv").read_bytes().startswith(b"id,label_0,label_1\n")


@pytest.mark.parametrize(
    ("schema", "content", "row", "column"),
    [
        (schemas.REVIEWS, f"id,text,label\n{FIRST},a,0\n{SECOND},b,2\n", 3, "label"),
        (schemas.REVIEWS, f"id,text,label\n{FIRST},a,0\n{SECOND},,1\n", 3, "text"),
        (schemas.REVIEWS, f"id,text,label\n{FIRST},a,0\n{SECOND},   ,1\n", 3, "text"),
        (schemas.REVIEWS, f"id,text,label\n{FIRST},a,0\nnot-an-id,b,1\n", 3, "id"),
        (schemas.REVIEWS, f"id,text,label\n{FIRST},a,0\n{FIRST},b,1\n", 2, "id"),
        (schemas.REVIEWS, f"id,text,label\n{FIRST},a,0\n{SECOND},b,\n", 3, "label"),
        (schemas.REVIEWS, f"id,text,label\n{FIRST},a,0\n{SECOND},b,good\n", 3, "label"),
        (
            schemas.PREDICTIONS,
            f"id,label_0,label_1\n{FIRST},0.1,0.9\n{SECOND},-0.1,1.1\n",
            3,
            "label_0",
        ),
        (
            schemas.PREDICTIONS,
            f"id,label_0,label_1\n{FIRST},0.1,0.9\n{SECOND},0.5,\n",
            3,
            "label_1",
        ),
        (
            schemas.PREDICTIONS,
            f"id,label_0,label_1\n{FIRST},0.1,0.9\n{SECOND},inf,1.0\n",
            3,
            "label_0",
        ),
        (schemas.LABELS, f"id,label_0,label_1,label_mass\n{FIRST},0.1,0.9,1.5\n", 2, "label_mass"),
    ],
    ids=[
        "label 2",
        "empty text",
        "blank text",
        "bad id",
        "id twice",
        "no label",
        "label in words",
        "negative probability",
        "missing probability",
        "infinite probability",
        "mass above 1",
    ],
)
def test_fault_names_file_row_and_column(tmp_path, schema, content, row, column):
    message = read_error_of(tmp_path, content, schema)
    assert f"row {row}," in message
    assert f"column {column!r}" in message
    assert "np." not in message


def test_probabilities_that_do_not_sum_to_1_are_refused_by_row(tmp_path):
    content = f"id,label_0,label_1\n{FIRST},0.1,0.9\n{SECOND},0.5,0.6\n"
    message = read_error_of(tmp_path, content, schemas.PREDICTIONS)
    assert "row 3" in message
    assert "sum to 1" in message
    assert "'id'" not in message


def test_rounded_probabilities_pass_within_a_millionth(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"id,label_0,label_1\n{FIRST},0.3333333,0.6666666\n", encoding="utf-8")
    assert len(tables.read(path, schemas.PREDICTIONS)) == 1
    path.write_text(f"id,label_0,label_1\n{FIRST},0.33333,0.66666\n", encoding="utf-8")
    assert "sum to 1" in read_error(path, schemas.PREDICTIONS)


def test_missing_column_is_named_beside_those_there_are(tmp_path):
    message = read_error_of(tmp_path, f"id,spare\n{FIRST},a\n", schemas.REVIEWS)
    assert "'text' is missing" in message
    assert "spare" in message


def test_column_too_many_is_named(tmp_path):
    message = read_error_of(tmp_path, f"id,text,label,spare\n{FIRST},a,0,1\n", schemas.REVIEWS)
    assert "'spare'" in message
    assert "column_in_schema" not in message


@pytest.mark.parametrize(
    "content", ["", "id,text\n1,2,3,4\n5,6,7,8,9\n", '"open'], ids=["empty", "ragged", "quote"]
)
def test_broken_csv_is_named(tmp_path, content):
    assert read_error_of(tmp_path, content, schemas.REVIEWS)


def test_broken_parquet_is_named(tmp_path):
    path = tmp_path / "table.parquet"
    path.write_bytes(b"no parquet")
    assert "cannot be read" in read_error(path, schemas.PREDICTIONS)


@pytest.mark.parametrize("name", ["none.csv", "none.parquet"])
def test_missing_file_says_what_makes_it(tmp_path, name):
    assert "dvc repro" in read_error(tmp_path / name, schemas.REVIEWS)


def breakdown(**changes):
    row = dict.fromkeys(schemas.BREAKDOWN.columns, "a") | {"n_pairs": 3, "mean_difference": 0.5}
    row |= {"ci_low": 0.25, "ci_high": 0.75, "p_clustered": 0.125}
    return pd.DataFrame([row, row | changes])


def test_missing_figures_and_empty_texts_come_back_as_they_were(tmp_path):
    frame = breakdown(mean_difference=None, p_clustered=np.nan, level="")
    tables.write(frame, tmp_path / "table.csv", schemas.BREAKDOWN)
    back = tables.read(tmp_path / "table.csv", schemas.BREAKDOWN)
    assert back["level"].tolist() == ["a", ""]
    assert back.isna().sum().sum() == 2
    assert back.loc[1, ["mean_difference", "p_clustered"]].isna().all()


def test_figures_that_no_row_has_are_numbers_when_read(tmp_path):
    frame = breakdown().assign(mean_difference=None)
    tables.write(frame, tmp_path / "table.csv", schemas.BREAKDOWN)
    back = tables.read(tmp_path / "table.csv", schemas.BREAKDOWN)["mean_difference"]
    assert back.dtype == np.float64
    assert back.isna().all()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("name", ["BIAS", "PAIRS", "TRANSFER", "VARIANTS"])
def test_table_without_rows_keeps_its_columns_and_their_types(tmp_path, suffix, name):
    schema, path = getattr(schemas, name), tmp_path / f"table.{suffix}"
    tables.write(pd.DataFrame(columns=list(schema.columns)), path, schema)
    back = tables.read(path, schema)
    assert len(back) == 0
    assert {name: str(back[name].dtype)[:3] for name in back} == {
        name: str(column.dtype)[:3] for name, column in schema.columns.items()
    }


def test_count_that_may_be_missing_is_a_whole_number_or_nothing(tmp_path):
    row = {"method": "none", "chosen": True, "reason": "", "n": 12}
    table = pd.DataFrame([row, row | {"n": None}]).reindex(
        columns=list(schemas.CALIBRATION.columns)
    )
    path = tmp_path / "table.csv"
    tables.write(table, path, schemas.CALIBRATION)
    place = list(schemas.CALIBRATION.columns).index("n")
    cells = [line.split(",")[place] for line in path.read_text().splitlines()]
    assert cells == ["n", "12", ""]
    assert tables.read(path, schemas.CALIBRATION)["n"].tolist() == pytest.approx(
        [12.0, np.nan], nan_ok=True
    )


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("p_clustered", "1.5", "must be between 0 and 1 (1.5)"),
        ("n_pairs", "-1", "must be 0 or more (-1)"),
        ("n_pairs", "1.5", "must be of type int64"),
        ("n_pairs", "", "is missing"),
        ("mean_difference", "high", "must be of type float64 (high)"),
    ],
)
def test_faulty_figure_of_a_report_is_named(tmp_path, column, value, fault):
    path = tmp_path / "table.csv"
    tables.write(breakdown().astype(object).assign(**{column: ["0", value]}), path)
    message = read_error(path, schemas.BREAKDOWN)
    assert f"column '{column}': {fault}" in message
    assert "int64" in fault or "row 3" in message
    assert "nan" not in message


def test_writer_refuses_what_the_reader_would_refuse(tmp_path):
    frame = predictions([0.2, 0.4]).assign(label_0=[0.8, 0.7])
    with pytest.raises(InputError, match=r"row 3.*sum to 1"):
        tables.write(frame, tmp_path / "bad.csv", schemas.PREDICTIONS)
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    "error", [RuntimeError("stopped"), KeyboardInterrupt(), OSError(28, "No space left")]
)
def test_interrupted_writer_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "table.csv"
    tables.write_text("old", path)
    expected = InputError if isinstance(error, OSError) else type(error)

    def write() -> None:
        with tables.atomic_write(path) as temporary:
            temporary.write_text("half of the n", encoding="utf-8")
            assert path.read_text(encoding="utf-8") == "old"
            raise error

    with pytest.raises(expected):
        write()
    assert path.read_text(encoding="utf-8") == "old"
    assert files_in(tmp_path) == ["table.csv"]


def test_writer_that_fails_midway_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "table.parquet"
    tables.write(predictions([0.5]), path, schemas.PREDICTIONS)
    before = path.read_bytes()
    unwritable = pd.DataFrame({"mixed": [1, "two", object()]})
    with pytest.raises(Exception, match=r"[Cc]o(uld not|nver)"):
        tables.write(unwritable, path)
    assert path.read_bytes() == before
    assert files_in(tmp_path) == ["table.parquet"]


def test_whole_file_replaces_the_old_one_and_makes_folders(tmp_path):
    path = tmp_path / "deep" / "er" / "note.txt"
    tables.write_text("one", path)
    tables.write_text("two é", path)
    assert path.read_bytes() == "two é".encode()
    assert files_in(path.parent) == ["note.txt"]


def test_reader_of_the_old_file_never_sees_the_new_one_half_written(tmp_path):
    path = tmp_path / "note.txt"
    tables.write_text("old", path)
    with path.open(encoding="utf-8") as reader:
        tables.write_text("new", path)
        assert reader.read() == "old"
    assert path.read_text(encoding="utf-8") == "new"


# Permission bits do not bind root, a parent that is a file binds everybody.
@pytest.mark.parametrize("below", ["note.csv", "deeper/note.csv"])
def test_folder_that_cannot_be_written_is_a_clear_error(tmp_path, below):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    path = tmp_path / "file" / below
    with pytest.raises(InputError, match="cannot write") as caught:
        tables.write(predictions([0.5]), path, schemas.PREDICTIONS)
    assert str(path) in str(caught.value)


def test_target_that_is_a_folder_is_a_clear_error(tmp_path):
    (tmp_path / "note.csv").mkdir()
    with pytest.raises(InputError, match=r"cannot write .*note\.csv"):
        tables.write_text("text", tmp_path / "note.csv")
    assert files_in(tmp_path) == ["note.csv"]


def test_json_has_null_for_what_is_no_number(tmp_path):
    values = {
        "nan": float("nan"),
        "infinite": np.inf,
        "numpy": {"float": np.float64("nan"), "int": np.int64(3), "half": np.float32(0.5)},
        "list": [1, (float("nan"), "é")],
    }
    tables.write_json(values, tmp_path / "values.json")
    text = (tmp_path / "values.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    assert "é" in text
    expected = {
        "nan": None,
        "infinite": None,
        "numpy": {"float": None, "int": 3, "half": 0.5},
        "list": [1, [None, "é"]],
    }
    assert json.loads(text) == expected
    assert list(json.loads(text)) == list(expected)
    assert tables.read_json(tmp_path / "values.json") == expected


def test_json_keeps_every_digit(tmp_path):
    tables.write_json({"x": 0.1 + 0.2}, tmp_path / "x.json")
    assert tables.read_json(tmp_path / "x.json")["x"] == 0.1 + 0.2


def test_json_that_is_broken_or_missing_is_named(tmp_path):
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"broken\.json"):
        tables.read_json(tmp_path / "broken.json")
    with pytest.raises(InputError, match=r"none\.json is missing"):
        tables.read_json(tmp_path / "none.json")
