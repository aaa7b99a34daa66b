"""Parquet in, parquet out, on a real Ray cluster of this machine."""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from bias_transfer.commands import label_parquet
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.study import params
from bias_transfer.teacher import labels, model
from bias_transfer.teacher.cluster import RayScorer

pytestmark = [
    pytest.mark.usefixtures("local_cluster"),
    pytest.mark.filterwarnings(  # Ray's own; it leaves files to the garbage collector
        "ignore::DeprecationWarning:ray",
        "ignore:The minimum number of concurrent actors:UserWarning",
        "ignore::ResourceWarning",
        "ignore::pytest.PytestUnraisableExceptionWarning",
    ),
]
LABELLING = params.Labelling(engine="transformers", batch_tokens=4096, ray_workers=2)
N = 1500


@pytest.fixture
def reviews(sentences) -> pd.DataFrame:
    words = " ".join(sentences).split()
    texts = [" ".join(words[(i + j) % len(words)] for j in range(1 + i % 4)) for i in range(N)]
    return pd.DataFrame({"id": [f"{i:016x}" for i in range(N)], "text": texts, "stars": 3})


@pytest.fixture
def source(reviews, tmp_path) -> Path:
    """A folder with a note and two files, whose strings and order of columns differ."""
    folder = tmp_path / "source"
    folder.mkdir()
    reviews[:1200].to_parquet(folder / "0.parquet")
    rest = pa.table({name: reviews[name][1200:].tolist() for name in ("text", "id")})
    parquet.write_table(rest, folder / "1.parquet")
    types = [parquet.read_schema(file).field("text").type for file in sorted(folder.iterdir())]
    assert types == [pa.large_string(), pa.string()]
    (folder / "note.txt").write_text("not a table", encoding="utf-8")
    return folder


def run(source, target, teacher) -> int:
    return label_parquet.run(str(source), str(target), teacher, None, LABELLING, "cpu")


def test_labels_are_those_of_the_plain_teacher(source, reviews, tiny_teacher, tmp_path):
    """From inside an archive and to a URL, as from and to any store that fsspec knows."""
    with zipfile.ZipFile(tmp_path / "source.zip", "w") as archive:
        for file in source.iterdir():
            archive.write(file, file.name)
    assert (
        run(f"zip://::file://{tmp_path}/source.zip", f"file://{tmp_path}/target", tiny_teacher())
        == N
    )
    found = pd.read_parquet(tmp_path / "target").sort_values("id", ignore_index=True)
    tables.validate(found, schemas.LABELS, "here")
    assert list(found) == list(schemas.LABELS.columns)

    plain = model.load(tiny_teacher(), None, LABELLING, "cpu")
    batches = plain.score(dict(zip(reviews["id"], reviews["text"], strict=True)))
    expected = labels.to_labels(
        reviews["id"], {name: answer for batch in batches for name, answer in batch.items()}
    )
    assert found["id"].tolist() == expected["id"].tolist()
    np.testing.assert_allclose(found.drop(columns="id"), expected.drop(columns="id"), atol=1e-5)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": ["a"]}, r"2\.parquet: column 'text' is missing \(columns: id\)$"),
        ({"text": ["a"]}, r"2\.parquet: column 'id' is missing \(columns: text\)$"),
        ({"id": ["a"], "text": [1.5]}, r"2\.parquet, column 'text': must be string, not double$"),
        ({"id": [1], "text": ["a"]}, r"2\.parquet, column 'id': must be string, not int64$"),
    ],
    ids=["no text", "no id", "numbers for texts", "another kind of id"],
)
def test_file_that_does_not_fit(source, tiny_teacher, tmp_path, columns, message):
    parquet.write_table(pa.table(columns), source / "2.parquet")
    with pytest.raises(InputError, match=message):
        run(source, tmp_path / "target", tiny_teacher())
    assert not (tmp_path / "target").exists()


def test_file_that_is_not_parquet(source, tiny_teacher, tmp_path):
    (source / "2.parquet").write_text("id,text", encoding="utf-8")
    with pytest.raises(InputError, match=r"2\.parquet cannot be read: "):
        run(source, tmp_path / "target", tiny_teacher())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", r"nowhere holds no parquet files: give one, a folder or a pattern$"),
        ("*.csv", r"\*\.csv holds no parquet files: give one, a folder or a pattern$"),
        ("unknown://x", "unknown://x cannot be opened: .*unknown"),
    ],
)
def test_source_that_is_not_there(tiny_teacher, tmp_path, name, message):
    with pytest.raises(InputError, match=message):
        run(name if "://" in name else tmp_path / name, tmp_path / "target", tiny_teacher())


def test_no_rows(tiny_teacher, tmp_path):
    parquet.write_table(
        pa.table({name: pa.array([], pa.string()) for name in ("id", "text")}),
        tmp_path / "a.parquet",
    )
    with pytest.raises(InputError, match=r"a\.parquet: holds no rows"):
        run(tmp_path / "a.parquet", tmp_path / "target", tiny_teacher())


def test_target_that_holds_files(source, tiny_teacher, tmp_path):
    with pytest.raises(
        InputError, match="source holds files already: choose another folder, or remove it"
    ):
        run(source, source, tiny_teacher())


def test_target_that_cannot_be_written(source, tiny_teacher):
    with pytest.raises(
        InputError, match=r"cannot read .* or write .*note\.txt/target: .*Not a directory"
    ):
        run(source, source / "note.txt" / "target", tiny_teacher())


def test_examples_need_a_pool(source, tiny_teacher, tmp_path):
    teacher = tiny_teacher(examples={"count": 2, "choice": "fixed", "seed": 0})
    with pytest.raises(InputError, match="choose a teacher without examples"):
        run(source, tmp_path / "target", teacher)


@pytest.fixture
def worker(tiny_teacher) -> label_parquet._LabelWorker:
    """What Ray starts, in this process; that its errors arrive is in ``teacher/test_cluster``."""
    return label_parquet._LabelWorker(RayScorer(tiny_teacher(), None, LABELLING, "cpu"), 1)


def test_text_that_is_missing(worker):
    rows = pa.table({"id": ["a", "b"], "text": ["x", None], "path": ["2.parquet"] * 2})
    with pytest.raises(InputError, match=r"^2\.parquet: a row has no text \(its id: b\)$"):
        worker(rows)


def test_duplicate_id(worker):
    with pytest.raises(InputError, match=r"^2\.parquet: id a stands twice$"):
        worker(pa.table({"id": ["a", "a"], "text": ["x", "y"], "path": ["2.parquet"] * 2}))
