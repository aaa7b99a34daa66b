"""What the parts of stage ``bias`` share: scores by id, unknown words, margins, comparisons."""

from collections.abc import Iterable, Mapping

import pandas as pd

from bias_transfer.bias.margins import Margins
from bias_transfer.bias.scores import by_id
from bias_transfer.bias.transfer import COLUMNS, Corpus, Eec, transfer
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.students.tokenizer import unknown_words
from bias_transfer.study import targets
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm, arms, groups, systems, teacher_system


def read(layout: Layout, part: str, ids: pd.Series) -> dict[str, pd.DataFrame]:
    """Each system's ``score`` and ``log_odds`` on one corpus, indexed by ``ids`` in their order.

    Raises
    ------
    InputError
        If a system has no score for an id.
    """
    found = {}
    for system in systems(layout.study):
        path = layout.predictions(system, part)
        scores = by_id(tables.read(path, schemas.PREDICTIONS))
        missing = ids[~ids.isin(scores.index)]
        if len(missing):
            raise InputError(
                f"{path}: {len(missing)} texts have no score, the first with id {missing.iloc[0]}: "
                "`dvc repro` makes it"
            )
        found[system] = scores.loc[ids]
    return found


def by_group(scores: Mapping[str, pd.DataFrame]) -> dict[str, list[pd.DataFrame]]:
    """Scored corpora of each group of systems, one per seed."""
    return {name: [scores[system] for system in names] for name, names in groups(scores).items()}


def unknown(layout: Layout, people: Iterable[str]) -> dict[str, set[str]]:
    """Of each word-level student, the people whose words it does not know."""
    people = list(people)
    found = {
        arm.system: unknown_words(layout.model(arm.system), people) for arm in arms(layout.study)
    }
    return {system: words for system, words in found.items() if words is not None}


def margins(params: Params) -> Margins:
    """How small a difference counts as none in this study."""
    limits = params.bias
    return Margins(
        limits.margin_probability,
        limits.margin_log_odds,
        limits.margin_share,
        params.hypotheses.smallest_share,
    )


def comparisons(
    params: Params,
    scores: Mapping[str, pd.DataFrame],
    unknown: Mapping[str, set[str]],
    corpus: Corpus | None = None,
) -> pd.DataFrame:
    """Every comparison of every student, arms matched by seed (``bias.transfer``)."""
    study, corpus, rows = params.study, corpus or Eec(), []
    for student in study.all_students:
        for target, reference in targets.comparisons(study.targets):
            names = {
                side: [
                    Arm(student, side, seed).system
                    for seed in study.seeds_of_both(student, target, reference)
                ]
                for side in (target, reference)
            }
            if not names[target]:
                continue
            before, after = (
                [scores[system] for system in names[side]] for side in (reference, target)
            )
            words = [unknown.get(system, set()) for system in (*names[target], *names[reference])]
            rows.append(
                transfer(
                    student, scores[teacher_system(study)], before, after, target=target,
                    reference=reference, margins=margins(params), unknown=set.union(*words),
                    corpus=corpus,
                )
            )  # fmt: skip
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=COLUMNS)
