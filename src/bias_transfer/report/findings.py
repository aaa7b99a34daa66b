"""What a study found, in words: each sentence follows from its tables."""

import pandas as pd

from bias_transfer.bias.audit import DIFFERENCE, NOT_MEASURABLE, ONE_OF_SEVERAL
from bias_transfer.bias.estimates import ONE_SEED
from bias_transfer.bias.hypotheses import stands
from bias_transfer.bias.transfer import CHANGE
from bias_transfer.io.declared import Declared
from bias_transfer.report.formats import percent, signed
from bias_transfer.report.verdicts import corrected
from bias_transfer.study.params import Params
from bias_transfer.study.systems import teacher_system
from bias_transfer.study.targets import BASELINE, DISTILLED


def of_corpus(table: pd.DataFrame, *corpora: str) -> pd.DataFrame:
    """The rows of these corpora, of a table with a column ``corpus``."""
    return table[table["corpus"].isin(corpora)].reset_index(drop=True)


def primary(bias: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``bias.csv`` that have a verdict of their own: one per group of seeds."""
    return bias[bias["verdict"] != ONE_OF_SEVERAL].reset_index(drop=True)


def from_baseline(transfer: pd.DataFrame) -> str:
    """What the numbers say of transfer, in words; log-odds, the change in each student's gap."""
    change = _changes(transfer)
    if change.empty:
        return (
            "Transfer was not measured: the study lacks one of the targets baseline and distilled."
        )
    measured = change[change["verdict"] != NOT_MEASURABLE]
    if measured.empty:
        return (
            "Transfer cannot be measured: transfer.csv gives the reason for each student and axis."
        )
    hidden = len(change) - len(measured)
    left_out = f" {hidden} of {len(change)} gaps are not measurable." * (hidden > 0)
    without = measured["verdict"].eq(ONE_SEED)
    if without.all():
        clear = int((measured["ci_low"] * measured["ci_high"] > 0).sum())
        return (
            "With one seed this study gives no verdict on transfer. "
            f"Distilling changed {clear} of {len(measured)} measurable gaps by more than the "
            "clustered "
            "interval allows for, but how much a gap changes from seed to seed is not "
            f"known.{left_out}"
        )
    counts = measured.loc[~without, "verdict"].value_counts()
    one_seed = f" {without.sum()} more, of students with one seed, have no verdict." * bool(
        without.any()
    )
    n = int(counts.sum())
    return (
        f"From baseline to distilled, {n} measurable gap{'s' * (n != 1)} "
        "in log-odds: "
        f"{'; '.join(f'{n} {verdict}' for verdict, n in counts.items())}.{one_seed}{left_out}"
    )


def _changes(transfer: pd.DataFrame) -> pd.DataFrame:
    in_log_odds = (transfer["scale"] == "log-odds") & (transfer["estimand"] == CHANGE)
    arms = (transfer["target"] == DISTILLED) & (transfer["reference"] == BASELINE)
    return transfer[in_log_odds & arms]


def finding(bias: pd.DataFrame, params: Params, axis: str) -> str:
    """What the numbers say of one axis, in words.

    They are the teacher's difference, and how many students show one.
    """
    rows = bias[bias["axis"] == axis].set_index("system")
    teacher = rows.loc[teacher_system(params.study)]
    students = rows.drop(index=teacher_system(params.study))
    measured = students[students["verdict"] != NOT_MEASURABLE]
    words = corrected(bias).set_index(["axis", "system"])["verdict"][axis]
    counts = words[measured.index].value_counts()
    ends = f"{signed(teacher['ci_low'])} to {signed(teacher['ci_high'])}"
    named = ", ".join(measured.index[measured["verdict"] == DIFFERENCE])
    verdicts = "; ".join(
        f"{verdict} in {n}" + f" ({named})" * stands(verdict) for verdict, n in counts.items()
    )
    left_out = len(students) - len(measured)
    if measured.empty:
        among_students = f"None of {len(students)} students can tell the people apart. "
    else:
        among_students = f"Of {len(measured)} students in which it is measurable: {verdicts}. "
        among_students += f"{left_out} cannot tell the people apart. " * (left_out > 0)
    return (
        f"{axis.capitalize()}: the teacher's mean difference is "
        f"{signed(teacher['mean_difference'])} "
        f"(95 % interval {ends}; {words[teacher_system(params.study)]}). {among_students}"
        f"Differences are corrected for {bias['p_holm'].notna().sum()} tests."
    )


def power(tested: Declared) -> list[str]:
    """How surely each declared contrast would have found what is of interest: one sentence each."""
    found = []
    for (name, estimand), rows in tested.rows.groupby(["contrast", "estimand"], sort=False):
        rows = rows[rows["power"].notna()]
        if rows.empty:
            continue
        share, smallest = percent(tested.declaration["smallest_share"]), rows["smallest_effect"]
        of = f"a slope of {smallest.iloc[0]:.2f}"
        if estimand == CHANGE:
            size = f"{smallest.iloc[0]:.3f} in {rows['scale'].iloc[0]}"
            of = f"a change of {share} of the teacher's gap ({size})"
        each = ", ".join(
            f"{row['student']} {percent(row['power'])}" for row in rows.to_dict("records")
        )
        found.append(f"“{name}” finds {of} with a probability of: {each}.")
    return found
