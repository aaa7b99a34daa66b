"""What is published of a study: one publication per system, and one for its report."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd

from bias_transfer.io import declared, provenance, schemas, tables
from bias_transfer.report import cards, figures, numbers
from bias_transfer.report.answer import of_study
from bias_transfer.report.facts import facts
from bias_transfer.report.verdicts import corrected
from bias_transfer.study.params import Params
from bias_transfer.study.paths import LABELLED, SCORED, Layout
from bias_transfer.study.systems import Arm, arms, teacher_system
from bias_transfer.teacher import manifest
from bias_transfer.tracking import runs
from bias_transfer.tracking.runs import Publication

VERSION = 4  # of what a run holds; raise it, and the next `publish` writes every run anew
TABLES = ("accuracy", "calibration", "bias", "breakdown", "transfer", "history", "summary")


def publications(params: Params, layout: Layout) -> list[Publication]:
    """One publication for the teacher, each student and the report, in this order."""
    bias = corrected(tables.read(layout.report("bias.csv"), schemas.BIAS))
    gaps = {str(system): rows for system, rows in bias.groupby("system")}
    students = [_student(params, layout, arm, gaps[arm.system]) for arm in arms(params.study)]
    teacher = _teacher(params, layout, gaps[teacher_system(params.study)])
    made = [teacher, *students, _report(params, layout)]
    for publication in made:
        publication.evidence["tags"] = dict(publication.tags)
        publication.evidence["description"] = publication.description
    return made


def report_files(layout: Layout) -> list[Path]:
    """The page, tables and figures of a study's report."""
    pages = ["report.html", "hypotheses.json", *(f"{name}.csv" for name in TABLES)]
    return [*map(layout.report, pages), *sorted(layout.figures.iterdir())]


def study_note(params: Params, layout: Layout) -> str:
    """Description of a study's run and of its report's: the answer, and three facts beside it."""
    bias = tables.read(layout.report("bias.csv"), schemas.BIAS)
    accuracy = tables.read(layout.report("accuracy.csv"), schemas.ACCURACY)
    tested = declared.read(layout.report("hypotheses.json"))
    beside = "\n".join(f"- {fact}" for fact in facts(params, bias, accuracy, tested))
    said = of_study(params, layout)
    return f"**{said.finding}** {said.beside}\n\n{beside}"


