"""What a student is trained on: the one table of targets. A new target is one row of it.

Every target is fitted by the same call; all but the baseline share ``alpha`` and ``temperature``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit

from bias_transfer.io.errors import unknown

BASELINE, DISTILLED = "baseline", "distilled"
_DOSE = re.compile(r"(.+)-(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Labelled:
    """What soft labels are made from, row by row.

    ``teacher`` has P(negative), P(positive), shape (n, 2); ``labels`` 0 or 1, shape (n,);
    ``mentions_women`` says which reviews mention more women than men, bool, shape (n,). ``seed``
    decides every draw.
    """

    teacher: np.ndarray
    labels: np.ndarray
    mentions_women: np.ndarray
    seed: int


SoftLabels = Callable[[Labelled, float], np.ndarray]


@dataclass(frozen=True)
class Target:
    """A row of the table.

    ``words`` completes "trained on …" and may hold ``{dose}``; ``soft`` gives the probabilities in
    the teacher's place, shape (n, 2), from the labelled reviews and the dose. ``rows`` says which
    reviews are fitted: all, a subset of them, or each twice. A control is what ``distilled`` is
    compared with. A target with a dose is named with it, as in ``planted-1``.
    """

    name: str
    words: str
    colour: str
    marker: str
    soft: SoftLabels
    control: bool = False
    dosed: bool = False
    rows: Literal["all", "subset", "doubled"] = "all"


def teachers_own(data: Labelled, dose: float) -> np.ndarray:
    """The teacher's probabilities (a baseline gives them no weight)."""
    return data.teacher


def argmax(data: Labelled, dose: float) -> np.ndarray:
    """The teacher's answer as a hard label: its opinion without its softness. A tie is half each."""
    return (1 + np.sign(data.teacher - data.teacher[:, ::-1])) / 2


def smoothed(data: Labelled, dose: float) -> np.ndarray:
    """The hard label, softened to the teacher's average confidence: softness without its opinion."""
    confidence = data.teacher.max(axis=1).mean()
    return np.where(np.arange(2) == data.labels[:, None], confidence, 1 - confidence)


def permuted(data: Labelled, dose: float) -> np.ndarray:
    """The teacher's probabilities shuffled among reviews of the same hard label.

    Its softness, bias by class included, without its opinion of the single review.
    """
    order = np.arange(len(data.teacher))
    random = np.random.default_rng(data.seed)
    for label in (0, 1):
        rows = np.flatnonzero(data.labels == label)
        order[rows] = random.permutation(rows)
    return data.teacher[order]


def planted(data: Labelled, dose: float) -> np.ndarray:
    """The teacher's, with its log-odds raised by ``dose`` where more women than men are mentioned."""
    return plant(data.teacher, data.mentions_women, dose)


def planted_at_random(data: Labelled, dose: float) -> np.ndarray:
    """The same on as many reviews, drawn at random."""
    return plant(data.teacher, as_many_at_random(data.mentions_women, data.seed), dose)


def plant(teacher: np.ndarray, rows: np.ndarray, dose: float) -> np.ndarray:
    """P(negative), P(positive), with ``dose`` added to the log-odds of a positive label in ``rows``.

    Shape (n, 2), as ``teacher``; ``rows`` is bool, shape (n,).
    """
    with np.errstate(divide="ignore"):
        log_odds = np.log(teacher[:, 1]) - np.log(teacher[:, 0])
    shifted = log_odds + dose
    return np.where(rows[:, None], np.column_stack([expit(-shifted), expit(shifted)]), teacher)


def as_many_at_random(rows: np.ndarray, seed: int) -> np.ndarray:
    """As many rows as ``rows`` marks, drawn from all: bool, the same shape."""
    drawn = np.zeros_like(rows)
    drawn[np.random.default_rng(seed).choice(len(rows), size=rows.sum(), replace=False)] = True
    return drawn


_TABLE = (
    Target(BASELINE, "hard labels", "#0072B2", "o", teachers_own),
    Target(DISTILLED, "the teacher's probabilities", "#D55E00", "D", teachers_own),
    Target(
        "teacher-argmax", "the teacher's more likely label", "#CC79A7", "^", argmax, control=True
    ),
    Target(
        "smoothed", "hard labels, softened as much as the teacher's", "#009E73", "v", smoothed,
        control=True,
    ),
    Target(
        "permuted", "the teacher's probabilities, shuffled among reviews", "#56B4E9", "P", permuted,
        control=True,
    ),
    Target(
        "planted", "the teacher's probabilities, with a gap of {dose:g} in log-odds planted in them",
        "#E69F00", "*", planted, dosed=True,
    ),
    Target(
        "planted-random",
        "the teacher's probabilities, raised by {dose:g} in log-odds in reviews drawn at random",
        "#999999", "X", planted_at_random, dosed=True,
    ),
)  # fmt: skip
TARGETS = {target.name: target for target in _TABLE}


def parse(name: str) -> tuple[Target, float]:
    """The row of a target's name, and the dose that the name carries (0 where it carries none).

    Raises
    ------
    ValueError
        If there is no such target, or it lacks a dose, or has one that it does not take.
    """
    found = _DOSE.fullmatch(name)
    family, dose = (found[1], float(found[2])) if found else (name, 0.0)
    target = TARGETS.get(family)
    if target is None:
        raise ValueError(unknown("target", name, TARGETS))
    if target.dosed != bool(found):
        needs = f"needs a dose, as in '{family}-1'" if target.dosed else "takes no dose"
        raise ValueError(f"target {family!r} {needs}")
    return target, dose


def words(name: str) -> str:
    """What a student of this target is trained on."""
    target, dose = parse(name)
    return target.words.format(dose=dose)


def soft_labels(name: str, data: Labelled) -> np.ndarray:
    """Probabilities that a student of this target is asked to match, shape (n, 2)."""
    target, dose = parse(name)
    return target.soft(data, dose)


def controls(names: tuple[str, ...]) -> list[str]:
    """Those of ``names`` that are controls, in the table's order."""
    return [name for name, target in TARGETS.items() if target.control and name in names]
