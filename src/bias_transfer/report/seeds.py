"""Seeds for readers: which arm has which, means over them, and names without a single one."""

import pandas as pd

from bias_transfer.study.params import Study
from bias_transfer.study.systems import group_of


def average(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds, in the order of the table; an interval is Wilson's, around the mean.

    It is over test reviews alone: seeds share them.
    """
    from statsmodels.stats.proportion import proportion_confint

    groups = accuracy["system"].map(group_of)
    means = accuracy.drop(columns="system").groupby(groups, sort=False).mean().reset_index()
    right = (means["accuracy"] * means["n"]).round()
    low, high = proportion_confint(right, means["n"], method="wilson")
    return means.assign(accuracy_ci_low=low, accuracy_ci_high=high)


def without_single(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Every seed; where a student and target has one, its name leaves the seed out."""
    groups = accuracy["system"].map(group_of)
    alone = ~groups.duplicated(keep=False)
    return accuracy.assign(system=accuracy["system"].mask(alone, groups))


def trained(study: Study) -> list[str]:
    """What was trained: of each student, the targets that have the same seeds, and these."""
    found = []
    for student in study.all_students:
        targets: dict[tuple[int, ...], list[str]] = {}
        for target in study.targets:
            targets.setdefault(study.seeds_of(student, target), []).append(target)
        found += [
            f"{student} on {', '.join(names)} (seeds {', '.join(map(str, seeds))})"
            for seeds, names in targets.items()
            if seeds
        ]
    return found