def digest(*parts: object) -> str:
    """Short digest of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _teacher(params: Params, layout: Layout, gaps: pd.DataFrame) -> Publication:
    system = teacher_system(params.study)
    labels = manifest.read(layout.labels_folder)
    files = [layout.labels(part) for part in (*LABELLED, "eec-variants")]
    own = {
        numbers.LABELS: layout.labels_manifest,
        numbers.CALIBRATIONS: layout.report("calibration.csv"),
    }
    inputs = [*files, layout.labels_manifest]
    publication = _system(params, layout, system, [], inputs, [], own)
    publication.tags |= {"stage": "label"}
    publication.params = {f"teacher.{name}": value for name, value in labels["teacher"].items()} | {
        "calibration": params.distillation.calibration
    }
    if "sentences" in labels:
        publication.params["sentences.sha256"] = labels["sentences"]["teacher"]["sha256"]
    for part, values in labels["parts"].items():
        publication.params |= {f"labels.{part}.{name}": values[name] for name in ("n", "n_cut")}
    publication.files += [
        layout.labels_manifest,
        layout.report("calibration.csv"),
        layout.figure("calibration.png"),
    ]
    quality = tables.read_json(layout.metrics(system))
    publication.description = cards.teacher_note(params, quality, gaps, labels)
    return publication


def _student(params: Params, layout: Layout, arm: Arm, gaps: pd.DataFrame) -> Publication:
    folder = layout.model(arm.system)
    training = tables.read_json(layout.training(arm))
    labels = [layout.labels("train"), layout.labels_manifest]
    section = f"students.{arm.student}"
    own = {numbers.CURVES: layout.history(arm)}
    publication = _system(params, layout, arm.system, [folder], labels, [section], own)
    publication.tags |= {
        "stage": "train",
        "student": arm.student,
        "target": arm.target,
        "seed": str(arm.seed),
    }
    publication.params = pd.json_normalize(training).iloc[0].drop("system").to_dict()
    publication.inputs["training"] = [layout.reviews("train"), layout.labels("train")]
    publication.files.append(layout.training(arm))
    history = tables.read(layout.history(arm), schemas.HISTORY).assign(system=arm.system)
    publication.figures["training.png"] = figures.training(history)
    about = (params, arm, tables.read_json(layout.metrics(arm.system)), gaps, training)
    publication.description = cards.student_note(*about)
    if arm.seed == min(params.study.seeds_of(arm.student, arm.target)):
        publication.student, publication.registered_name = folder, f"bias-transfer-{arm.group}"
        publication.card = cards.model_card(*about, publication.evidence["code"])
    return publication


def _system(
    params: Params,
    layout: Layout,
    system: str,
    outputs: list[Path],
    inputs: list[Path],
    sections: list[str],
    own: dict[str, Path],
) -> Publication:
    """What runs of teacher and students share; ``own`` are files of numbers of one of them."""
    sources = {numbers.QUALITY: layout.metrics(system), numbers.GAPS: layout.report("bias.csv")}
    sources |= own
    predictions = [layout.predictions(system, part) for part in SCORED]
    reviews = [layout.reviews("train"), layout.reviews("test")]
    reviews += [layout.eec, layout.film, layout.pairs, layout.placebo]
    shared = [f"reviews.{params.study.reviews}", f"teachers.{params.study.teacher}"]
    evidence = _evidence(
        params,
        [*reviews, *inputs],
        [*outputs, *predictions, layout.metrics(system)],
        ["distillation", *shared, *sections],
        sources,
    )
    metrics, tags = numbers.metrics(system, sources), numbers.tags(system, sources)
    quality = tables.read_json(layout.metrics(system))
    return Publication(
        name=system,
        key=digest(
            VERSION,
            params.study.name,
            system,
            provenance.tree_sha256([*outputs, *predictions]),
            metrics,
            tags,
        ),
        study=params.study.name,
        tags={"reviews": params.study.reviews, "teacher": params.study.teacher} | tags,
        description="",
        evidence=evidence
        | {"system": system, "predictions": {p.stem: str(p) for p in predictions}},
        metrics=metrics,
        curves=numbers.curves(sources),
        inputs={"evaluation": [layout.reviews("test"), layout.eec]},
        figures={"confusion.png": figures.confusion(pd.DataFrame([{"system": system} | quality]))},
    )


def _report(params: Params, layout: Layout) -> Publication:
    files = report_files(layout)
    counts = tables.read_json(layout.counts)
    tested = declared.read(layout.report("hypotheses.json"))
    sources = {numbers.SUMMARY: layout.report("summary.csv")}
    return Publication(
        name="report",
        key=digest(VERSION, params.study.name, "report", provenance.tree_sha256(files)),
        study=params.study.name,
        tags={
            "stage": "report",
            "reviews": params.study.reviews,
            "teacher": params.study.teacher,
            runs.DECLARATION_TAG: tested.sha256,
            runs.PREDICTIONS_TAG: tested.predictions,
        },
        description=study_note(params, layout),
        evidence=_evidence(params, [], files, ["bias", "distillation", "hypotheses"], sources)
        | {"system": "report"},
        params={name: json.dumps(value) for name, value in params.study.model_dump().items()}
        | {f"reviews.{name}": value for name, value in counts.items()},
        metrics=numbers.metrics("report", sources),
        files=files,
    )


def _evidence(
    params: Params,
    inputs: list[Path],
    outputs: list[Path],
    sections: list[str],
    sources: dict[str, Path],
) -> dict[str, Any]:
    """What ``verify`` compares, and what nobody can compute again.

    It compares params, the SHA-256 of every file, and what the run shows of ``sources``.
    """
    return {
        "format": schemas.FORMAT,
        "params": {name: params_of(params, name) for name in sections},
        "inputs": _digests(inputs),
        "outputs": _digests(outputs),
        "numbers": {kind: str(path) for kind, path in sources.items()},
        "dvc": provenance.dvc_digests([*inputs, *outputs]),
        "code": provenance.code(),
        "versions": provenance.versions(),
        "machine": provenance.machine(),
    }


def params_of(params: Params, section: str) -> dict[str, Any]:
    """One section of the params, or one entry of a catalogue (``students.bow``), as in JSON."""
    first, _, entry = section.partition(".")
    values = params.model_dump(mode="json")[first]
    return values[entry] if entry else values


def _digests(paths: list[Path]) -> dict[str, str]:
    files = [
        file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
    ]
    return {str(file): provenance.sha256(file) for file in files if file.is_file()}
