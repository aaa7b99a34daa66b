"""The tests that a study declared before it was measured, and Holm's correction over them alone.

A *question* is one declared contrast put to one student. Its estimate is a row of the table of
transfer. What is not asked here is exploratory: an estimate with an interval, and no verdict on
the study's question.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bias_transfer.bias.audit import NOT_MEASURABLE
from bias_transfer.bias.estimates import ONE_SEED
from bias_transfer.bias.inference.holm import holm
from bias_transfer.bias.inference.two_way import LEVEL, Inference
from bias_transfer.bias.transfer import CHANGE, NO_TEACHER_GAP
from bias_transfer.study.params import DeclaredContrast, Hypotheses, Study
from bias_transfer.study.systems import System

STANDS, FAILS = "stands", "does not stand"
ONE_SEED_REASON = "how much training runs differ is not known"
NO_PAIRS = "the corpus has no pairs"
COLUMNS = (
    "contrast student corpus axis scale estimand target reference direction estimate ci_low "
    "ci_high p_value p_holm n_tests verdict size reason n_seeds n_pairs se df margin p_equivalence "
    "teacher_gap teacher_ci_low teacher_ci_high gap_share p_share ci_low_training_sets "
    "ci_high_training_sets smallest_effect power"
).split()
_MEASURED = (
    "estimate ci_low ci_high p_value n_seeds n_pairs se df teacher_gap teacher_ci_low "
    "teacher_ci_high gap_share p_share ci_low_training_sets ci_high_training_sets"
).split()
KEYS = "student corpus axis scale estimand target reference".split()


Row = dict[str, Any]


@dataclass(frozen=True)
class DeclaredTest:
    """One contrast put to one student; ``reference`` is the one of ``contrast`` that it has.

    ``smallest_share`` is the smallest share of the teacher's gap that is of interest.
    """

    contrast: DeclaredContrast
    student: str
    reference: str
    smallest_share: float

    @property
    def row(self) -> Row:
        """What is asked, in columns of the table."""
        asked = self.contrast.model_dump(exclude={"name", "references"})
        return asked | {
            "contrast": self.contrast.name,
            "student": self.student,
            "reference": self.reference,
            "direction": self.contrast.direction or "",
        }


def questions(declared: Hypotheses, study: Study) -> list[DeclaredTest]:
    """Every contrast to every student that has both arms, in the order of the declaration."""
    return [
        DeclaredTest(contrast, student, reference, declared.smallest_share)
        for contrast in declared.contrasts
        for reference in _references(contrast, study)
        for student in study.all_students
        if study.seeds_of_both(student, contrast.target, reference)
    ]


def not_asked(declared: Hypotheses, study: Study) -> dict[str, str]:
    """Contrasts that the study cannot be asked, by name, and why."""
    asked = {question.contrast.name for question in questions(declared, study)}
    return {
        contrast.name: f"no student has both {contrast.target} and "
        f"{' or '.join(contrast.references)}"
        for contrast in declared.contrasts
        if contrast.name not in asked
    }


def decide(asked: list[DeclaredTest], transfer: pd.DataFrame, bias: pd.DataFrame) -> pd.DataFrame:
    """One row per question, in ``COLUMNS``.

    Parameters
    ----------
    asked
        The family: Holm's correction runs over those of its rows that are tests.
    transfer
        ``transfer.csv``: the estimates.
    bias
        ``bias.csv``: which systems cannot be measured.

    Returns
    -------
    DataFrame
        ``verdict`` says what the test was corrected for. A row that is not measurable, or has one
        seed, is no test. ``size`` says whether a change is small beside the teacher's gap.
        ``power`` is for the smallest effect of interest, whatever was found.
    """
    rows = pd.DataFrame([_found(question, transfer, bias) for question in asked])
    table = rows.reindex(columns=COLUMNS)
    table["p_holm"] = holm(table["p_value"].astype(float).where(table["verdict"] == ""))
    n = int(table["p_holm"].notna().sum())
    table["n_tests"] = n
    table["power"] = [_power(row) for row in table.to_dict("records")]
    table["verdict"] = [_verdict(row, n) for row in table.to_dict("records")]
    return table


def stands(verdict: str) -> bool:
    """Whether a verdict is of an estimate that stands after correction."""
    return verdict.startswith(STANDS)


def _references(contrast: DeclaredContrast, study: Study) -> list[str]:
    """The first reference that the study has; none if it lacks the target too."""
    have = [name for name in contrast.references if name in study.targets]
    return have[:1] if contrast.target in study.targets else []


def _found(question: DeclaredTest, transfer: pd.DataFrame, bias: pd.DataFrame) -> Row:
    """Estimate and size of one question; ``verdict`` is empty where it is a test."""
    asked = question.row
    of_corpus = transfer[transfer["corpus"] == asked["corpus"]]
    same = (of_corpus[list(KEYS)] == pd.Series(asked)[list(KEYS)]).all(axis=1)
    shared = asked | {"size": "", "reason": ""}
    if of_corpus.empty:
        return shared | {"verdict": NOT_MEASURABLE, "reason": NO_PAIRS}
    if not same.any():  # the partial slope needs a baseline with other seeds
        return shared | {"verdict": ONE_SEED, "reason": ONE_SEED_REASON}
    row = of_corpus[same].iloc[0]
    shared |= {name: row[name] for name in _MEASURED}
    unread = next(_unread(question, bias), "")
    if unread or row["verdict"] == NOT_MEASURABLE or np.isnan(row["se"]):
        return shared | {"verdict": NOT_MEASURABLE, "reason": unread or row["reason"]}
    inference = Inference(row["estimate"], row["se"], row["df"])
    shared["p_equivalence"] = inference.p_equivalence(question.contrast.margin)
    if row["n_seeds"] < 2:
        return shared | {"verdict": ONE_SEED, "reason": ONE_SEED_REASON}
    shared["smallest_effect"] = _smallest(question, shared)
    return shared | {"verdict": "", "size": _size(shared)}


def _smallest(question: DeclaredTest, row: Row) -> float:
    """The smallest effect of interest: that share of the teacher's gap, or of a slope of 1.

    A slope of 1 follows the teacher's differences one to one.
    """
    whole = abs(row["teacher_gap"]) if row["estimand"] == CHANGE else 1.0
    return question.smallest_share * whole


def _power(row: Row) -> float:
    """Power for the smallest effect of interest, at the strictest step of Holm's correction."""
    if np.isnan(row["p_holm"]):
        return float("nan")
    inference = Inference(row["estimate"], row["se"], row["df"])
    return inference.power(row["smallest_effect"], (1 - LEVEL) / row["n_tests"])


