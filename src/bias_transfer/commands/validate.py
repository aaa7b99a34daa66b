"""Command ``validate``: the tests on data without bias, the whole method on planted bias."""

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from bias_transfer.bias import swaps
from bias_transfer.bias.channel import COEFFICIENT
from bias_transfer.bias.inference.two_way import Inference
from bias_transfer.bias.swaps import Pairs
from bias_transfer.bias.validation import null_eec, null_film, planted
from bias_transfer.commands.quiet import no_bar
from bias_transfer.corpora import eec
from bias_transfer.corpora.mentions import mentions_more_women
from bias_transfer.corpora.swaps import edits, held_out, tagger, wordlist
from bias_transfer.distillation import fit
from bias_transfer.distillation.arm import fit_arm
from bias_transfer.io import atomic, provenance, schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.pretrained import devices
from bias_transfer.stages import calibrated
from bias_transfer.stages.swaps import held_out_reviews
from bias_transfer.study import targets
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout
from bias_transfer.teacher import calibration

STUDENT = "bow"
STAND_IN = "cross-fitted words"
WOMEN, RANDOM, NONE = "women", "random", "none"
FIRST_NULL_SEED = 1000
DRAWS = 2000
COLUMNS = [
    *(
        "planted_on",
        "estimand",
        "dose",
        "estimate",
        "ci_low",
        "ci_high",
        "seed_sd",
        "n_seeds",
        "n_fits",
    ),
    *("n_reviews_planted", "n_reviews", "n_pairs", "reviews", "teacher", "student", "epochs"),
]


Row = dict[str, float | str]


@dataclass(frozen=True)
class Planting:
    """What all fits share.

    Training reviews and the teacher's calibrated probabilities. ``women`` says on which reviews
    bias is planted: bool, shape (reviews,). Scored are ``texts``: the sentences of ``corpus``, then
    the versions of held-out reviews, whose places among all texts ``pairs`` has.
    """

    params: Params
    reviews: pd.DataFrame
    women: np.ndarray
    teacher: np.ndarray
    corpus: pd.DataFrame
    pairs: Pairs
    texts: list[str]

    def target(self, planted_on: str, seed: int, dose: float) -> np.ndarray:
        """The teacher's probabilities with ``dose`` planted.

        The control's reviews are drawn anew for each seed.
        """
        if planted_on == NONE:
            return self.teacher
        rows = self.women if planted_on == WOMEN else targets.as_many_at_random(self.women, seed)
        return targets.plant(self.teacher, rows, dose)


def null(out: Path, datasets: int) -> pd.DataFrame:
    """Write ``null_eec.grid`` to ``out``.

    Returns for each axis the row of normal effects where ``p_clustered`` is wrong most often.
    """
    table = null_eec.grid(datasets)
    tables.write(table, out)
    grid = table[table["shape"] == "normal"]
    return grid.loc[grid.groupby("axis")["p_clustered"].idxmax()]


def film(out: Path, datasets: int) -> pd.DataFrame:
    """Write ``null_film.grid`` to ``out``; returns each axis's row that is wrong most often."""
    table = null_film.grid(datasets)
    tables.write(table, out)
    return table.loc[table.groupby("axis")["p_clustered"].idxmax()]


def plant(
    params: Params, out: Path, work: Path, stand_in: bool, seeds: int, null_fits: int
) -> None:
    """Write to ``out`` what planted bias does to a student's gender gaps, in log-odds.

    Parameters
    ----------
    params
        The study gives reviews and teacher.
    out
        CSV. For each kind of review planted on (``women``, ``random``): the mean ``gap`` in the EEC
        at each dose, its ``slope`` on the dose with a 95 % interval, and for each dose the
        ``transfer coefficient`` on swapped held-out reviews. Then the share of ``false alarms`` in
        the EEC (``bias.validation.planted``).
    work
        Folder that keeps the scores of each fit, so that a killed run can go on.
    stand_in
        Take ``planted.cross_fitted`` as the teacher.
    seeds
        Seeds 0, 1, ... of each fit.
    null_fits
        Fits without a dose, for the false alarms; 0 for none.

    Raises
    ------
    InputError
        If reviews or labels are missing, ``null_fits`` is neither 0 nor enough for one draw, or
        what is swapped was not found yet and spaCy is not installed.
    """
    if 0 < null_fits < seeds * len(planted.DOSES):
        raise InputError(
            f"{null_fits} null fits are too few: one draw takes {seeds * len(planted.DOSES)}"
        )
    setting = _setting(params, stand_in)
    kinds = (WOMEN, RANDOM)
    jobs = [
        *((NONE, seed, 0.0) for seed in range(seeds)),
        *(
            (kind, seed, dose)
            for kind in kinds
            for seed in range(seeds)
            for dose in planted.DOSES[1:]
        ),
        *((NONE, FIRST_NULL_SEED + number, 0.0) for number in range(null_fits)),
    ]
    log_odds = dict(zip(jobs, _scores(setting, jobs, work), strict=True))
    rows: list[Row] = []
    for kind in kinds:
        cells = [
            [(kind if dose else NONE, seed, dose) for dose in planted.DOSES]
            for seed in range(seeds)
        ]
        rows += _kind(setting, np.array([[log_odds[job] for job in row] for row in cells]), kind)
    if null_fits:
        pool = np.array([log_odds[job] for job in jobs[-null_fits:]])[:, : len(setting.corpus)]
        share = planted.false_alarms(setting.corpus, pool, seeds, DRAWS)
        rows.append(
            {"planted_on": NONE, "estimand": "false alarms", "estimate": share, "n_fits": null_fits}
        )
        rows[-1] |= {"n_seeds": seeds, "n_reviews_planted": 0}
    table = pd.DataFrame(rows).assign(
        n_reviews=len(setting.reviews),
        reviews=params.study.reviews,
        teacher=STAND_IN if stand_in else params.study.teacher,
        student=STUDENT,
        epochs=params.students[STUDENT].epochs,
    )
    tables.write(table[COLUMNS].round(5), out)


