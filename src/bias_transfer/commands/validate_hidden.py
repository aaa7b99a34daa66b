"""Command ``validate hidden``: what second generations take over from reviews without people."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from bias_transfer.bias import swaps
from bias_transfer.bias.swaps import Pairs
from bias_transfer.bias.validation import hidden
from bias_transfer.commands.clock import clock
from bias_transfer.commands.quiet import no_bar
from bias_transfer.distillation.arm import base_rows
from bias_transfer.distillation.fit import LabelledTexts, Setting, fit
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError, unknown
from bias_transfer.pretrained import devices
from bias_transfer.students import student as students
from bias_transfer.students.student import Student
from bias_transfer.study import targets
from bias_transfer.study.params import Encoder, Params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm
from bias_transfer.teacher import calibration

PLANTS = ("planted", "planted-random")
NOBODY, AS_MANY, ALL = "nobody", "as many at random", "all"
SAME, OTHER, ARCHITECTURE = "same", "other", "other architecture"
STEP = 1000  # between the seeds of fits that learn from one first generation
DIGITS = 6
COLUMNS = [
    *("generation", "first", "target", "reference", "second", "weights", "rows", "n_rows"),
    *("estimate", "ci_low", "ci_high", "seed_sd", "n_seeds", "n_fits", "n_pairs", "accuracy"),
    *("reviews", "teacher"),
]


@dataclass(frozen=True)
class Second:
    """A second generation: who learns, from which initial weights, and from which ``rows``."""

    student: str
    weights: str
    rows: str


@dataclass(frozen=True)
class Data:
    """What all fits share.

    Training reviews, and which of them mention nobody: bool, shape (reviews,). Scored are
    ``texts``: the versions of held-out reviews, whose places ``pairs`` has, then the test reviews
    with their hard ``labels``.
    """

    params: Params
    reviews: pd.DataFrame
    nobody: np.ndarray
    pairs: Pairs
    texts: list[str]
    labels: np.ndarray

    def rows(self, kind: str, seed: int) -> np.ndarray:
        """Which training reviews are learnt from: bool, shape (reviews,)."""
        if kind == AS_MANY:
            return targets.as_many_at_random(self.nobody, seed)
        return self.nobody if kind == NOBODY else np.ones_like(self.nobody)

    def log_odds(self, student: Student) -> np.ndarray:
        """A student's log-odds of the texts, shape (texts,)."""
        scores = student.predict_proba(self.texts)
        return calibration.log_odds(pd.DataFrame(scores, columns=schemas.PROBABILITIES))

    def accuracy(self, log_odds: np.ndarray) -> float:
        """Mean share of test reviews that students get right; shape (..., texts)."""
        right = (log_odds[..., -len(self.labels) :] > 0) == self.labels
        return float(right.mean())


# Both by target and seed of the first generation.
Labels = dict[tuple[str, int], np.ndarray]  # P(negative), P(positive), shape (reviews, 2)
Scores = dict[tuple[str, int], np.ndarray]  # log-odds, shape (fits, texts)


def run(params: Params, out: Path, first: str, seconds: Iterable[str], fits: int) -> pd.DataFrame:
    """Write to ``out`` what is left of a plant in either generation.

    The first generation are the study's students ``first``, as ``dvc repro`` made them. They label
    the training reviews. A second generation of the same seed reads with the same vocabulary and
    starts from the same initial weights, from others, or has another architecture.

    Parameters
    ----------
    params
        The study must have targets ``distilled`` and ``planted-DOSE``; ``planted-random-DOSE`` is
        the control.
    out
        CSV with a row for each ``generation``, ``target`` (its plant), ``second`` student,
        ``weights`` and ``rows``: reviews that mention nobody, as many at random, or all.
        ``estimate``: the change in the gap on swapped held-out reviews from ``reference`` to
        ``target``, in log-odds over the dose; positive: it favours women, as the plant does; 0:
        nothing of it is left. ``ci_low, ci_high``: 95 %, over reviews and ``n_seeds`` first
        generations, between which ``seed_sd`` is the standard deviation. ``n_rows``: training
        reviews of this kind, those to validate with included. ``n_fits``: of either line.
        ``accuracy``: of the students of ``target`` on the test reviews, 0 to 1.
    first, seconds
        Names of students in ``params.yaml``.
    fits
        Second generations of each first one; they differ in order, and in other weights.

    Returns
    -------
    DataFrame
        What is written.

    Raises
    ------
    InputError
        If a student is unknown, the study has no planted arm of it, or a file of the study is
        missing.
    """
    seconds = tuple(seconds)
    for name in (first, *seconds):
        if name not in params.students:
            raise InputError(unknown("student", name, params.students))
    plants = _plants(params, first)
    if not plants:
        raise InputError(
            f"study {params.study.name!r} has no {first} trained on distilled and on planted-DOSE: "
            "add both to study.targets and run `dvc repro`"
        )
    data = _read(params)
    with clock("first generation"):
        soft, own = _first(data, first, [targets.DISTILLED, *plants])
    rows = [row | {"generation": 1} for row in _effects(data, plants, own)]
    jobs = [
        Second(student, weights, kind)
        for student in seconds
        for weights, kind in product(_weights(params, first, student), (NOBODY, AS_MANY, ALL))
    ]
    with tqdm(total=len(jobs) * len(soft) * fits, unit="fit", file=sys.stderr) as bar:
        for job in jobs:
            shared = {"generation": 2, "second": job.student, "weights": job.weights}
            shared |= {"rows": job.rows, "n_rows": int(data.rows(job.rows, 0).sum())}
            scores = _learnt(data, job, soft, fits, bar)
            rows += [row | shared for row in _effects(data, plants, scores)]
    table = pd.DataFrame(rows).assign(
        first=first,
        reference=targets.DISTILLED,
        n_pairs=len(data.pairs),
        reviews=params.study.reviews,
        teacher=params.study.teacher,
    )
    table["n_rows"] = table["n_rows"].astype("Int64")
    table = table[COLUMNS].round(DIGITS)
    tables.write(table, out)
    return table


