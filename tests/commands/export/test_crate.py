"""``ro-crate-metadata.json`` joins files, software and sources; RO-Crate's own library reads it."""

import json

import pytest

from bias_transfer import __version__
from bias_transfer.io import provenance


@pytest.fixture
def entities(made):
    graph = json.loads((made / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    found = {entity["@id"]: entity for entity in graph}
    assert len(found) == len(graph)
    return found


def ids(entity, name):
    return [of["@id"] for of in entity[name]]


def test_every_file_is_a_part_with_its_hash(made, entities):
    found = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()}
    parts = set(ids(entities["./"], "hasPart"))
    assert parts == found - {"ro-crate-metadata.json", "croissant.json"}
    for name in parts:
        assert entities[name]["sha256"] == provenance.sha256(made / name)


def test_the_run_joins_what_was_given_and_what_was_made(entities):
    run = entities["#run"]
    given, made = ids(run, "object"), ids(run, "result")
    assert {"#reviews", "#teacher", "params.yaml"} <= set(given)
    assert "data/teacher/snippets/qwen2.5-1.5b/train.csv" in given
    assert "predictions/tiny/bow-distilled/seed-3/eec.parquet" in made
    assert "reports/tiny/bias.csv" in made
    assert {*given, *made} - {"#reviews", "#teacher"} == set(ids(entities["./"], "hasPart"))
    software = entities[run["instrument"]["@id"]]
    assert software["version"] == __version__
    assert entities["#numpy"]["version"] == "2.4.6"
    assert ids(software, "softwareRequirements") == ["#numpy"]


def test_sources_are_named_with_their_licences(entities):
    assert entities["#reviews"]["identifier"] == "pkg:pypi/vaderSentiment@3.3.2"
    assert "MIT" in entities["#reviews"]["conditionsOfAccess"]
    teacher = entities["#teacher"]["conditionsOfAccess"]
    assert "Apache-2.0; Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF at revision" in teacher


def test_every_reference_is_explained(entities):
    elsewhere = "https://w3id.org/ro/crate/1.2"

    found = {
        named["@id"]
        for entity in entities.values()
        for value in entity.values()
        for named in (value if isinstance(value, list) else [value])
        if isinstance(named, dict)
    }
    assert len(found) > 20
    assert found <= {*entities, elsewhere}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_rocrate_reads_it(made):
    rocrate = pytest.importorskip("rocrate.rocrate", reason="rocrate is not installed")
    crate = rocrate.ROCrate(made)
    assert crate.name == "bias-transfer study tiny"
    assert crate.description.startswith("Does a small model")
    assert len(crate.data_entities) == len(crate.root_dataset["hasPart"]) > 20
    assert {file.type for file in crate.root_dataset["hasPart"]} == {"File"}
    assert crate.get("#run")["instrument"].id == "#bias-transfer"
