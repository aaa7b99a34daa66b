"""The report as one HTML page.

Pictures are inside, every text is escaped, and nothing is loaded from elsewhere.
"""

import base64
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from bias_transfer.bias.channel import COEFFICIENT, PARTIAL, PARTIAL_CHANGE
from bias_transfer.bias.transfer import CHANGE
from bias_transfer.io.declared import Declared
from bias_transfer.pretrained import packages
from bias_transfer.report import seeds
from bias_transfer.report.answer import facts, sentence
from bias_transfer.report.columns import COLUMNS, TEXTS, cell
from bias_transfer.report.findings import answer, finding, of_corpus, power
from bias_transfer.report.verdicts import corrected
from bias_transfer.study.params import Params
from bias_transfer.study.systems import group_of
from bias_transfer.study.targets import BASELINE, DISTILLED


def render(
    params: Params,
    *,
    accuracy: pd.DataFrame,
    calibrations: pd.DataFrame,
    bias: pd.DataFrame,
    breakdown: pd.DataFrame,
    transfer: pd.DataFrame,
    tested: Declared,
    images: dict[str, bytes],
    reviews: dict[str, Any],
    labels: dict[str, Any],
    training: dict[str, Any],
) -> str:
    """HTML of the study's report.

    Parameters
    ----------
    bias
        The primary rows of ``bias.csv``, of all corpora; so is ``transfer``.
    breakdown
        Its rows on the Equity Evaluation Corpus.
    tested
        The declared tests.
    images
        PNG of each figure, by its name.
    training
        ``training.json`` of one student.

    The others are the tables of the same name, ``counts.json`` and the manifest of the labels.
    """
    environment = Environment(
        loader=PackageLoader("bias_transfer", "report/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    eec, compared = of_corpus(bias, "eec"), transfer[transfer["target"] != ""]
    shown = corrected(bias)
    on_eec, arrived = of_corpus(transfer, "eec"), _arrived(compared)
    return environment.get_template("report.html.j2").render(
        study=params.study,
        distillation=params.distillation,
        margins=params.bias,
        smallest_share=params.hypotheses.smallest_share,
        teacher=params.teachers[params.study.teacher],
        columns=COLUMNS,
        texts=TEXTS,
        cell=cell,
        sentence=sentence(params, bias, transfer, tested),
        facts=facts(params, bias, accuracy, tested),
        declared=tested.rows.to_dict("records"),
        not_asked=tested.not_asked,
        powers=power(tested),
        arrived=arrived[_in_log_odds(arrived, COEFFICIENT)].to_dict("records"),
        all_arrived=arrived.to_dict("records"),
        answer=answer(on_eec),
        changes=_changes(compared).to_dict("records"),
        transfer=compared.to_dict("records"),
        reliability=on_eec[on_eec["target"] == ""].to_dict("records"),
        others=_named(of_corpus(shown, "swaps", "film")),
        findings=[finding(eec, params, axis) for axis in ("gender", "race")],
        bias=_named(of_corpus(shown, "eec")),
        interactions=_named(breakdown[breakdown["by"] == "gender"]),
        accuracy=seeds.average(accuracy).to_dict("records"),
        all_accuracy=seeds.without_single(accuracy).to_dict("records"),
        calibrations=calibrations.to_dict("records"),
        images={name: base64.b64encode(data).decode() for name, data in images.items()},
        reviews=reviews,
        labels=labels["parts"],
        fingerprint=labels["teacher"]["sha256"],
        licence=packages.licence(params.teachers[params.study.teacher].model),
        training=training,
    )


def _named(table: pd.DataFrame) -> list[dict[Any, Any]]:
    """Rows whose systems are called without a seed, which says nothing beside one seed."""
    return table.assign(system=table["system"].map(group_of)).to_dict("records")


def _arrived(transfer: pd.DataFrame) -> pd.DataFrame:
    """What is measured on swapped reviews alone."""
    rows = of_corpus(transfer, "swaps")
    return rows[rows["estimand"].isin((COEFFICIENT, PARTIAL, PARTIAL_CHANGE))]


def _changes(transfer: pd.DataFrame) -> pd.DataFrame:
    """One row per student, corpus and axis: from baseline to distilled, in log-odds."""
    arms = (transfer["target"] == DISTILLED) & (transfer["reference"] == BASELINE)
    return transfer[arms & _in_log_odds(transfer, CHANGE)]


def _in_log_odds(transfer: pd.DataFrame, estimand: str) -> pd.Series:
    return (transfer["estimand"] == estimand) & (transfer["scale"] == "log-odds")
