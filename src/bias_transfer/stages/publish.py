"""Stage ``publish``: what the other stages wrote goes into MLflow. If it fails, no result is lost."""

import hashlib
import json
import sys
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from bias_transfer import figures, provenance, tables, tracking
from bias_transfer.layout import Arm, Layout, arms, teacher_system
from bias_transfer.params import Params

_TABLES = ("accuracy", "calibration", "bias", "breakdown", "transfer", "history", "summary")
_REPORT = ("report.html", *(f"{name}.csv" for name in _TABLES))
_PLOTS = (
    *(
        "accuracy.png",
        "reliability.png",
        "gender_bias.png",
        "race_bias.png",
        "emotions.png",
        "placebo.png",
        "transfer.png",
    ),
    *("confusion.png", "training.png"),
)
_GAP_METRICS = {
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


def run(params: Params, root: Path = Path()) -> None:
    """Publish teacher, students and report, each once, and write ``published.json`` with what each digest was.

    A run's key is study, system and digest of its outputs, and under ``mlflow run`` the launching run too. A finished
    run with the same key is left alone, so publishing twice adds nothing.
    """
    layout = Layout(params.study, root)
    launched_by = tracking.launching_run()
    records = [_teacher(params, layout), *(_student(params, layout, arm) for arm in arms(params.study))]
    records.append(_report(params, layout))
    digests = {record.name: record.key for record in records}
    experiment = tracking.experiment_id()
    run_ids = []
    for record in tqdm(records, desc="publish", unit="run", file=sys.stderr):
        record.tags["study"] = params.study.name
        if launched_by:
            record.key = _digest(record.key, launched_by)
            record.tags[tracking.LAUNCH_TAG] = launched_by
        run_ids.append(tracking.published(experiment, record.key) or tracking.publish(experiment, record))
    if launched_by:
        tracking.link(launched_by, run_ids, [layout.report(name) for name in (*_REPORT, *_PLOTS)])
    tables.write_json(digests, layout.report("published.json"))


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _teacher(params: Params, layout: Layout) -> tracking.Record:
    system = teacher_system(params.study)
    labels = tables.read_json(layout.labels_folder / "labels.json")
    record = _system(params, layout, system, [])
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
    files = [layout.report("calibration.csv"), layout.report("reliability.png")]
    record.files += [layout.labels_folder / "labels.json", *files]
    return record


def _student(params: Params, layout: Layout, arm: Arm) -> tracking.Record:
    folder = layout.model(arm.system)
    training = tables.read_json(folder / "training.json")
    record = _system(params, layout, arm.system, [folder])
    record.tags |= {"stage": "train", "student": arm.student, "target": arm.target, "seed": str(arm.seed)}
    record.params = pd.json_normalize(training).iloc[0].drop("system").to_dict()
    record.curves = tables.read(folder / "history.csv", tables.HISTORY)
    record.inputs["training"] = [layout.reviews("train"), layout.labels("train")]
    record.files.append(folder / "training.json")
    record.figures["training.png"] = figures.training(record.curves.assign(system=arm.system))
    if arm.seed == min(params.study.seeds_of(arm.student)):
        record.student, record.registered_name = folder, f"bias-transfer-{arm.group}"
    return record


def _system(params: Params, layout: Layout, system: str, outputs: list) -> tracking.Record:
    metrics = tables.read_json(layout.metrics(system))
    bias = tables.read_table(layout.report("bias.csv")).set_index(["system", "axis"]).loc[system]
    gaps = {f"{axis}_{name}": row[column] for axis, row in bias.iterrows() for column, name in _GAP_METRICS.items()}
    predictions = [layout.predictions(system, part) for part in ("reviews", "eec")]
    return tracking.Record(
        name=system,
        key=_digest(params.study.name, system, provenance.tree_sha256([*outputs, *predictions]), metrics, gaps),
        tags={"reviews": params.study.reviews, "teacher": params.study.teacher},
        metrics=metrics | gaps,
        inputs={"evaluation": [layout.reviews("test"), layout.eec]},
        figures={"confusion.png": figures.confusion(pd.DataFrame([{"system": system} | metrics]))},
    )


def _report(params: Params, layout: Layout) -> tracking.Record:
    files = [layout.report(name) for name in (*_REPORT, *_PLOTS)]
    summary = tables.read_table(layout.report("summary.csv"))
    counts = tables.read_json(layout.reviews_folder / "counts.json")
    return tracking.Record(
        name="report",
        key=_digest(params.study.name, "report", provenance.tree_sha256(files)),
        tags={"stage": "report", "reviews": params.study.reviews, "teacher": params.study.teacher},
        params={name: json.dumps(value) for name, value in params.study.model_dump().items()}
        | {f"reviews.{name}": value for name, value in counts.items()},
        metrics=dict(zip(summary["name"], summary["value"], strict=True)),
        files=files,
    )
