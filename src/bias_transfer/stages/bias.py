"""Stage ``bias``: the gaps of every system, and what distilling did to each student's."""

from pathlib import Path

import numpy as np
import pandas as pd

from bias_transfer.bias import audit
from bias_transfer.bias.audit import average
from bias_transfer.bias.breakdown import breakdown
from bias_transfer.bias.margins import Margins
from bias_transfer.bias.pairs import AXES, contrast
from bias_transfer.bias.scores import match
from bias_transfer.bias.transfer import measure_reliability, transfer
from bias_transfer.io import rounding, schemas, tables
from bias_transfer.stages import calibrated
from bias_transfer.stages.comparable import refuse_other_rows
from bias_transfer.students.tokenizer import unknown_words
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm, arms, groups, systems, teacher_system
from bias_transfer.study.targets import BASELINE, DISTILLED, controls
from bias_transfer.teacher import calibration
from bias_transfer.teacher.calibration import Calibration

Scores = dict[str, pd.DataFrame]
Words = dict[str, set[str]]


def run(params: Params, root: Path = Path()) -> None:
    """Write ``bias.csv``, ``breakdown.csv``, ``transfer.csv``, ``pairs.parquet`` and the gaps.

    What the tables hold is said in ``io/schemas``. The gaps are metrics for DVC.

    Raises
    ------
    InputError
        If the study's students were not trained and tested on the same reviews.
    """
    layout = Layout(params.study, root)
    refuse_other_rows(layout)
    scores, unknown = {}, {}
    for system in systems(params.study):
        path = layout.predictions(system, "eec")
        scores[system] = match(tables.read(path, schemas.PREDICTIONS), str(path))
    for arm in arms(params.study):
        words = unknown_words(layout.model(arm.system), scores[arm.system]["person"].unique())
        if words is not None:
            unknown[arm.system] = words
    members = {name: [scores[system] for system in names] for name, names in groups(scores).items()}
    gaps = rounding.table(audit(scores, margin=params.bias.margin_probability, unknown=unknown))
    parts = pd.concat([breakdown(*item) for item in members.items()], ignore_index=True)
    pairs = _pairs({name: average(frames) for name, frames in members.items()})
    transfers = _transfer(params, layout, scores, unknown)
    for name, table, schema in (
        ("bias.csv", gaps, schemas.BIAS),
        ("breakdown.csv", rounding.table(parts), schemas.BREAKDOWN),
        ("pairs.parquet", rounding.table(pairs), schemas.PAIRS),
        ("transfer.csv", rounding.table(transfers), schemas.TRANSFER),
    ):
        tables.write(table, layout.report(name), schema)
    tables.write_json(_metrics(gaps), layout.metrics("bias"))
    print(f"{len(scores)} systems: {layout.report('bias.csv')} and three more tables beside it")


def _metrics(gaps: pd.DataFrame) -> dict[str, dict[str, float]]:
    """The gaps of each system by their names in MLflow."""
    name = schemas.metric_names(schemas.BIAS)["mean_difference"]
    return {
        system: {name.format(axis=row.axis): row.mean_difference for row in rows.itertuples()}
        for system, rows in gaps.groupby("system", sort=False)
    }


def _pairs(scores: Scores) -> pd.DataFrame:
    """Every pair's difference of each system, on both scales."""
    frames = []
    for system, frame in scores.items():
        for axis in AXES:
            pairs, log_odds = contrast(frame, axis).pairs, np.nan
            if np.isfinite(frame["log_odds"]).all():
                log_odds = contrast(frame.assign(score=frame["log_odds"]), axis).pairs["difference"]
            frames.append(pairs.assign(system=system, axis=axis, log_odds_difference=log_odds))
    return pd.concat(frames, ignore_index=True)


def _transfer(params: Params, layout: Layout, scores: Scores, unknown: Words) -> pd.DataFrame:
    """The teacher's reliability, then every comparison of every student."""
    study, limits = params.study, params.bias
    margins = Margins(limits.margin_probability, limits.margin_log_odds, limits.margin_share)
    teacher = scores[teacher_system(study)]
    rows = []
    if variants := _variants(params, layout, teacher):
        reliability, _ = measure_reliability(teacher_system(study), teacher, variants)
        rows.append(reliability.assign(target="", reference="", reason=""))
    for student in study.all_students:
        for target, reference in _comparisons(study.targets):
            shared = [
                seed
                for seed in study.seeds_of(student, target)
                if seed in study.seeds_of(student, reference)
            ]
            if not shared:
                continue
            names = {
                side: [Arm(student, side, seed).system for seed in shared]
                for side in (target, reference)
            }
            words = [unknown.get(system, set()) for system in (*names[target], *names[reference])]
            before, after = (
                [scores[system] for system in names[side]] for side in (reference, target)
            )
            rows.append(
                transfer(
                    student, teacher, before, after,
                    target=target, reference=reference, margins=margins, unknown=set.union(*words),
                )
            )  # fmt: skip
    if not rows:
        return pd.DataFrame(columns=list(schemas.TRANSFER.columns))
    return pd.concat(rows, ignore_index=True)


def _comparisons(targets: tuple[str, ...]) -> list[tuple[str, str]]:
    """Every target against the baseline, and the distilled students against every control."""
    against_baseline = [
        (target, BASELINE) for target in targets if target != BASELINE and BASELINE in targets
    ]
    against_controls = [(DISTILLED, name) for name in controls(targets) if DISTILLED in targets]
    return against_baseline + against_controls


def _variants(params: Params, layout: Layout, teacher: pd.DataFrame) -> list[pd.DataFrame]:
    """The corpus under the teacher's other wordings.

    Each is brought to the mean log-odds of the calibrated ``teacher``. They share its temperature,
    so that their differences are on its scale.
    """
    path = layout.labels("eec-variants")
    temperature = calibrated.fit(
        layout, params.distillation, params.distillation.calibration
    ).temperature
    frames = []
    for number, labels in tables.read(path, schemas.VARIANTS).groupby("variant"):
        own = _finite_mean(calibration.log_odds(labels))
        offset = own - temperature * _finite_mean(teacher["log_odds"].to_numpy())
        frames.append(
            match(Calibration(offset, temperature).apply(labels), f"{path}, variant {number}")
        )
    return frames


def _finite_mean(values: np.ndarray) -> float:
    return float(values[np.isfinite(values)].mean())
