"""Stage ``bias``: the gaps of every system, and what distilling did to each student's."""

from pathlib import Path

import numpy as np
import pandas as pd

from bias_transfer.bias import audit, hypotheses
from bias_transfer.bias.audit import NOT_MEASURABLE, ONE_OF_SEVERAL, average
from bias_transfer.bias.breakdown import breakdown
from bias_transfer.bias.channel import simultaneous
from bias_transfer.bias.estimates import ONE_SEED
from bias_transfer.bias.inference.halves import over_training_sets
from bias_transfer.bias.pairs import AXES, contrast
from bias_transfer.bias.scores import match
from bias_transfer.bias.transfer import measure_reliability
from bias_transfer.io import declared, provenance, rounding, schemas, tables
from bias_transfer.stages import bias_film, bias_swaps, calibrated, scored
from bias_transfer.stages.comparable import refuse_other_rows
from bias_transfer.study.params import Params
from bias_transfer.study.paths import SCORED, Layout
from bias_transfer.study.systems import TEACHER, System, systems, teacher_system
from bias_transfer.teacher import calibration
from bias_transfer.teacher.calibration import Calibration

Scores = dict[str, pd.DataFrame]
Words = dict[str, set[str]]
Tables = dict[str, pd.DataFrame]
# Estimate, standard error and degrees of freedom of a table whose rows have an error of seeds.
_ESTIMATES = {
    "bias.csv": ("mean_difference", "se_clustered", "df_clustered"),
    "transfer.csv": ("estimate", "se", "df"),
}


def run(params: Params, root: Path = Path()) -> None:
    """Write ``bias.csv``, ``breakdown.csv``, ``transfer.csv``, ``pairs.parquet`` and the gaps.

    Then ``hypotheses.json``, the tests that were declared. What the tables hold is said in
    ``io/schemas``. The gaps are metrics for DVC.

    Raises
    ------
    InputError
        If the study's students were not trained and tested on the same reviews.
    """
    layout = Layout(params.study, root)
    refuse_other_rows(layout)
    measured = {"eec": _eec(params, layout)}
    measured |= {
        "swaps": bias_swaps.measure(params, layout),
        "film": bias_film.measure(params, layout),
    }
    for name, schema in (
        ("bias.csv", schemas.BIAS),
        ("breakdown.csv", schemas.BREAKDOWN),
        ("pairs.parquet", schemas.PAIRS),
        ("transfer.csv", schemas.TRANSFER),
    ):
        table = _together(measured, name)
        if params.study.resample == "half" and name in _ESTIMATES and len(table):
            table = over_training_sets(table, *_ESTIMATES[name])
        if name == "transfer.csv" and len(table):
            table = simultaneous(table)
        table = rounding.table(table.reindex(columns=list(schema.columns)))
        table = without_one_seed(table) if name == "bias.csv" else table
        tables.write(table, layout.report(name), schema)
    gaps = tables.read(layout.report("bias.csv"), schemas.BIAS)
    tables.write_json(_metrics(gaps), layout.metrics("bias"))
    declared.write(_hypotheses(params, layout), layout.report("hypotheses.json"))
    print(
        f"{len(systems(params.study))} systems: {layout.report('bias.csv')} and three more tables"
    )


def without_one_seed(gaps: pd.DataFrame) -> pd.DataFrame:
    """``bias.csv`` with no verdict on a trained student of one seed.

    How much training runs differ is not in its interval. A teacher is not trained here.
    """
    trained = gaps["system"].map(lambda name: System.parse(name).target != TEACHER)
    alone = trained & (gaps["n_seeds"] == 1)
    alone &= ~gaps["verdict"].isin((NOT_MEASURABLE, ONE_OF_SEVERAL))
    return gaps.assign(verdict=gaps["verdict"].mask(alone, ONE_SEED))


def _hypotheses(params: Params, layout: Layout) -> declared.Declared:
    """The declared tests, on what the other tables hold."""
    study, family = params.study, params.hypotheses
    rows = hypotheses.decide(
        hypotheses.questions(family, study),
        tables.read(layout.report("transfer.csv"), schemas.TRANSFER),
        tables.read(layout.report("bias.csv"), schemas.BIAS),
    )
    predictions = [
        layout.predictions(system, part) for system in sorted(systems(study)) for part in SCORED
    ]
    return declared.Declared(
        family.model_dump(mode="json"),
        provenance.tree_sha256(predictions),
        rounding.table(rows),
        hypotheses.not_asked(family, study),
    )


def _together(measured: dict[str, Tables], name: str) -> pd.DataFrame:
    """One table of all corpora that have it, with the column ``corpus``."""
    found = [
        made[name].assign(corpus=corpus)
        for corpus, made in measured.items()
        if name in made and len(made[name])
    ]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _eec(params: Params, layout: Layout) -> Tables:
    scores = {}
    for system in systems(params.study):
        path = layout.predictions(system, "eec")
        scores[system] = match(tables.read(path, schemas.PREDICTIONS), str(path))
    unknown = scored.unknown(layout, next(iter(scores.values()))["person"].unique())
    members = scored.by_group(scores)
    return {
        "bias.csv": audit(scores, margin=params.bias.margin_probability, unknown=unknown),
        "breakdown.csv": pd.concat([breakdown(*item) for item in members.items()]),
        "pairs.parquet": _pairs({name: average(frames) for name, frames in members.items()}),
        "transfer.csv": _transfer(params, layout, scores, unknown),
    }


def _metrics(gaps: pd.DataFrame) -> dict[str, dict[str, float]]:
    """The gaps of each system by their names in MLflow."""
    return {
        system: {
            name: value
            for row in rows.to_dict("records")
            for name, value in schemas.metrics(schemas.BIAS, row, schemas.HEADLINE).items()
        }
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
    name = teacher_system(params.study)
    compared = scored.comparisons(params, scores, unknown)
    variants = _variants(params, layout, scores[name])
    if not variants:
        return compared
    reliability, _ = measure_reliability(name, scores[name], variants)
    return pd.concat([reliability.assign(target="", reference="", reason=""), compared])


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
