"""Stage ``train``: one student on one target, with all its seeds."""

import hashlib
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bias_transfer.distillation.arm import Fitted, Rows, base_rows, fit_arm
from bias_transfer.distillation.fit import Setting
from bias_transfer.distillation.watch import Watch
from bias_transfer.io import provenance, rounding, schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.pretrained import devices
from bias_transfer.stages import soft_labels
from bias_transfer.stages.soft_labels import TrainingData
from bias_transfer.study.params import Params
from bias_transfer.study.paths import HISTORY, TRAINING, Layout
from bias_transfer.study.systems import Arm
from bias_transfer.study.targets import BASELINE

# The code that turns texts and soft labels into a student. What makes the soft labels is not in
# it: a recipe has their digest.
_CODE = (
    "distillation",
    "pretrained/hub.py",
    "pretrained/packages.py",
    "stages/train.py",
    "students",
)


class Sample(NamedTuple):
    """What one seed learns from: reviews with their labels, and the base rows among them."""

    data: TrainingData
    rows: Rows


def run(
    params: Params,
    student: str,
    target: str,
    root: Path = Path(),
    seeds: tuple[int, ...] | None = None,
) -> None:
    """Fit the student once per seed, and write one folder per seed.

    A folder holds model, tokenizer, ``history.csv`` and ``training.json``. It is kept where it is
    undamaged and its ``training.json`` names the same inputs, params and code. Without ``seeds``
    they are the study's, and folders of other seeds are removed.

    Raises
    ------
    InputError
        If inputs are missing or do not fit each other, or a folder cannot be written.
    """
    layout = Layout(params.study, root)
    data = soft_labels.read(params, layout, target)
    watch = Watch.of(tables.read(layout.pairs, schemas.SWAPS))
    wanted = params.study.seeds_of(student, target) if seeds is None else seeds
    kept = 0
    for arm in (Arm(student, target, seed) for seed in wanted):
        drawn = sample(params, data, arm.seed)
        recipe, folder = _recipe(params, layout, arm, drawn, watch), layout.model(arm.system)
        if _is_made(folder, recipe):
            kept += 1
            continue
        fitted = fit(params, arm, drawn, watch)
        if devices.first_process():
            _write(folder, fitted, recipe)
    if devices.first_process():
        group = layout.model(f"{student}-{target}")
        if seeds is None:
            _remove_others(group, wanted)
        print(f"{group}: {len(wanted) - kept} fitted, {kept} kept")


def sample(params: Params, data: TrainingData, seed: int) -> Sample:
    """The training split as one seed learns from it.

    Where the study resamples, it is a split of its own: what is drawn or shuffled among reviews is
    so among these alone.
    """
    rows = base_rows(
        data.reviews["label"], params.distillation, seed, resample=params.study.resample
    )
    if params.study.resample == "none":
        return Sample(data, rows)
    places = np.arange(sum(map(len, rows)))
    return Sample(data.part(np.concatenate(rows)), (places[: len(rows[0])], places[len(rows[0]) :]))


def fit(params: Params, arm: Arm, drawn: Sample, watch: Watch | None = None) -> Fitted:
    """Fit one arm to its sample."""
    setting = Setting(_alpha(params, arm), arm.seed, devices.resolve(params.device), arm.system)
    data, rows = drawn
    return fit_arm(
        data.reviews,
        data.soft(arm),
        params.students[arm.student],
        params.distillation,
        setting,
        data.fitted,
        rows=rows,
        watch=watch,
    )


def _alpha(params: Params, arm: Arm) -> float:
    return 0.0 if arm.target == BASELINE else params.distillation.alpha


def _recipe(
    params: Params, layout: Layout, arm: Arm, drawn: Sample, watch: Watch
) -> dict[str, Any]:
    """All that a student is made from: with the same recipe it need not be made again.

    ``rows`` are the base rows, before a target leaves out or repeats any, so that arms of a seed
    can be compared by them. Computed figures are rounded, params are not.
    """
    data, rows = drawn
    shared, ids = params.distillation, data.reviews["id"]
    soft = data.soft(arm).round(rounding.DECIMALS)
    inputs = (layout.reviews("train"), layout.labels("train"))
    teacher = {
        "name": params.study.teacher,
        "calibration": shared.calibration,
        "log_odds_offset": data.calibration.offset,
        "log_odds_temperature": data.calibration.temperature,
        "mean_label_mass": float(data.labels["label_mass"].mean()),
    }
    recipe = {
        "format": schemas.FORMAT,
        "system": arm.system,
        "student": params.students[arm.student].model_dump(),
        "target": arm.target,
        "seed": arm.seed,
        "alpha": _alpha(params, arm),
        "temperature": shared.temperature,
        "warmup_share": shared.warmup_share,
        "patience": shared.patience,
        "validation_share": shared.validation_share,
        "resample": params.study.resample,
        "device": devices.resolve(params.device),
        "rows": {
            name: {"n": len(part), "ids_sha256": provenance.texts_sha256(ids.iloc[part])}
            for name, part in zip(("fit", "validation"), rows, strict=True)
        },
        "teacher": rounding.values(teacher),
        "inputs": {
            str(path.relative_to(layout.inputs)): provenance.sha256(path) for path in inputs
        },
        "versions_sha256": [provenance.texts_sha256(texts) for texts in data.fitted or ()],
        "soft_labels_sha256": hashlib.sha256(soft.tobytes()).hexdigest(),
        "watched_sha256": provenance.texts_sha256(watch.texts),
        "code_sha256": provenance.code_sha256(*_CODE),
    }
    return tables.plain(recipe)


def _is_made(folder: Path, recipe: dict[str, Any]) -> bool:
    """Whether a folder holds, undamaged, what the recipe makes."""
    if not (folder / TRAINING).is_file():
        return False
    try:
        made = tables.read_json(folder / TRAINING)
    except InputError:
        return False
    expected = {key: made.get(key) for key in recipe} if isinstance(made, dict) else None
    return expected == recipe and made.get("files") == _digests(folder)


def _digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each file but ``training.json``; none of what is no plain file."""
    paths = sorted(path for path in folder.iterdir() if path.name != TRAINING)
    return {path.name: provenance.sha256(path) if path.is_file() else "" for path in paths}


def _write(folder: Path, fitted: Fitted, recipe: dict[str, Any]) -> None:
    """Write a student's folder, whole or not at all."""
    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(parents=True)
        fitted.student.save(draft)
        tables.write(fitted.history, draft / HISTORY, schemas.HISTORY)
        best = fitted.history["validation_log_loss"].idxmin()
        made = {
            "epoch": int(fitted.history["epoch"][best]),
            "files": _digests(draft),
            "versions": provenance.versions(),
        }
        tables.write_json(recipe | made, draft / TRAINING)
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    except OSError as error:
        raise InputError(f"cannot write {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _remove_others(group: Path, seeds: tuple[int, ...]) -> None:
    """Leave the folders of ``seeds`` alone in a group's folder, which is empty without seeds."""
    try:
        group.mkdir(parents=True, exist_ok=True)
        for path in group.iterdir():
            if path.name in {f"seed-{seed}" for seed in seeds}:
                continue
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    except OSError as error:
        raise InputError(f"cannot write {group}: {error.strerror or error}") from error
