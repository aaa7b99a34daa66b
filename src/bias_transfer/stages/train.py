"""Stage ``train``: one student, one target, one seed."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from bias_transfer import devices, provenance, tables
from bias_transfer.corpora.splits import refuse_leakage
from bias_transfer.distillation.fit import Examples, fit
from bias_transfer.errors import InputError
from bias_transfer.layout import Arm, Layout
from bias_transfer.params import Params
from bias_transfer.students import student as students
from bias_transfer.teacher import calibration


def run(params: Params, arm: Arm, root: Path = Path()) -> None:
    """Fit the student and write its folder: model, tokenizer, ``history.csv`` and ``training.json``."""
    layout = Layout(params.study, root)
    reviews = tables.read(layout.reviews("train"), tables.REVIEWS)
    refuse_leakage(reviews, tables.read(layout.reviews("test"), tables.REVIEWS))
    labels = tables.read(layout.labels("train"), tables.LABELS)
    offset = calibration.offset(labels, params.distillation.calibration)
    teacher = calibration.align(calibration.shift(labels, offset), reviews["id"], str(layout.labels("train")))
    training, shared = params.students[arm.student], params.distillation
    alpha = shared.alpha if arm.target == "distilled" else 0.0
    rows = train_test_split(
        np.arange(len(reviews)), test_size=shared.validation_share, random_state=arm.seed, stratify=reviews["label"]
    )
    fitting, validation = (_examples(reviews.iloc[part], teacher[part]) for part in rows)

    student = students.build(training, fitting.texts, arm.seed)
    history = fit(
        student,
        fitting,
        validation,
        training,
        alpha=alpha,
        temperature=shared.temperature,
        warmup_share=shared.warmup_share,
        seed=arm.seed,
        device=devices.resolve(params.device),
        name=arm.system,
    )

    folder = layout.model(arm.system)
    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(parents=True)
        student.save(draft)
        tables.write(history, draft / "history.csv", tables.HISTORY)
        tables.write_json(
            {
                "system": arm.system,
                "student": training.model_dump(),
                "target": arm.target,
                "seed": arm.seed,
                "alpha": alpha,
                "temperature": shared.temperature,
                "warmup_share": shared.warmup_share,
                "validation_share": shared.validation_share,
                "epoch": int(history["epoch"][history["validation_log_loss"].idxmin()]),
                "rows": {"fit": len(fitting.texts), "validation": len(validation.texts)},
                "teacher": {
                    "name": params.study.teacher,
                    "calibration": shared.calibration,
                    "log_odds_offset": offset,
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


def _examples(reviews: pd.DataFrame, teacher: np.ndarray) -> Examples:
    return Examples(reviews["text"].tolist(), reviews["label"].to_numpy(), teacher)
