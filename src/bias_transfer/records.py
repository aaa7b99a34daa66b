"""What is published of a study: one record for each system, and one for its report."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bias_transfer import describe, figures, provenance, tables
from bias_transfer.layout import Arm, Layout, arms, teacher_system
from bias_transfer.page import answer, finding, readers_first
from bias_transfer.params import Params
from bias_transfer.tracking.runs import Record

VERSION = 2  # of what a run holds; raise it, and the next `publish` writes every run anew
TABLES = ("accuracy", "calibration", "bias", "breakdown", "transfer", "history", "summary")
PLOTS = (
    *("accuracy", "reliability", "gender_bias", "race_bias", "emotions", "distributions", "placebo"),
    *("changes", "transfer", "confusion", "training"),
)
REPORT = (
    *("report.html", *(f"{name}.csv" for name in TABLES)),
    *(f"{name}.{kind}" for name in PLOTS for kind in ("png", "svg")),
)
GAP_METRICS = {
    "mean_difference": "gap",
    "ci_low": "gap_ci_low",
    "ci_high": "gap_ci_high",
    "p_clustered": "p_clustered",
    "p_holm": "p_holm",
    "p_equivalence": "p_equivalence",
    "detectable": "detectable",
    "log_odds_difference": "log_odds_gap",
    "log_odds_ci_low": "log_odds_gap_ci_low",
    "log_odds_ci_high": "log_odds_gap_ci_high",
    "noise_floor": "noise_floor",
    "names_difference": "names_gap",
    "p_permutation": "p_permutation",
    "n_identical": "n_identical_pairs",
    "n_unknown_persons": "n_unknown_persons",
    "n_alike_persons": "n_alike_persons",
}


def records(params: Params, layout: Layout) -> list[Record]:
    """One record for the teacher, each student and the report, in this order."""
    students = [_student(params, layout, arm) for arm in arms(params.study)]
    return [_teacher(params, layout), *students, _report(params, layout)]


def study_note(params: Params, layout: Layout) -> str:
    """Description of the run that a study's runs lie below: what was compared, and the answer."""
    bias = readers_first(tables.read_table(layout.report("bias.csv")))
    lines = [answer(tables.read_table(layout.report("transfer.csv")))]
    lines += [finding(bias, params, axis) for axis in ("gender", "race")]
    return "\n\n".join(lines)


