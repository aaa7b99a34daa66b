"""Stage ``bias`` on swapped reviews: gaps, and how much of what a teacher holds arrives."""

import numpy as np
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
from bias_transfer.study.targets import BASELINE

Scores = dict[str, pd.DataFrame]


def measure(params: Params, layout: Layout) -> Scores:
    """Tables by the name of their file, without the column ``corpus``; none without any pair."""
    versions = tables.read(layout.pairs, schemas.SWAPS)
    neutral = tables.read(layout.placebo, schemas.PLACEBO)
    ids = pd.concat([versions["id"], neutral["id"]]).drop_duplicates()
    pairs, placebo = (swaps.pair_up(each, pd.Index(ids)) for each in (versions, neutral))
    if not len(pairs):
        return {}
    scores = scored.read(layout, "swaps", ids)
    members = scored.by_group(scores)
    return {
        "bias.csv": swaps.audit(scores, pairs, placebo, params.bias.margin_probability),
        "breakdown.csv": pd.concat([swaps.breakdown(*item, pairs) for item in members.items()]),
        "transfer.csv": _transfer(params, scores, pairs, _raised(versions, pairs)),
    }


def _raised(versions: pd.DataFrame, pairs: Pairs) -> list[np.ndarray]:
    """Whether planting raises the first and the second version of each pair."""
    table = versions.assign(raised=mentions_more_women(versions["sentence"]))
    both = table.pivot(index="pair_id", columns="group", values="raised")
    both = both.loc[pairs.table["pair_id"]]
    return [both[side].to_numpy(bool) for side in versions["group"].unique()]


def _transfer(
    params: Params, scores: Scores, pairs: Pairs, raised: list[np.ndarray]
) -> pd.DataFrame:
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
            dose, reference = targets.parse(target)[1], targets.unplanted(target)
            if dose and reference in study.targets and (both := arms(student, target, reference)):
                planted = Planted(dose, *raised)
                rows.append(channel.coefficient(both, teacher, pairs, planted, margins))
        baseline = {
            seed: scores[Arm(student, BASELINE, seed).system]
            for seed in study.seeds_of(student, BASELINE)
            if BASELINE in study.targets
        }
        if len(baseline) > 1:
            partial = channel.Partial(baseline, teacher, pairs)
            for target, reference in targets.comparisons(study.targets):
                if both := arms(student, target, reference):
                    measure = partial.slope if reference == BASELINE else partial.change
                    rows.append(measure(both, margins))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