def _kind(setting: Planting, log_odds: np.ndarray, kind: str) -> list[Row]:
    """Rows of one kind, from log-odds of shape (seeds, doses, texts)."""
    of_corpus = log_odds[:, :, : len(setting.corpus)]
    inference, by_seed = planted.slope(setting.corpus, of_corpus)
    shared: Row = {
        "planted_on": kind,
        "n_seeds": len(log_odds),
        "n_reviews_planted": int(setting.women.sum()),
    }
    rows: list[Row] = [
        {
            "estimand": "gap",
            "dose": dose,
            "estimate": gap.mean(),
            "seed_sd": _sd(gap),
            "n_fits": len(gap),
        }
        for dose, gap in zip(planted.DOSES, planted.gaps(setting.corpus, of_corpus).T, strict=True)
    ]
    of_slope: Row = {"estimand": "slope", "n_fits": by_seed.size * len(planted.DOSES)}
    rows.append(of_slope | _numbers(inference, by_seed))
    for number, dose in enumerate(planted.DOSES[1:], 1):
        changes = (log_odds[:, number] - log_odds[:, 0]) / dose
        numbers = _numbers(*planted.coefficient(setting.pairs, changes))
        counts: Row = {"n_fits": 2 * len(changes), "n_pairs": len(setting.pairs)}
        rows.append({"estimand": COEFFICIENT, "dose": dose, **numbers, **counts})
    return [shared | row for row in rows]


def _numbers(inference: Inference, by_seed: np.ndarray) -> Row:
    return {
        "estimate": inference.mean,
        "ci_low": inference.ci_low,
        "ci_high": inference.ci_high,
        "seed_sd": _sd(by_seed),
    }


def _sd(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")


def _setting(params: Params, stand_in: bool) -> Planting:
    layout = Layout(params.study)
    made_by = f"`python -m bias_transfer reviews {params.study.reviews}`"
    reviews = tables.read(layout.reviews("train"), schemas.REVIEWS, made_by)
    if stand_in:
        probabilities = planted.cross_fitted(reviews["text"], reviews["label"])
        labels = pd.DataFrame(probabilities, columns=schemas.PROBABILITIES)
        teacher = calibration.batch(labels).apply(labels)
    else:
        teacher = calibrated.read(layout, params.distillation, "train", reviews["id"])
    women = mentions_more_women(reviews["text"])
    corpus, versions = eec.generate(), _versions(params, layout)
    texts = [*corpus["sentence"], *versions["sentence"]]
    places = pd.Index([*corpus["id"], *versions["id"]])
    pairs = swaps.pair_up(versions, places)
    return Planting(params, reviews, women, teacher.to_numpy(), corpus, pairs, texts)


def _versions(params: Params, layout: Layout) -> pd.DataFrame:
    """Both versions of the held-out reviews; their edits are read where they were found already."""
    reviews = held_out_reviews(params, layout)
    if layout.edits.exists():
        found = tables.read(layout.edits, schemas.EDITS)
    else:
        found = edits.find(reviews["text"], wordlist.gendered(), tagger.load(names=False))
    return held_out.versions(reviews, found, params.swaps.passage_words)


def _scores(
    setting: Planting, jobs: Sequence[tuple[str, int, float]], work: Path
) -> Iterator[np.ndarray]:
    """Log-odds of the texts for each job, from ``work`` or from a fit that is then kept there."""
    read = [setting.reviews.to_csv(index=False), setting.texts]
    texts = hashlib.sha256(json.dumps(read).encode()).hexdigest()
    for planted_on, seed, dose in tqdm(jobs, desc="planted", unit="fit", file=sys.stderr):
        target = setting.target(planted_on, seed, dose)
        path = work / f"{_digest(setting.params, texts, target, seed)}.npy"
        if not path.exists():
            with no_bar():
                log_odds = _fit(setting, target, seed)
            with atomic.atomic_write(path) as temporary:
                np.save(temporary, log_odds)
        yield np.load(path)


def _digest(params: Params, texts: str, target: np.ndarray, seed: int) -> str:
    shared = [
        params.students[STUDENT].model_dump(),
        params.distillation.model_dump(),
        params.device,
    ]
    parts = [
        shared,
        texts,
        hashlib.sha256(target.tobytes()).hexdigest(),
        seed,
        provenance.versions(),
        provenance.code_sha256("distillation", "students"),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _fit(setting: Planting, target: np.ndarray, seed: int) -> np.ndarray:
    """Fit the student as stage ``train`` does; log-odds of the texts, shape (texts,)."""
    params = setting.params
    fitted = fit_arm(
        setting.reviews,
        target,
        params.students[STUDENT],
        params.distillation,
        fit.Setting(params.distillation.alpha, seed, devices.resolve(params.device), STUDENT),
    )
    scores = fitted.student.predict_proba(setting.texts)
    return calibration.log_odds(pd.DataFrame(scores, columns=schemas.PROBABILITIES))
