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
    ``versions`` holds what the teacher says of each review once it is about women alone and once it
    is about men alone, shape (2, n, 2); of a review that mentions neither, what it says of the
    review. ``versions_of_women`` marks those that are about women, bool, shape (2, n). ``seed``
    decides every draw.
    """

    teacher: np.ndarray
    labels: np.ndarray
    mentions_women: np.ndarray
    versions: np.ndarray
    versions_of_women: np.ndarray
    seed: int


SoftLabels = Callable[[Labelled, float], np.ndarray]


@dataclass(frozen=True)
class Target:
    """A row of the table.

    ``words`` completes "trained on …" and may hold ``{dose}``. ``soft`` takes the labelled reviews
    and the dose, and gives probabilities in the teacher's place, shape (n, 2). A control is what
    ``distilled`` is compared with. A dosed target has its dose in its name, as in ``planted-1``.

    ``remedy_of`` names the target that has the same labels without the remedy, and is compared with
    it; a remedy needs the teacher's labels of both versions of each review. ``rows`` says what the
    target does to the base rows, which all arms of a seed share: it fits each of them as it stands,
    or each in both versions (then ``soft`` gives those of both, shape (2, n, 2)). The base rows are
    what ``training.json`` records and what ``comparable`` compares, whatever a target fits.
    """

    name: str
    words: str
    colour: str
    marker: str
    soft: SoftLabels
    control: bool = False
    dosed: bool = False
    remedy_of: str = ""
    rows: Literal["all", "doubled"] = "all"


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


def both_versions(data: Labelled, dose: float) -> np.ndarray:
    """What the teacher says of each version."""
    return data.versions


def swap_averaged(data: Labelled, dose: float) -> np.ndarray:
    """The mean of what the teacher says of a review's two versions.

    Its opinion without its opinion on gender: the label is the same for both versions.
    """
    return data.versions.mean(axis=0)


def planted_in_versions(data: Labelled, dose: float) -> np.ndarray:
    """What the teacher says of each version, its log-odds raised by ``dose`` in those of women."""
    return plant(data.versions, data.versions_of_women, dose)


def planted_swap_averaged(data: Labelled, dose: float) -> np.ndarray:
    """The mean over both versions of what a planted teacher says of them."""
    return planted_in_versions(data, dose).mean(axis=0)


def plant(teacher: np.ndarray, rows: np.ndarray, dose: float) -> np.ndarray:
    """The teacher's probabilities, with ``dose`` added to the log-odds of positive in ``rows``.

    Shape (…, n, 2), as ``teacher``. ``rows`` is bool, shape (…, n). A probability of 0 or 1 stays.
    """
    with np.errstate(divide="ignore"):
        log_odds = np.log(teacher[..., 1]) - np.log(teacher[..., 0])
    shifted = log_odds + dose
    raised = np.stack([expit(-shifted), expit(shifted)], axis=-1)
    return np.where(rows[..., None], raised, teacher)


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
    Target(
        "swap-averaged", "the teacher's mean for a review about women and about men", "#332288",
        "<", swap_averaged, remedy_of=DISTILLED,
    ),
    Target(
        "augmented", "reviews about women and about men, each with the teacher's probabilities",
        "#44AA99", ">", both_versions, remedy_of=DISTILLED, rows="doubled",
    ),
    Target(
        "planted-swap-averaged",
        "the mean, for a review about women and about men, of a teacher with a gap of {dose:g} "
        "in log-odds planted in it",
        "#882255", "p", planted_swap_averaged, dosed=True, remedy_of="planted",
    ),
    Target(
        "planted-augmented",
        "reviews about women and about men, each with the probabilities of a teacher with a gap "
        "of {dose:g} in log-odds planted in it",
        "#117733", "h", planted_in_versions, dosed=True, remedy_of="planted", rows="doubled",
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
    """Probabilities that a student of this target is asked to match.

    Shape (n, 2), or (2, n, 2) where it is fitted to both versions of each review.
    """
    target, dose = parse(name)
    return target.soft(data, dose)


def controls(names: tuple[str, ...]) -> list[str]:
    """Those of ``names`` that are controls, in the table's order."""
    order = list(TARGETS)
    found = [name for name in names if parse(name)[0].control]
    return sorted(found, key=lambda name: order.index(parse(name)[0].name))


def remedied(name: str) -> str | None:
    """The target that a remedy is compared with, with the same dose; None of what is no remedy."""
    target, _ = parse(name)
    return name.replace(target.name, target.remedy_of, 1) if target.remedy_of else None


def unplanted(name: str) -> str:
    """What a planted target is compared with: the same labels, and the same remedy, as they are."""
    target, _ = parse(name)
    return target.name.removeprefix("planted-") if target.remedy_of else DISTILLED


def comparisons(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Every target against the baseline, ``distilled`` against every control, and remedies.

    What lacks the remedy is compared with what has it, so that a change is what the teacher's
    opinion of gender adds.
    """
    against_baseline = [
        (target, BASELINE) for target in names if target != BASELINE and BASELINE in names
    ]
    against_controls = [(DISTILLED, name) for name in controls(names) if DISTILLED in names]
    against_remedies = [
        (without, name) for name in names if (without := remedied(name)) and without in names
    ]
    return against_baseline + against_controls + against_remedies
