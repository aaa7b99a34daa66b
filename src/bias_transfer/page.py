"""The report as one HTML page: pictures inside, every text escaped, nothing loaded from elsewhere."""

import base64
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from bias_transfer.bias.transfer import CHANGE, ONE_SEED
from bias_transfer.layout import arms, teacher_system
from bias_transfer.params import Params


def render(
    params: Params,
    *,
    accuracy: pd.DataFrame,
    bias: pd.DataFrame,
    transfer: pd.DataFrame,
    images: dict[str, bytes],
    reviews: dict[str, Any],
    labels: dict[str, Any],
) -> str:
    """HTML of the study's report; ``images`` are PNGs by file name."""
    environment = Environment(
        loader=PackageLoader("bias_transfer", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"number": _number, "p": _p_value}
    return environment.get_template("report.html.j2").render(
        study=params.study,
        distillation=params.distillation,
        teacher=params.teachers[params.study.teacher],
        findings=[finding(bias, params, axis) for axis in ("gender", "race")],
        accuracy=accuracy.to_dict("records"),
        bias=bias.to_dict("records"),
        transfer=transfer.to_dict("records"),
        answer=answer(transfer),
        images={name: base64.b64encode(data).decode() for name, data in images.items()},
        reviews=reviews,
        labels=labels["parts"],
    )


def answer(transfer: pd.DataFrame) -> str:
    """What the numbers say of transfer, in words; log-odds, the change in each student's gap."""
    change = transfer[(transfer["scale"] == "log-odds") & (transfer["estimand"] == CHANGE)]
    if change.empty:
        return "Transfer was not measured: the study lacks one of the targets baseline and distilled."
    if change["verdict"].eq(ONE_SEED).any():
        clear = int((change["ci_low"] * change["ci_high"] > 0).sum())
        return (
            "With one seed this study gives no verdict on transfer. "
            f"Distilling changed {clear} of {len(change)} gaps by more than the clustered "
            "interval allows for, but how much a gap changes from seed to seed is not known."
        )
    counts = change["verdict"].value_counts()
    return f"Of {len(change)} gaps, by verdict: {', '.join(f'{n} {verdict}' for verdict, n in counts.items())}."


def finding(bias: pd.DataFrame, params: Params, axis: str) -> str:
    """What the numbers say of one axis, in words: the teacher's difference, and how many students show one."""
    rows = bias[bias["axis"] == axis].set_index("system")
    teacher = rows.loc[teacher_system(params.study)]
    counts = []
    for target in params.study.targets:
        names = [arm.system for arm in arms(params.study) if arm.target == target]
        shown = int((rows.loc[names, "verdict"] == "difference").sum())
        counts.append(f"{shown} of {len(names)} {target} students")
    ends = f"{_number(teacher['ci_low'])} to {_number(teacher['ci_high'])}"
    return (
        f"{axis.capitalize()}: the teacher's mean difference is {_number(teacher['mean_difference'])} "
        f"(95 % interval {ends}; {teacher['verdict']}). A difference stands in {' and '.join(counts)}, after "
        f"correction for {bias['p_clustered'].notna().sum()} tests."
    )


def _number(value: float, digits: int = 4) -> str:
    return "-" if pd.isna(value) else f"{value:+.{digits}f}"


def _p_value(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:.3f}" if value >= 0.001 else f"{value:.1e}"
