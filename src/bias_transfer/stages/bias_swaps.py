"""Stage ``bias`` on swapped reviews: gaps, and how much of what a teacher holds arrives."""

import pandas as pd

from bias_transfer.bias import channel, swaps
from bias_transfer.bias.channel import Arms, Planted
from bias_transfer.bias.swaps import Pairs
from bias_transfer.corpora.mentions import mentions_more_women
from bias_transfer.io import schemas, tables
from bias_transfer.stages import scored
from bias_transfer.study import targets
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm, teacher_system
from bias_transfer.study.targets import BASELINE, DISTILLED

Scores = dict[str, pd.DataFrame]


def measure(params: Params, layout: Layout) -> Scores:
    """Tables by the name of their file, without the column ``corpus``; none without any pair."""
    versions = tables.read(layout.pairs, schemas.SWAPS)
    neutral = tables.read(layout.placebo, schemas.PLACEBO)
    pairs, placebo = swaps.pair_up(versions), swaps.pair_up(neutral)
    if not len(pairs):
        return {}
    scores = scored.read(
        layout, "swaps", pd.concat([versions["id"], neutral["id"]]).drop_duplicates()
    )
    members = scored.by_group(scores)
    return {
        "bias.csv": swaps.audit(scores, pairs, placebo, params.bias.margin_probability),
        "breakdown.csv": pd.concat([swaps.breakdown(*item, pairs) for item in members.items()]),
        "transfer.csv": _transfer(params, scores, pairs, versions),
    }


def _transfer(params: Params, scores: Scores, pairs: Pairs, versions: pd.DataFrame) -> pd.DataFrame:
    """Every comparison of every student, then coefficients, then partial slopes."""
    study, margins = params.study, scored.margins(params)
    teacher = scores[teacher_system(study)]

    def arms(student: str, target: str, reference: str) -> Arms | None:
        seeds = study.seeds_of_both(student, target, reference)
        sides = [
            {seed: scores[Arm(student, side, seed).system] for seed in seeds}
            for side in (target, reference)
        ]
        return Arms(student, target, reference, *sides) if seeds else None

    rows = []
    for student in study.all_students:
        for target, reference in targets.comparisons(study.targets):
            if both := arms(student, target, reference):
                rows.append(channel.change(both, teacher, pairs, margins))
        for target in study.targets:
            dose = targets.parse(target)[1]
            if dose and DISTILLED in study.targets and (both := arms(student, target, DISTILLED)):
                planted = _planted(dose, pairs, versions)
                rows.append(channel.coefficient(both, teacher, pairs, planted, margins))
        baseline = {
            seed: scores[Arm(student, BASELINE, seed).system]
            for seed in study.seeds_of(student, BASELINE)
            if BASELINE in study.targets
        }
        if len(baseline) > 1:
            for target, reference in targets.comparisons(study.targets):
                if both := arms(student, target, reference):
                    measure = channel.partial if reference == BASELINE else channel.partial_change
                    rows.append(measure(both, baseline, teacher, pairs, margins))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def _planted(dose: float, pairs: Pairs, versions: pd.DataFrame) -> Planted:
    raised = pd.Series(mentions_more_women(versions["sentence"]), index=versions["id"])
    return Planted(dose, raised.loc[pairs.first].to_numpy(), raised.loc[pairs.second].to_numpy())
