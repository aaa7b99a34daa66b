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
_DOSE = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]*[1-9])?")  # one way to write each number


@dataclass(frozen=True)
class Labelled:
    """What soft labels are made from, row by row.

    ``teacher`` holds P(negative), P(positive), shape (n, 2). ``labels`` are 0 or 1, shape (n,).
    ``mentions_women`` marks the reviews that mention more women than men, bool, shape (n,).
    ``seed`` decides every draw.
    """

    teacher: np.ndarray
    labels: np.ndarray
    mentions_women: np.ndarray
    seed: int


SoftLabels = Callable[[Labelled, float], np.ndarray]


@dataclass(frozen=True)
class Target:
    """A row of the table.

    ``words`` completes "trained on …" and may hold ``{dose}``. ``soft`` takes the labelled reviews
    and the dose, and gives probabilities in the teacher's place, shape (n, 2). A control is what
    ``distilled`` is compared with. A dosed target has its dose in its name, as in ``planted-1``.

    ``rows`` says what the target does to the base rows, which all arms of a seed share: it fits all
    of them, a subset, or each twice. The base rows are what ``training.json`` records and what
    ``comparable`` compares, whatever a target fits.
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
    """The teacher's answer as a hard label, a tie half each: its opinion without its softness."""
    return (1 + np.sign(data.teacher - data.teacher[:, ::-1])) / 2


def smoothed(data: Labelled, dose: float) -> np.ndarray:
    """The hard label at the teacher's mean confidence: its softness without its opinion."""
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
    """The teacher's, its log-odds raised by ``dose`` where more women than men are mentioned."""
    return plant(data.teacher, data.mentions_women, dose)


def planted_at_random(data: Labelled, dose: float) -> np.ndarray:
    """The teacher's, its log-odds raised by ``dose`` in as many reviews, drawn at random."""
    return plant(data.teacher, as_many_at_random(data.mentions_women, data.seed), dose)


def plant(teacher: np.ndarray, rows: np.ndarray, dose: float) -> np.ndarray:
    """The teacher's probabilities, with ``dose`` added to the log-odds of positive in ``rows``.

    Shape (n, 2), as ``teacher``. ``rows`` is bool, shape (n,). A probability of 0 or 1 stays.
    """
    with np.errstate(divide="ignore"):
        log_odds = np.log(teacher[:, 1]) - np.log(teacher[:, 0])
    shifted = log_odds + dose
    return np.where(rows[:, None], np.column_stack([expit(-shifted), expit(shifted)]), teacher)


def as_many_at_random(rows: np.ndarray, seed: int) -> np.ndarray:
    """A draw from all rows of as many as ``rows`` marks: bool, the same shape."""
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
        "planted",
        "the teacher's probabilities, with a gap of {dose:g} in log-odds planted in them",
        "#E69F00", "*", planted, dosed=True,
    ),
    Target(
        "planted-random",
        "the teacher's probabilities, raised by {dose:g} in log-odds in reviews drawn at random",
        "#999999", "X", planted_at_random, dosed=True,
    ),
)  # fmt: skip
TARGETS = {target.name: target for target in _TABLE}


def find(name: str) -> tuple[Target, float] | None:
    """As ``parse``, but None where that raises."""
    target = TARGETS.get(name)
    if target and not target.dosed:
        return target, 0.0
    family, _, dose = name.rpartition("-")
    target = TARGETS.get(family)
    return (target, float(dose)) if target and target.dosed and _DOSE.fullmatch(dose) else None


def parse(name: str) -> tuple[Target, float]:
    """The row of a target's name, and the dose in the name (0 where there is none).

    Raises
    ------
    ValueError
        If there is no such target, its dose is missing or no number, or it takes none.
    """
    if found := find(name):
        return found
    if name in TARGETS:
        raise ValueError(f"target {name!r} needs a dose, as in '{name}-1'")
    family = name.rpartition("-")[0]
    if family in TARGETS:
        fault = (
            f"the dose of {family!r} must be a number such as 1 or 0.5"
            if TARGETS[family].dosed
            else f"target {family!r} takes no dose"
        )
        raise ValueError(f"{fault}: {name!r}")
    examples = (f"{row.name}-1" if row.dosed else row.name for row in TARGETS.values())
    raise ValueError(unknown("target", name, examples))


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
    order = list(TARGETS)
    found = [name for name in names if parse(name)[0].control]
    return sorted(found, key=lambda name: order.index(parse(name)[0].name))


def comparisons(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Every target against the baseline, and the distilled students against every control."""
    against_baseline = [
        (target, BASELINE) for target in names if target != BASELINE and BASELINE in names
    ]
    against_controls = [(DISTILLED, name) for name in controls(names) if DISTILLED in names]
    return against_baseline + against_controls
