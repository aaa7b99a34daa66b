"""What a run and a registered model say of themselves, in Markdown from their numbers."""

from typing import Any

import pandas as pd

from bias_transfer.bias.audit import NOT_MEASURABLE, ONE_OF_SEVERAL
from bias_transfer.pretrained import packages
from bias_transfer.report import rendered
from bias_transfer.report.formats import signed
from bias_transfer.report.words import ARCHITECTURES
from bias_transfer.study import targets
from bias_transfer.study.params import Encoder, Params
from bias_transfer.study.systems import Arm

_DIFFERENCES = {
    "gender": "female minus male",
    "race": "African-American minus European-American names",
}


def gap_in_words(row: dict[str, Any]) -> str:
    """One row of ``bias.csv``: difference, interval and verdict."""
    verdict = (
        f"{row['verdict']}: {row['reason']}" if row["verdict"] == NOT_MEASURABLE else row["verdict"]
    )
    if verdict == ONE_OF_SEVERAL:
        verdict = "one of several seeds; the verdict is on all of them together"
    interval = f"95 % interval {signed(row['ci_low'])} to {signed(row['ci_high'])}"
    gap = f"{signed(row['mean_difference'])} ({interval})"
    return f"{row['axis']} on {row['corpus']} ({_DIFFERENCES[row['axis']]}): {gap}, {verdict}"


def teacher_note(
    params: Params, metrics: dict[str, Any], bias: pd.DataFrame, labels: dict[str, Any]
) -> str:
    """Description of the teacher's run."""
    return rendered.markdown(
        "teacher_note.md.j2", params=params, metrics=metrics, gaps=_gaps(bias), labels=labels
    )


def student_note(
    params: Params, arm: Arm, metrics: dict[str, Any], bias: pd.DataFrame, training: dict[str, Any]
) -> str:
    """Description of a student's run."""
    return rendered.markdown("student_note.md.j2", **_student(params, arm, metrics, bias, training))


def model_card(
    params: Params,
    arm: Arm,
    metrics: dict[str, Any],
    bias: pd.DataFrame,
    training: dict[str, Any],
    code: dict[str, Any],
) -> str:
    """Card of a registered student.

    After Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
    """
    return rendered.markdown(
        "card.md.j2",
        **_student(params, arm, metrics, bias, training),
        code=code,
        licences=_licences(params, arm),
    )


def _student(
    params: Params, arm: Arm, metrics: dict, bias: pd.DataFrame, training: dict
) -> dict[str, Any]:
    kind = ARCHITECTURES[params.students[arm.student].architecture][1]
    words = {"kind": kind, "target": targets.words(arm.target)}
    return words | {
        "params": params,
        "arm": arm,
        "metrics": metrics,
        "gaps": _gaps(bias),
        "training": training,
    }


def _gaps(bias: pd.DataFrame) -> list[str]:
    return [gap_in_words(row) for row in bias.to_dict("records")]


def _licences(params: Params, arm: Arm) -> dict[str, str]:
    """What was used, and under which licence.

    Those of models on the hub and of your own files only you can know.
    """
    student, source = params.students[arm.student], params.reviews[params.study.reviews].source
    used = {"teacher": params.teachers[params.study.teacher].model}
    if isinstance(student, Encoder):
        used["pretrained encoder"] = student.model
    found = {
        "reviews": packages.PACKAGES[source].licence
        if source in packages.PACKAGES
        else "see their source"
    }
    for what, model in used.items():
        found[f"{what} {model}"] = packages.licence(model) or "see the model's own page"
    return found
