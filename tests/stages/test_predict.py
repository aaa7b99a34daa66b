"""The predict stage: students are tested on every review, the teacher on those that it was asked about."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.corpora import eec, text_id
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.stages import predict, report
from bias_transfer.students import student as students
from bias_transfer.study.paths import SPLITS, Layout
from bias_transfer.teacher.calibration import METHODS

EEC = eec.generate().iloc[::600].reset_index(drop=True)
STUDENT, TEACHER = "bow-distilled/seed-0", "teacher-tiny"
N_TEST = 10


@pytest.fixture
def lay_out(checkout, tiny_params, tiny_student):
    """A teacher that was asked about the lowest ids alone, and a student that nobody trained; params and layout."""

    def write(size: int | None):
        params = tiny_params(labelled_test_size=size)
        layout = Layout(params.study)
        texts = [f"a {('warm', 'dull')[i % 2]} film about {'ab' * i}" for i in range(3 * N_TEST)]
        frame = pd.DataFrame(
            {"id": map(text_id, texts), "text": texts, "label": np.arange(3 * N_TEST) % 2}
        )
        halves = dict(zip(SPLITS, (frame[N_TEST:], frame[:N_TEST]), strict=True))
        for split, part in halves.items():
            tables.write(part, layout.reviews(split), schemas.REVIEWS)
        tables.write(EEC, layout.eec, schemas.EEC)
        asked = {
            "train": halves["train"]["id"],
            "test": halves["test"]["id"].sort_values()[:size],
            "eec": EEC["id"],
        }
        for seed, (part, ids) in enumerate(asked.items()):
            positive = np.random.default_rng(seed).uniform(0.1, 0.9, len(ids))
            labels = pd.DataFrame(
                {"id": ids, "label_0": 1 - positive, "label_1": positive, "label_mass": 0.9}
            )
            tables.write(labels, layout.labels(part), schemas.LABELS)
        folder = layout.model(STUDENT)
        folder.mkdir(parents=True)
        students.build(tiny_student("bow"), texts, seed=0).save(folder)
        return params, layout

    return write


def scored(layout: Layout, system: str, part: str) -> pd.DataFrame:
    return tables.read(layout.predictions(system, part), schemas.PREDICTIONS)


@pytest.mark.parametrize("size", [3, None])
def test_teacher_is_tested_on_the_sample_and_its_student_on_all(lay_out, size):
    params, layout = lay_out(size)
    for system in (TEACHER, STUDENT):
        predict.run(params, system)
        assert scored(layout, system, "eec")["id"].tolist() == EEC["id"].tolist()
    reviews = tables.read(layout.reviews("test"), schemas.REVIEWS)
    sample = reviews[reviews["id"].isin(sorted(reviews["id"])[:size])]
    for system, expected in ((TEACHER, sample), (STUDENT, reviews)):
        found = scored(layout, system, "reviews")
        assert found["id"].tolist() == expected["id"].tolist()
        metrics = tables.read_json(layout.metrics(system))
        assert metrics["n"] == len(expected) == {TEACHER: size or N_TEST, STUDENT: N_TEST}[system]
        called = (found["label_1"] > 0.5).to_numpy()
        assert metrics["accuracy"] == pytest.approx((called == expected["label"].to_numpy()).mean())


def test_teachers_calibrations_are_of_the_sample(lay_out):
    params, layout = lay_out(3)
    tables.write_json(
        {"content_free": [{"label_0": 0.5, "label_1": 0.5, "label_mass": 0.9}]},
        layout.labels_folder / "labels.json",
    )
    quality, _ = report._calibrations(params, layout)
    assert quality["method"].tolist() == list(METHODS)
    measured = quality[quality["reason"] == ""]
    assert {"none", "batch"} <= set(measured["method"])
    assert set(measured["n"]) == {3}


def test_sample_larger_than_what_was_asked_is_refused(lay_out):
    params, _ = lay_out(3)
    entry = params.reviews["mine"].model_copy(update={"labelled_test_size": 4})
    params = params.model_copy(update={"reviews": params.reviews | {"mine": entry}})
    with pytest.raises(InputError, match=r"test\.csv"):
        predict.run(params, TEACHER)


def test_sample_larger_than_the_test_reviews_is_refused(lay_out):
    params, _ = lay_out(None)
    entry = params.reviews["mine"].model_copy(update={"labelled_test_size": N_TEST + 1})
    params = params.model_copy(update={"reviews": params.reviews | {"mine": entry}})
    with pytest.raises(InputError, match=f"labelled_test_size asks for {N_TEST + 1}"):
        predict.run(params, TEACHER)
    predict.run(params, STUDENT)