def _plants(params: Params, first: str) -> dict[str, float]:
    """Planted targets that the student has beside ``distilled``, with their doses."""
    parsed = {name: targets.parse(name) for name in params.study.targets}
    if targets.DISTILLED not in parsed:
        return {}
    return {
        name: dose
        for name, (target, dose) in parsed.items()
        if target.name in PLANTS and params.study.seeds_of_both(first, name, targets.DISTILLED)
    }


def _weights(params: Params, first: str, second: str) -> tuple[str, ...]:
    """Initial weights to try; an encoder's are pretrained, and there are no others."""
    if first != second:
        return (ARCHITECTURE,)
    return (SAME,) if isinstance(params.students[second], Encoder) else (SAME, OTHER)


def _read(params: Params) -> Data:
    layout = Layout(params.study)
    reviews, test = (
        tables.read(layout.reviews(split), schemas.REVIEWS) for split in ("train", "test")
    )
    versions = tables.read(layout.pairs, schemas.SWAPS)
    pairs = swaps.pair_up(versions, pd.Index(versions["id"]))
    texts = [*versions["sentence"], *test["text"]]
    nobody = hidden.mentions_nobody(reviews["text"])
    return Data(params, reviews, nobody, pairs, texts, test["label"].to_numpy())


def _first(data: Data, first: str, of: list[str]) -> tuple[Labels, Scores]:
    """What the first generation says of the training reviews, and of the texts."""
    study = data.params.study
    soft: Labels = {}
    scores: Scores = {}
    for arm in (
        Arm(first, target, seed) for target in of for seed in study.seeds_of(first, target)
    ):
        student = students.load(Layout(study).model(arm.system))
        soft[arm.target, arm.seed] = student.predict_proba(data.reviews["text"].tolist())
        scores[arm.target, arm.seed] = data.log_odds(student)[None]
    return soft, scores


def _learnt(data: Data, job: Second, soft: Labels, fits: int, bar: tqdm) -> Scores:
    """What second generations say of the texts, by the target and seed of their first."""
    scores: Scores = {}
    for (target, seed), labels in soft.items():
        found = []
        for number in range(1, fits + 1):
            found.append(_fit(data, job, labels, seed, STEP * number + seed))
            bar.update()
        scores[target, seed] = np.array(found)
    return scores


def _fit(data: Data, job: Second, soft: np.ndarray, seed: int, fresh: int) -> np.ndarray:
    """Log-odds of the texts by a student that saw labels of its first generation alone.

    Its vocabulary is that of ``seed``'s base rows, as its first generation's was: of the rows that
    are learnt from alone, no gendered word would be known. ``fresh`` decides order and dropout, and
    other weights.
    """
    params, reviews = data.params, data.reviews
    training, shared = params.students[job.student], params.distillation
    chosen, labels = data.rows(job.rows, seed), reviews["label"].to_numpy()
    base, held_out = base_rows(reviews["label"], shared, seed, params.study.resample)
    fitting, validation = (
        LabelledTexts(reviews["text"].iloc[part].tolist(), labels[part], soft[part])
        for part in (base[chosen[base]], held_out[chosen[held_out]])
    )
    weights = fresh if job.weights == OTHER else seed
    student = students.build(training, reviews["text"].iloc[base].tolist(), weights)
    setting = Setting(1.0, fresh, devices.resolve(params.device), job.student)
    with no_bar():
        fit(student, fitting, validation, training, shared, setting)
    return data.log_odds(student)


def _effects(data: Data, plants: dict[str, float], scores: Scores) -> list[dict[str, object]]:
    """A row for each plant."""
    rows: list[dict[str, object]] = []
    for target, dose in plants.items():
        seeds = [s for name, s in scores if name == target and (targets.DISTILLED, s) in scores]
        after, before = (
            np.array([scores[name, seed] for seed in seeds]) for name in (target, targets.DISTILLED)
        )
        found, by_seed = hidden.effect(data.pairs, after, before, dose)
        numbers = {
            "estimate": found.mean,
            "ci_low": found.ci_low,
            "ci_high": found.ci_high,
            "seed_sd": float(by_seed.std(ddof=1)) if len(seeds) > 1 else np.nan,
            "n_seeds": len(seeds),
            "n_fits": after.shape[0] * after.shape[1],
            "accuracy": data.accuracy(after),
        }
        rows.append({"target": target, **numbers})
    return rows
