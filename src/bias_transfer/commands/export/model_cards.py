"""Cards of students as the Hugging Face hub reads them: metadata in YAML, then the card in words.

Format: Hugging Face, "Model Cards", with results as in Papers with Code's `model-index`.
"""

import re
from typing import Any

import yaml

from bias_transfer.commands.export.about import LICENCE
from bias_transfer.io import provenance, schemas, tables
from bias_transfer.report import cards
from bias_transfer.report.verdicts import corrected
from bias_transfer.study.params import Encoder, Files, Params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm

NAME = "README.md"
_METRICS = ("accuracy", "precision", "recall", "f1")
_DATA_SET = re.compile(r"hf://datasets/([^/@]+/[^/@]+)")


def card(params: Params, layout: Layout, arm: Arm) -> str:
    """``README.md`` of one student's folder.

    Raises
    ------
    InputError
        If a table that it quotes is missing.
    """
    bias = corrected(tables.read(layout.report("bias.csv"), schemas.BIAS))
    metrics = tables.read_json(layout.metrics(arm.system))
    training = tables.read_json(layout.training(arm))
    gaps = bias[bias["system"] == arm.system]
    words = cards.model_card(params, arm, metrics, gaps, training, provenance.code())
    head = yaml.safe_dump(metadata(params, arm, metrics), sort_keys=False, allow_unicode=True)
    return f"---\n{head}---\n\n# {arm.group}\n\n{words}"


def metadata(params: Params, arm: Arm, metrics: dict[str, Any]) -> dict[str, Any]:
    """What the hub lists and searches by.

    A base model and data sets are named where they have an id on the hub.
    """
    student, reviews = params.students[arm.student], params.reviews[params.study.reviews]
    found: dict[str, Any] = {
        "license": LICENCE.lower(),
        "language": "en",
        "pipeline_tag": "text-classification",
        "tags": ["bias-transfer", arm.target],
    }
    if isinstance(student, Encoder):
        found["library_name"] = "transformers"
        if student.revision:  # else it is a folder, or a package
            found["base_model"] = student.model
    places = str(reviews.model_dump()) if isinstance(reviews, Files) else ""
    if data_sets := list(dict.fromkeys(_DATA_SET.findall(places))):
        found["datasets"] = data_sets
    name = params.study.reviews
    result = {
        "task": {"type": "text-classification"},
        "dataset": {"name": name, "type": data_sets[0] if data_sets else name, "split": "test"},
        "metrics": [
            {"type": metric, "value": metrics[metric]}
            for metric in _METRICS
            if metrics.get(metric) is not None
        ],
    }
    return found | {"model-index": [{"name": arm.group, "results": [result]}]}
