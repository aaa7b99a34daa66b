"""A student's card has metadata that the hub's own library reads, and then the card in words."""

import pytest
from huggingface_hub import ModelCard

from bias_transfer.commands.export import model_cards
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm

METRICS = {"accuracy": 0.75, "precision": None, "recall": 0.5, "f1": 0.6}


def test_the_hubs_library_reads_the_card(study, pristine):
    layout = Layout(study.study, pristine, pristine)
    read = ModelCard(model_cards.card(study, layout, Arm("bow", "baseline", 3)))
    assert read.data.license == "apache-2.0"
    assert read.data.pipeline_tag == "text-classification"
    assert read.data.model_name == "bow-baseline"
    results = {result.metric_type: result.metric_value for result in read.data.eval_results}
    assert results == {"accuracy": 0.5, "recall": 0.0, "f1": 0.25}
    assert {result.dataset_name for result in read.data.eval_results} == {"snippets"}
    assert read.text.startswith("\n# bow-baseline\n\nA bag of words")
    assert "## Limits" in read.text


@pytest.mark.parametrize(
    ("student", "library", "base"),
    [
        ("bow", None, None),
        ("minilm", "transformers", None),
        ("distilbert", "transformers", "distilbert-base-uncased"),
    ],
)
def test_base_model_is_named_where_the_hub_has_it(study, student, library, base):
    found = model_cards.metadata(study, Arm(student, "distilled", 0), METRICS)
    assert (found.get("library_name"), found.get("base_model")) == (library, base)
    assert found["tags"] == ["bias-transfer", "distilled"]


@pytest.mark.parametrize(
    ("reviews", "data_sets"), [("snippets", None), ("imdb", ["stanfordnlp/imdb"]), ("files", None)]
)
def test_data_sets_are_named_where_the_hub_has_them(study, reviews, data_sets):
    other = study.with_study(reviews=reviews)
    found = model_cards.metadata(other, Arm("bow", "distilled", 0), METRICS)
    assert found.get("datasets") == data_sets
    (result,) = found["model-index"][0]["results"]
    assert result["dataset"]["type"] == (data_sets[0] if data_sets else reviews)
    assert [metric["type"] for metric in result["metrics"]] == ["accuracy", "recall", "f1"]
