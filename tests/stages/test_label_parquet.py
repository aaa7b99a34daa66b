"""Parquet in, parquet out, on a real Ray cluster of this machine."""

import os
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from bias_transfer import params, tables
from bias_transfer.errors import InputError
from bias_transfer.stages import label_parquet
from bias_transfer.teacher import labels, model

pytestmark = pytest.mark.filterwarnings(  # Ray's own; it leaves files to the garbage collector
    "ignore::DeprecationWarning:ray",
    "ignore:The minimum number of concurrent actors:UserWarning",
    "ignore::ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)

TWO_WORKERS = params.Labelling(engine="transformers", batch_tokens=16384, ray_workers=2)


@pytest.fixture(scope="module", autouse=True)
def shut_down():
    import ray

    os.environ.pop("RAY_ADDRESS", None)
    yield
    ray.shutdown()


@pytest.fixture
def reviews(sentences) -> pd.DataFrame:
    words = " ".join(sentences).split()
    texts = [" ".join(words[(i + j) % len(words)] for j in range(1 + i % 4)) for i in range(1500)]
    return pd.DataFrame({"id": [f"{i:016x}" for i in range(1500)], "text": texts, "stars": 3})


@pytest.fixture
def source(reviews, tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    reviews[:1200].to_parquet(folder / "0.parquet")
    small = pa.table({"text": reviews["text"][1200:].tolist(), "id": reviews["id"][1200:].tolist()})
    assert small.schema.field("text").type != parquet.read_schema(folder / "0.parquet").field("text").type
    parquet.write_table(small, folder / "1.parquet")
    (folder / "notes.txt").write_text("not a table")
    return folder


def run(source, target, teacher, pool=None, device="cpu"):
    return label_parquet.run(str(source), str(target), teacher, pool, TWO_WORKERS, device)


def refused(*arguments, match):
    with pytest.raises(InputError, match=match):
        run(*arguments)


def test_a(tiny_teacher, source, reviews, tmp_path):
    import time
    t=time.time()
    with zipfile.ZipFile(tmp_path/"s.zip","w") as z:
        for f in source.iterdir(): z.write(f, f.name)
    for s in (source, f"file://{source}", f"{source}/*.parquet", f"zip://::file://{tmp_path}/s.zip"):
        out=tmp_path / str(abs(hash(s)))
        assert run(s, f"file://{out}", tiny_teacher()) == 1500
        got=pd.read_parquet(out).sort_values("id", ignore_index=True)
        print(got.dtypes, list(out.iterdir()), time.time()-t)
        tables.validate(got, tables.LABELS, "x")
        assert got["id"].tolist()==reviews["id"].tolist()
        plain=model.load(tiny_teacher(), None, TWO_WORKERS, "cpu")
        answers={n:a for b in plain.score(dict(zip(reviews["id"],reviews["text"]))) for n,a in b.items()}
        exp=labels.to_labels(reviews["id"], answers)
        print(np.abs(got[["label_0","label_1","label_mass"]]-exp[["label_0","label_1","label_mass"]]).max())