def digest(*parts: object) -> str:
    """Short digest of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _teacher(params: Params, layout: Layout) -> Record:
    system = teacher_system(params.study)
    labels = tables.read_json(layout.labels_folder / "labels.json")
    files = [layout.labels(part) for part in ("train", "test", "eec", "eec-variants")]
    record = _system(params, layout, system, [], [*files, layout.labels_folder / "labels.json"], [])
    record.tags |= {"stage": "label"}
    record.params = {f"teacher.{name}": value for name, value in labels["teacher"].items()} | {
        "calibration": params.distillation.calibration
    }
    for part, values in labels["parts"].items():
        record.metrics[f"{part}_label_mass"] = values["mean_label_mass"]
        record.params |= {f"labels.{part}.{name}": values[name] for name in ("n", "n_cut")}
    calibrations = tables.read_table(layout.report("calibration.csv")).set_index("method")
    uncalibrated = calibrations.loc["none", ["accuracy", "log_loss", "brier", "ece"]]
    record.metrics |= {f"uncalibrated_{name}": value for name, value in uncalibrated.items()}
    record.metrics["ece_floor"] = calibrations.loc[params.distillation.calibration, "ece_floor"]
    record.files += [
        layout.labels_folder / "labels.json",
        layout.report("calibration.csv"),
        layout.report("reliability.png"),
    ]
    record.description = describe.teacher_note(params, record.metrics, _gaps(layout, system), labels)
    return record


def _student(params: Params, layout: Layout, arm: Arm) -> Record:
    folder = layout.model(arm.system)
    training = tables.read_json(folder / "training.json")
    labels = [layout.labels("train"), layout.labels_folder / "labels.json"]
    record = _system(params, layout, arm.system, [folder], labels, [f"students.{arm.student}"])
    record.tags |= {"stage": "train", "student": arm.student, "target": arm.target, "seed": str(arm.seed)}
    record.params = pd.json_normalize(training).iloc[0].drop("system").to_dict()
    record.curves = tables.read(folder / "history.csv", tables.HISTORY)
    record.inputs["training"] = [layout.reviews("train"), layout.labels("train")]
    record.files.append(folder / "training.json")
    record.figures["training.png"] = figures.training(record.curves.assign(system=arm.system))
    about = (params, arm, record.metrics, _gaps(layout, arm.system), training)
    record.description = describe.student_note(*about)
    if arm.seed == min(params.study.seeds_of(arm.student)):
        record.student, record.registered_name = folder, f"bias-transfer-{arm.group}"
        record.card = describe.model_card(*about, record.evidence["code"])
    return record


def _system(
    params: Params, layout: Layout, system: str, outputs: list[Path], inputs: list[Path], sections: list[str]
) -> Record:
    metrics = tables.read_json(layout.metrics(system))
    gaps = {
        f"{row['axis']}_{name}": row[column]
        for row in _gaps(layout, system).to_dict("records")
        for column, name in GAP_METRICS.items()
    }
    predictions = [layout.predictions(system, part) for part in ("reviews", "eec")]
    reviews = [layout.reviews("train"), layout.reviews("test"), layout.eec]
    sections = [
        *("distillation", f"reviews.{params.study.reviews}", f"teachers.{params.study.teacher}"), *sections
    ]  # fmt: skip
    evidence = _evidence(params, [*reviews, *inputs], [*outputs, *predictions, layout.metrics(system)], sections)
    return Record(
        name=system,
        key=digest(VERSION, params.study.name, system, provenance.tree_sha256([*outputs, *predictions]), metrics, gaps),
        study=params.study.name,
        tags={"reviews": params.study.reviews, "teacher": params.study.teacher},
        description="",
        evidence=evidence | {"system": system, "predictions": {p.stem: str(p) for p in predictions}},
        metrics=metrics | gaps,
        inputs={"evaluation": [layout.reviews("test"), layout.eec]},
        figures={"confusion.png": figures.confusion(pd.DataFrame([{"system": system} | metrics]))},
    )


def _report(params: Params, layout: Layout) -> Record:
    files = [layout.report(name) for name in REPORT]
    summary = tables.read_table(layout.report("summary.csv"))
    counts = tables.read_json(layout.reviews_folder / "counts.json")
    return Record(
        name="report",
        key=digest(VERSION, params.study.name, "report", provenance.tree_sha256(files)),
        study=params.study.name,
        tags={"stage": "report", "reviews": params.study.reviews, "teacher": params.study.teacher},
        description=study_note(params, layout),
        evidence=_evidence(params, [], files, ["bias", "distillation"]) | {"system": "report"},
        params={name: json.dumps(value) for name, value in params.study.model_dump().items()}
        | {f"reviews.{name}": value for name, value in counts.items()},
        metrics=dict(zip(summary["name"], summary["value"], strict=True)),
        files=files,
    )


def _gaps(layout: Layout, system: str) -> pd.DataFrame:
    bias = tables.read_table(layout.report("bias.csv"))
    return bias[bias["system"] == system]


def _evidence(params: Params, inputs: list[Path], outputs: list[Path], sections: list[str]) -> dict[str, Any]:
    """What ``verify`` compares: params, and SHA-256 of every file; and what nobody can compute again."""
    return {
        "format": tables.FORMAT,
        "params": {name: params_of(params, name) for name in sections},
        "inputs": _digests(inputs),
        "outputs": _digests(outputs),
        "dvc": provenance.dvc_digests([*inputs, *outputs]),
        "code": provenance.code(),
        "versions": provenance.versions(),
        "machine": provenance.machine(),
    }


def params_of(params: Params, section: str) -> Mapping[str, Any]:
    """One section of the params, or one entry of a catalogue (``students.bow``), as JSON would hold it."""
    first, _, entry = section.partition(".")
    values = params.model_dump(mode="json")[first]
    return values[entry] if entry else values


def _digests(paths: list[Path]) -> dict[str, str]:
    files = [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    return {str(file): provenance.sha256(file) for file in files if file.is_file()}
