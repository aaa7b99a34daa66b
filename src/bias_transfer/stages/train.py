"""Stage ``train``: one student, one target, one seed."""

import shutil
from pathlib import Path

from bias_transfer import devices, provenance, tables
from bias_transfer.corpora.splits import refuse_leakage
from bias_transfer.distillation.arm import fit_arm
from bias_transfer.distillation.targets import BASELINE, soft_labels
from bias_transfer.errors import InputError
from bias_transfer.layout import Arm, Layout
from bias_transfer.params import Params
from bias_transfer.stages import calibrated
from bias_transfer.teacher import calibration


def run(params: Params, arm: Arm, root: Path = Path()) -> None:
    """Fit the student and write its folder: model, tokenizer, ``history.csv`` and ``training.json``."""
    layout = Layout(params.study, root)
    reviews = tables.read(layout.reviews("train"), tables.REVIEWS)
    refuse_leakage(reviews, tables.read(layout.reviews("test"), tables.REVIEWS))
    labels = tables.read(layout.labels("train"), tables.LABELS)
    training, shared = params.students[arm.student], params.distillation
    fitted_calibration = calibrated.fit(layout, shared, shared.calibration)
    teacher = calibration.align(fitted_calibration.apply(labels), reviews["id"], str(layout.labels("train")))
    alpha = 0.0 if arm.target == BASELINE else shared.alpha
    soft = soft_labels(arm.target, teacher, reviews["label"].to_numpy(), arm.seed)
    fitted = fit_arm(
        reviews,
        soft,
        training,
        shared,
        alpha=alpha,
        seed=arm.seed,
        device=devices.resolve(params.device),
        name=arm.system,
    )

    if not devices.first_process():
        return
    folder = layout.model(arm.system)
    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(parents=True)
        fitted.student.save(draft)
        tables.write(fitted.history, draft / "history.csv", tables.HISTORY)
        tables.write_json(
            {
                "format": tables.FORMAT,
                "system": arm.system,
                "student": training.model_dump(),
                "target": arm.target,
                "seed": arm.seed,
                "alpha": alpha,
                "temperature": shared.temperature,
                "warmup_share": shared.warmup_share,
                "patience": shared.patience,
                "validation_share": shared.validation_share,
                "precision": fitted.precision,
                "epoch": int(fitted.history["epoch"][fitted.history["validation_log_loss"].idxmin()]),
                "rows": {
                    name: {"n": len(rows), "ids_sha256": provenance.texts_sha256(reviews["id"].iloc[rows])}
                    for name, rows in (("fit", fitted.fitting), ("validation", fitted.validation))
                },
                "teacher": {
                    "name": params.study.teacher,
                    "calibration": shared.calibration,
                    "log_odds_offset": fitted_calibration.offset,
                    "log_odds_temperature": fitted_calibration.temperature,
                    "mean_label_mass": float(labels["label_mass"].mean()),
                },
                "inputs": {
                    str(path.relative_to(layout.inputs)): provenance.sha256(path)
                    for path in (layout.reviews("train"), layout.labels("train"))
                },
                "versions": provenance.versions(),
            },
            draft / "training.json",
        )
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    except OSError as error:
        raise InputError(f"cannot write {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
