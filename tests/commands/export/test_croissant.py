"""``croissant.json`` is valid, says of columns what the schemas say, and is enough to read by."""

import json

import pandas as pd
import pytest

from bias_transfer.commands.export.contents import TABLES
from bias_transfer.io import provenance, schemas


@pytest.fixture
def values(made):
    return json.loads((made / "croissant.json").read_text(encoding="utf-8"))


def test_every_file_stands_there_with_its_hash(made, values):
    files = {of["@id"]: of for of in values["distribution"] if of["@type"] == "cr:FileObject"}
    found = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()}
    assert set(files) == found - {"croissant.json", "ro-crate-metadata.json"}
    for name, of in files.items():
        assert of["contentUrl"] == name
        assert of["sha256"] == provenance.sha256(made / name)
        assert of["contentSize"] == f"{(made / name).stat().st_size} B"


def test_columns_are_those_of_the_schemas(values):
    sets = {of["@id"]: of["field"] for of in values["recordSet"]}
    labels = [f"labels-{name}" for name in "train test eec film swaps versions".split()]
    scores = [f"predictions-{name}" for name in ("reviews", "eec", "film", "swaps")]
    tables = [name.partition(".")[0] for name in TABLES]
    assert set(sets) == {*labels, "labels-eec-variants", "edits", *scores, *tables}
    for name, schema in [*TABLES.items(), ("labels-train", schemas.LABELS)]:
        fields = {field["name"]: field for field in sets[name.partition(".")[0]]}
        assert list(fields) == list(schema.columns)
        for column, of in schema.columns.items():
            said = fields[column]["description"]
            assert said.startswith(of.description)
            assert of.metadata["unit"] in said
            assert of.metadata["sign"] in said
    fields = {field["name"]: field["dataType"] for field in sets["predictions-eec"]}
    assert fields == {
        "system": "sc:Text",
        "id": "sc:Text",
        "label_0": "sc:Float",
        "label_1": "sc:Float",
    }
    assert {field["name"]: field["dataType"] for field in sets["edits"]}["named"] == "sc:Boolean"


def test_it_says_what_was_found_and_what_is_not_there(values):
    assert "No gap < .02 stands." in values["description"]
    assert "are not here" in values["description"]
    assert values["license"] == "https://spdx.org/licenses/Apache-2.0"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_mlcroissant_validates_it_and_reads_every_table_by_it(made, values):
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    read = mlcroissant.Dataset(jsonld=str(made / "croissant.json"))
    issues = read.metadata.ctx.issues
    assert not issues.errors
    assert not issues.warnings
    rows = {of["@id"]: list(read.records(of["@id"])) for of in values["recordSet"]}
    assert {len(found) for name, found in rows.items() if "predictions" not in name} == {2}
    labels = pd.read_csv(made / "data/teacher/snippets/qwen2.5-1.5b/train.csv")
    assert [row["labels-train/label_1"] for row in rows["labels-train"]] == list(labels["label_1"])
    scores = {
        row["predictions-film/system"].decode(): row["predictions-film/label_1"]
        for row in rows["predictions-film"]
        if row["predictions-film/id"] == b"0123456789abcdef"
    }
    students = [f"bow-{target}/seed-{n}" for target in ("baseline", "distilled") for n in (3, 4)]
    assert scores == {
        system: pytest.approx(0.1 * (place + 1))
        for place, system in enumerate(["teacher-qwen2.5-1.5b", *students])
    }
