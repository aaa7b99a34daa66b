"""The report as one HTML page.

Pictures are inside, every text is escaped, and nothing is loaded from elsewhere.
"""

import base64
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from bias_transfer.pretrained import packages
from bias_transfer.report.findings import answer, finding, lead, signed
from bias_transfer.study.params import Params


def render(
    params: Params,
    *,
    accuracy: pd.DataFrame,
    calibrations: pd.DataFrame,
    bias: pd.DataFrame,
    breakdown: pd.DataFrame,
    transfer: pd.DataFrame,
    images: dict[str, bytes],
    reviews: dict[str, Any],
    labels: dict[str, Any],
    training: dict[str, Any],
) -> str:
    """HTML of the study's report.

    Parameters
    ----------
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
    environment.filters |= {"number": signed, "p": _p_value, "size": _size, "count": _count}
    return environment.get_template("report.html.j2").render(
        study=params.study,
        distillation=params.distillation,
        margins=params.bias,
        teacher=params.teachers[params.study.teacher],
        findings=[finding(bias, params, axis) for axis in ("gender", "race")],
        accuracy=accuracy.to_dict("records"),
        calibrations=calibrations.to_dict("records"),
        bias=bias.to_dict("records"),
        interactions=breakdown[breakdown["by"] == "gender"].to_dict("records"),
        transfer=transfer[transfer["target"] != ""].to_dict("records"),
        reliability=transfer[transfer["target"] == ""].to_dict("records"),
        lead=lead(bias, transfer, params),
        answer=answer(transfer),
        images={name: base64.b64encode(data).decode() for name, data in images.items()},
        reviews=reviews,
        labels=labels["parts"],
        fingerprint=labels["teacher"]["sha256"],
        licence=packages.licence(params.teachers[params.study.teacher].model),
        training=training,
    )


def _p_value(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:.3f}" if value >= 0.001 else f"{value:.1e}"


def _size(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:.4f}"


def _count(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:.0f}"
