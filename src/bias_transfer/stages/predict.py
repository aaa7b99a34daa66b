"""Stage ``predict``: scores on test reviews, EEC, film sentences and swaps, and accuracy."""

from pathlib import Path

import pandas as pd

from bias_transfer.io import rounding, schemas, tables
from bias_transfer.io.errors import InputError, unknown
from bias_transfer.pretrained import devices
from bias_transfer.stages import calibrated
from bias_transfer.students import student as students
from bias_transfer.students.evaluation import evaluate
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import arms, pairings, teacher_system

Texts = dict[str, pd.DataFrame]  # by part: reviews, eec, film, swaps
Scores = dict[str, pd.DataFrame]


def run(params: Params, group: str, root: Path = Path()) -> None:
    """Score with the teacher, or with every seed of one student and target.

    Writes ``reviews.parquet``, one such file per corpus, and metrics per system. The teacher is
    scored on the test reviews that it was asked about.

    Raises
    ------
    InputError
        If the study has no such group, or a file is missing or damaged.
    """
    layout = Layout(params.study, root)
    teacher = teacher_system(params.study)
    known = [teacher, *(f"{student}-{target}" for student, target in pairings(params.study))]
    if group not in known:
        raise InputError(unknown("system", group, known))
    texts = _corpora(layout)
    if group == teacher:
        reviews = calibrated.labelled_test(params, layout)
        scores = _teacher(params, layout, {"reviews": reviews} | texts)
        _write(layout, group, scores, reviews)
        return
    reviews = tables.read(layout.reviews("test"), schemas.REVIEWS)
    for arm in arms(params.study):
        if arm.group == group:
            scores = _student(params, layout.model(arm.system), {"reviews": reviews} | texts)
            _write(layout, arm.system, scores, reviews)
    for folder in (layout.predictions_folder(group), layout.metrics_folder(group)):
        folder.mkdir(parents=True, exist_ok=True)  # empty where the study leaves a group out


def _write(layout: Layout, system: str, scores: Scores, reviews: pd.DataFrame) -> None:
    for part, predictions in scores.items():
        tables.write(predictions, layout.predictions(system, part), schemas.PREDICTIONS)
    positive = scores["reviews"]["label_1"].to_numpy()
    metrics = evaluate(reviews["label"].to_numpy(), positive)
    tables.write_json(rounding.values(metrics), layout.metrics(system))
    folder = layout.predictions(system, "reviews").parent
    print(f"{folder}: accuracy {metrics['accuracy']:.4f} on {len(positive):,} test reviews")


def _corpora(layout: Layout) -> Texts:
    """``id`` and ``text`` of each corpus."""
    versions = [
        tables.read(layout.pairs, schemas.SWAPS),
        tables.read(layout.placebo, schemas.PLACEBO),
    ]
    found = {
        "eec": tables.read(layout.eec, schemas.EEC),
        "film": tables.read(layout.film, schemas.FILM),
        "swaps": pd.concat(versions).drop_duplicates("id"),
    }
    return {part: frame.rename(columns={"sentence": "text"}) for part, frame in found.items()}


def _student(params: Params, folder: Path, texts: Texts) -> Scores:
    student = students.load(folder)
    student.network.to(devices.resolve(params.device))
    scores = {}
    for part, frame in texts.items():
        found = student.predict_proba(frame["text"].tolist())
        scores[part] = pd.DataFrame(found, columns=schemas.PROBABILITIES)
        scores[part]["id"] = frame["id"].to_numpy()
    return scores


def _teacher(params: Params, layout: Layout, texts: Texts) -> Scores:
    scores = {}
    for part, frame in texts.items():
        file = "test" if part == "reviews" else part
        found = calibrated.read(layout, params.distillation, file, frame["id"])
        scores[part] = rounding.probabilities(found).assign(id=frame["id"].to_numpy())
    return scores