def _unread(question: DeclaredTest, bias: pd.DataFrame) -> Iterator[str]:
    """Why an arm of the student cannot be measured."""
    contrast = question.contrast
    of_corpus = (bias["corpus"] == contrast.corpus) & (bias["axis"] == contrast.axis)
    for row in bias[of_corpus & (bias["verdict"] == NOT_MEASURABLE)].to_dict("records"):
        system = System.parse(row["system"])
        if system.student == question.student and system.target in (
            contrast.target,
            question.reference,
        ):
            yield f"{row['system']} {row['reason']}".strip()


def _size(row: Row) -> str:
    """Whether an estimate is small: beside the teacher's gap, or beside the margin of a slope."""
    if row["estimand"] != CHANGE:
        small = row["p_equivalence"] <= 1 - LEVEL
        return f"{'smaller than' if small else 'may be as large as'} {row['margin']:g}"
    if np.isnan(row["p_share"]):
        return NO_TEACHER_GAP
    small = row["p_share"] <= 1 - LEVEL
    share = f"{row['gap_share']:.0%} of the teacher's gap"
    return f"{'smaller than' if small else 'may be as large as'} {share}"


def _verdict(row: Row, n: int) -> str:
    if row["verdict"]:
        return str(row["verdict"])
    corrected = f"after correction for {n} test{'s' * (n != 1)}"
    if row["p_holm"] > 1 - LEVEL:
        return f"{FAILS} {corrected}"
    expected = {"above": 1, "below": -1}.get(row["direction"], 0) * row["estimate"]
    return f"{STANDS} {corrected}" + ", against the expected direction" * (expected < 0)
