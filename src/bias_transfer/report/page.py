"""The report as one HTML page.

Pictures are inside, every text is escaped, and nothing is loaded from elsewhere.
"""

import base64
from typing import Any

import pandas as pd

from bias_transfer.io.declared import Declared
from bias_transfer.pretrained import packages
from bias_transfer.report import rendered, rows
from bias_transfer.report.answer import answer
from bias_transfer.report.columns import TEXTS, cell, of_study
from bias_transfer.report.facts import facts
from bias_transfer.report.figures.style import DPI
from bias_transfer.report.findings import finding, from_baseline, of_corpus, power
from bias_transfer.report.seeds import trained
from bias_transfer.report.words import WORDS
from bias_transfer.study.params import Params


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
    eec = of_corpus(bias, "eec")
    return rendered.page(
        "report.html.j2",
        study=params.study,
        trained=trained(params.study),
        distillation=params.distillation,
        margins=params.bias,
        smallest_share=params.hypotheses.smallest_share,
        teacher=params.teachers[params.study.teacher],
        columns=of_study(params.study),
        texts=TEXTS,
        dpi=DPI,
        cell=cell,
        answer=answer(params, accuracy, bias, transfer, tested),
        facts=facts(params, bias, accuracy, tested),
        words=WORDS,
        **rows.tables(params, accuracy, bias, transfer, tested),
        not_asked=tested.not_asked,
        powers=power(tested),
        from_baseline=from_baseline(of_corpus(transfer, "eec")),
        findings=[finding(eec, params, axis) for axis in ("gender", "race")],
        interactions=rows.named(breakdown[breakdown["by"] == "gender"]),
        calibrations=calibrations.to_dict("records"),
        images={name: base64.b64encode(data).decode() for name, data in images.items()},
        reviews=reviews,
        labels=labels["parts"],
        fingerprint=labels["teacher"]["sha256"],
        licence=packages.licence(params.teachers[params.study.teacher].model),
        training=training,
    )
