"""Command ``validate``: the swapped reviews as an instrument, simulated and on a study's own."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bias_transfer.bias import swaps
from bias_transfer.bias.channel import Arms
from bias_transfer.bias.swaps import Pairs
from bias_transfer.bias.validation import controls, null_swaps
from bias_transfer.bias.validation import opinions as without_opinion
from bias_transfer.commands.quiet import no_bar
from bias_transfer.corpora.swaps import edits
from bias_transfer.distillation.arm import fit_arm
from bias_transfer.distillation.fit import Setting
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.pretrained import devices
from bias_transfer.stages import scored
from bias_transfer.stages.swaps import held_out_reviews
from bias_transfer.study import targets
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import TEACHER, Arm, System, teacher_system
from bias_transfer.teacher import calibration

STUDENT, SEEDS, HALVES = "bow", 3, 20
DIGITS = 4


def simulated(out: Path, datasets: int) -> pd.DataFrame:
    """Write ``null_swaps.grid`` to ``out``; returns the cells where it is wrong most and least.

    It takes no file of a study.
    """
    table = null_swaps.grid(datasets)
    tables.write(table.round(DIGITS), out)
    return table.loc[[table["p_clustered"].idxmax(), table["p_clustered"].idxmin()]]


def placebo(params: Params, out: Path, draws: int) -> pd.DataFrame:
    """Write ``controls.placebo`` of teacher and distilled students to ``out``, in P(positive).

    For all placebo pairs, and for samples as many, as long and as often edited as the gendered
    ones. The study's predictions must be there.
    """
    layout = Layout(params.study)
    pairs, neutral, ids = _pairs(layout)
    alike = controls.Alike(len(pairs), swaps.reweighted(pairs, neutral))
    rows = []
    for name, frames in scored.by_group(scored.read(layout, "swaps", ids)).items():
        if System.parse(name).target not in (TEACHER, targets.DISTILLED):
            continue
        differences = swaps.pooled(frames, neutral, "score")
        for size, sample in ((len(neutral), None), (len(pairs), alike)):
            found = controls.placebo(neutral, differences, draws, sample)
            rows.append(found.assign(system=name, n_pairs=size, n_draws=draws))
    table = pd.concat(rows)[["system", "n_pairs", "control", "test", "rate", "n_draws"]]
    tables.write(table.round(DIGITS), out)
    return table


def slopes(params: Params, out: Path, draws: int) -> pd.DataFrame:
    """Write ``controls.slopes`` of every student's distilled arm to ``out``.

    The study's predictions must be there.

    Raises
    ------
    InputError
        If no student has a baseline of two or more seeds and a distilled arm.
    """
    layout, study = Layout(params.study), params.study
    pairs, _, ids = _pairs(layout)
    scores = scored.read(layout, "swaps", ids)
    rows = []
    for student in study.all_students:
        compared = []
        for target, reference in targets.comparisons(study.targets):
            if target != targets.DISTILLED:
                continue
            seeds = study.seeds_of_both(student, target, reference)
            sides = [
                {seed: scores[Arm(student, side, seed).system] for seed in seeds}
                for side in (target, reference)
            ]
            compared += [Arms(student, target, reference, *sides)] if seeds else []
        baseline = {
            seed: scores[Arm(student, targets.BASELINE, seed).system]
            for seed in study.seeds_of(student, targets.BASELINE)
        }
        if compared and len(baseline) > 1:
            found = controls.slopes(compared, baseline, scores[teacher_system(study)], pairs, draws)
            rows.append(found.assign(student=student, n_seeds=len(baseline)))
    if not rows:
        raise InputError("no student has a baseline of two seeds or more beside a distilled arm")
    columns = ["student", "target", "reference", "rate", "n_pairs", "n_seeds", "n_draws"]
    table = pd.concat(rows).assign(n_pairs=len(pairs), n_draws=draws)[columns]
    tables.write(table.round(DIGITS), out)
    return table


def opinions(params: Params, out: Path, draws: int) -> pd.DataFrame:
    """Write ``bias.validation.opinions.rates`` of a linear model of words to ``out``.

    The reviews are the study's held-out ones.
    """
    return _opinions(params, out, draws, without_opinion.linear, 1)


def opinions_bow(params: Params, out: Path, draws: int) -> pd.DataFrame:
    """As ``opinions``, of a bag of words with three seeds: a minute or more for each draw."""

    def student(
        training: pd.DataFrame, soft: np.ndarray, seed: int, texts: Sequence[str]
    ) -> np.ndarray:
        setting = Setting(params.distillation.alpha, seed, devices.resolve(params.device), STUDENT)
        target = np.column_stack([1 - soft, soft])
        with no_bar():
            fitted = fit_arm(
                training, target, params.students[STUDENT], params.distillation, setting
            ).student
        scores = pd.DataFrame(fitted.predict_proba(list(texts)), columns=schemas.PROBABILITIES)
        return calibration.log_odds(scores)

    return _opinions(params, out, draws, student, SEEDS)


def _opinions(
    params: Params, out: Path, draws: int, student: without_opinion.Student, seeds: int
) -> pd.DataFrame:
    layout = Layout(params.study)
    reviews = held_out_reviews(params, layout)
    both = edits.apply(reviews, tables.read(layout.edits, schemas.EDITS)).set_index("id")
    first, second = (
        reviews["id"].map(both[side]).fillna(reviews["text"]) for side in both.columns[:2]
    )
    labels = reviews["label"].to_numpy()
    answers = without_opinion.teacher(first, second, reviews["text"], labels)
    asked = pd.DataFrame({"label_0": 1 - answers.ravel(), "label_1": answers.ravel()})
    calibrated = calibration.batch(asked).apply(asked)["label_1"].to_numpy()
    read = without_opinion.Reviews(first, second, labels, calibrated.reshape(2, -1))
    table = without_opinion.rates(read, student, seeds, draws, HALVES)
    counts = {"n_reviews": len(reviews), "n_swapped": len(both), "n_seeds": seeds}
    counts["n_halves"] = HALVES
    table = table.assign(**counts, n_draws=draws)
    tables.write(table.round(DIGITS), out)
    return table


def _pairs(layout: Layout) -> tuple[Pairs, Pairs, pd.Series]:
    """Gendered pairs, placebo pairs, and the ids of all versions in the order of their places."""
    versions = tables.read(layout.pairs, schemas.SWAPS)
    neutral = tables.read(layout.placebo, schemas.PLACEBO)
    ids = pd.concat([versions["id"], neutral["id"]]).drop_duplicates()
    pairs, placebo = (swaps.pair_up(each, pd.Index(ids)) for each in (versions, neutral))
    return pairs, placebo, ids
