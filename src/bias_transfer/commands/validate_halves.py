"""Command ``validate halves``: would a change in the gap stand with other training reviews?"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from bias_transfer.bias import swaps
from bias_transfer.bias.channel import Arms, Frames
from bias_transfer.bias.inference.halves import with_training_sets
from bias_transfer.bias.inference.two_way import with_seeds
from bias_transfer.commands import catalogue
from bias_transfer.commands.quiet import no_bar
from bias_transfer.io import rounding, schemas, tables
from bias_transfer.io.errors import InputError, unknown
from bias_transfer.stages import scored, soft_labels, train
from bias_transfer.stages.soft_labels import TrainingData
from bias_transfer.study import targets
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm
from bias_transfer.study.targets import BASELINE, DISTILLED
from bias_transfer.teacher import calibration

COLUMN = "log_odds"
Comparison = tuple[str, str]  # target and reference


def run(params: Params, names: Sequence[str], out: Path, student: str, number: int) -> pd.DataFrame:
    """Write to ``out`` each change in a student's gap, for these training reviews and for others.

    Parameters
    ----------
    params, names
        Studies of ``params.yaml``, as ``dvc repro`` made them; the current one where none is named.
    out
        CSV with a row for each ``study``, ``target`` and ``reference``. ``estimate``: the change in
        the gap on swapped held-out reviews from reference to target, in log-odds; positive: it
        favours women more. ``ci_low, ci_high, p_value``: for these training reviews, over held-out
        reviews and ``n_seeds`` seeds. ``half_mean, half_sd``: mean and standard deviation of the
        change over ``n_halves`` students of half of the training reviews, a seed each.
        ``other_ci_low, other_ci_high, other_p_value``: over held-out reviews, training reviews and
        seeds (``bias.inference.halves``). Intervals are 95 %; no p is corrected.
    student
        Name of the student.
    number
        How many halves.

    Returns
    -------
    DataFrame
        What is written.

    Raises
    ------
    InputError
        If a study or the student is unknown, nothing of it can be compared, or a file of a study is
        missing.
    """
    chosen = [catalogue.reported(params, name) for name in names] or [params]
    if student not in params.students:
        raise InputError(unknown("student", student, params.students))
    table = pd.DataFrame([row for each in chosen for row in _rows(each, student, number)])
    table = rounding.table(table)
    tables.write(table, out)
    return table


def _rows(params: Params, student: str, number: int) -> Iterator[dict[str, object]]:
    """The rows of one study."""
    study, layout = params.study, Layout(params.study)
    if study.resample == "half":
        raise InputError(
            f"study {study.name!r} is of halves already: transfer.csv in its report has this "
            "interval, as ci_low_training_sets and ci_high_training_sets"
        )
    compared = _comparisons(params, student)
    versions = tables.read(layout.pairs, schemas.SWAPS)
    texts = versions.drop_duplicates("id").set_index("id")["sentence"]
    pairs = swaps.pair_up(versions, texts.index)
    whole = scored.read(layout, "swaps", texts.index.to_series())
    arms = dict.fromkeys(name for both in compared for name in both)
    halves = _learnt(params, layout, student, arms, number, texts.tolist())
    for target, reference in compared:
        seeds = study.seeds_of_both(student, target, reference)
        full = [
            {seed: whole[Arm(student, side, seed).system] for seed in seeds}
            for side in (target, reference)
        ]
        changes = Arms(student, target, reference, *full).changes(pairs, COLUMN)
        of_halves = Arms(student, target, reference, halves[target], halves[reference])
        by_seed, by_half = (
            np.array([pairs.balanced.value(each) for each in of])
            for of in (changes, of_halves.changes(pairs, COLUMN))
        )
        given = swaps.gap(pairs, np.mean(changes, axis=0)).inference
        this = with_seeds(given, by_seed)
        other = with_training_sets(this, by_half)
        yield {
            "study": study.name,
            "teacher": study.teacher,
            "student": student,
            "target": target,
            "reference": reference,
            "estimate": this.mean,
            "ci_low": this.ci_low,
            "ci_high": this.ci_high,
            "p_value": this.p_value,
            "half_mean": by_half.mean(),
            "half_sd": by_half.std(ddof=1),
            "other_ci_low": other.ci_low,
            "other_ci_high": other.ci_high,
            "other_p_value": other.p_value,
            "n_pairs": len(pairs),
            "n_seeds": len(seeds),
            "n_halves": number,
        }


def _comparisons(params: Params, student: str) -> list[Comparison]:
    """Distilled against every other arm, remedies, and what was planted against the same without.

    Targets that are fitted to both versions of a review are left out.
    """
    study = params.study
    found = [
        *((t, r) for t, r in targets.comparisons(study.targets) if t == DISTILLED or r != BASELINE),
        *((name, targets.unplanted(name)) for name in study.targets if targets.parse(name)[1]),
    ]
    found = [
        both
        for both in found
        if student in study.all_students
        and set(both) <= set(study.targets)
        and all(targets.parse(name)[0].rows == "all" for name in both)
        and study.seeds_of_both(student, *both)
    ]
    if not found:
        raise InputError(
            f"study {study.name!r} has no two arms of {student} to compare: add distilled and a "
            "control to study.targets and run `dvc repro`"
        )
    return found


def _learnt(
    params: Params,
    layout: Layout,
    student: str,
    names: Iterable[str],
    number: int,
    texts: list[str],
) -> dict[str, Frames]:
    """Log-odds of the texts by students of each half, by target; a half is a seed's sample."""
    params = params.with_study(resample="half")
    found: dict[str, Frames] = {}
    for target in names:
        data = soft_labels.read(params, layout, target)
        bar = tqdm(range(number), f"{params.study.name}, {target}", unit="fit", file=sys.stderr)
        found[target] = {
            seed: _fit(params, data, Arm(student, target, seed), texts) for seed in bar
        }
    return found


def _fit(params: Params, data: TrainingData, arm: Arm, texts: list[str]) -> pd.DataFrame:
    """Log-odds of the texts by a student of the half whose number is the arm's seed."""
    with no_bar():
        student = train.fit(params, arm, train.sample(params, data, arm.seed)).student
    scores = pd.DataFrame(student.predict_proba(texts), columns=schemas.PROBABILITIES)
    return pd.DataFrame({COLUMN: calibration.log_odds(scores)})
