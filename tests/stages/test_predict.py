"""The predict stage: students are tested on all reviews, a teacher on those it was asked about."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.corpora import eec, film
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.stages import predict, report
from bias_transfer.students import student as students
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import arms
from bias_transfer.teacher.calibration import METHODS

EEC = eec.generate().iloc[::600].reset_index(drop=True)
FILM = film.generate().iloc[::900].reset_index(drop=True)
GROUP, TEACHER = "bow-distilled", "teacher-tiny"
STUDENT = f"{GROUP}/seed-0"
N_TEST = 10


@pytest.fixture
def lay_out(checkout, tiny_params, tiny_student, write_reviews, write_labels, write_versions):
    """Params and layout: a teacher asked about the lowest ids alone, and students not trained."""

    def write(size: int | None = None, **study):
        params = tiny_params(labelled_test_size=size, **study)
        layout = Layout(params.study)
        reviews = write_reviews(layout, 3 * N_TEST, N_TEST)
        tables.write(EEC, layout.eec, schemas.EEC)
        tables.write(FILM, layout.film, schemas.FILM)
        versions = write_versions(layout)
        asked = {
            "train": reviews["id"][:-N_TEST],
            "test": reviews["id"][-N_TEST:].sort_values()[:size],
            "eec": EEC["id"],
            "film": FILM["id"],
            "swaps": versions,
        }
        for seed, (part, ids) in enumerate(asked.items()):
            positive = np.random.default_rng(seed).uniform(0.1, 0.9, len(ids))
            write_labels(layout, part, ids, positive)
        for arm in arms(params.study):
            folder = layout.model(arm.system)
            folder.mkdir(parents=True)
            student = students.build(tiny_student("bow"), reviews["text"].tolist(), arm.seed)
            student.save(folder)
        return params, layout

    return write


def versions_of(layout: Layout) -> pd.Series:
    """Ids of both versions of every pair, each once."""
    return tables.read(layout.labels("swaps"), schemas.LABELS)["id"]


def scored(layout: Layout, system: str, part: str) -> pd.DataFrame:
    return tables.read(layout.predictions(system, part), schemas.PREDICTIONS)


@pytest.mark.parametrize("size", [3, None])
def test_teacher_is_tested_on_the_sample_and_its_student_on_all(lay_out, size):
    params, layout = lay_out(size)
    for group, system in ((TEACHER, TEACHER), (GROUP, STUDENT)):
        predict.run(params, group)
        for part, ids in (("eec", EEC["id"]), ("film", FILM["id"]), ("swaps", versions_of(layout))):
            assert scored(layout, system, part)["id"].tolist() == ids.tolist()
    reviews = tables.read(layout.reviews("test"), schemas.REVIEWS)
    sample = reviews[reviews["id"].isin(sorted(reviews["id"])[:size])]
    for system, expected in ((TEACHER, sample), (STUDENT, reviews)):
        found = scored(layout, system, "reviews")
        assert found["id"].tolist() == expected["id"].tolist()
        metrics = tables.read_json(layout.metrics(system))
        assert metrics["n"] == len(expected) == {TEACHER: size or N_TEST, STUDENT: N_TEST}[system]
        predicted = (found["label_1"] > 0.5).to_numpy()
        assert metrics["accuracy"] == pytest.approx(
            (predicted == expected["label"].to_numpy()).mean()
        )


def test_every_seed_of_a_group_is_scored_by_its_own_student(lay_out):
    params, layout = lay_out(seeds=[4, 1])
    predict.run(params, GROUP)
    texts = tables.read(layout.reviews("test"), schemas.REVIEWS)["text"].tolist()
    for seed in (4, 1):
        student = students.load(layout.model(f"{GROUP}/seed-{seed}"))
        found = scored(layout, f"{GROUP}/seed-{seed}", "reviews")[schemas.PROBABILITIES]
        np.testing.assert_array_equal(found, student.predict_proba(texts))
        assert layout.metrics(f"{GROUP}/seed-{seed}").is_file()
    assert len(list(layout.predictions_folder(GROUP).iterdir())) == 2
    assert not layout.predictions_folder("bow-baseline").exists()


def test_a_group_that_the_study_leaves_out_has_empty_folders(lay_out):
    left_out = {"students": ["bow"], "targets": ["distilled"], "seeds": []}
    params, layout = lay_out(arms=[left_out])
    predict.run(params, GROUP)
    assert list(layout.predictions_folder(GROUP).iterdir()) == []
    assert list(layout.metrics_folder(GROUP).iterdir()) == []


@pytest.mark.parametrize(
    ("group", "hint"),
    [
        ("bow-distiled", "did you mean 'bow-distilled'?"),
        (STUDENT, "did you mean 'bow-distilled'?"),
        ("teacher-tinny", "did you mean 'teacher-tiny'?"),
        ("cnn-permuted", "unknown system 'cnn-permuted'"),
    ],
)
def test_a_group_that_is_not_of_the_study_is_refused_with_the_nearest(lay_out, group, hint):
    params, layout = lay_out()
    with pytest.raises(InputError, match="unknown system") as caught:
        predict.run(params, group)
    assert hint in str(caught.value)
    assert not layout.predictions_folder(group).exists()


def test_a_student_that_is_not_there_is_refused(lay_out):
    params, layout = lay_out()
    (layout.model(STUDENT) / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"seed-0 lacks model\.safetensors: `dvc repro` makes it"):
        predict.run(params, GROUP)


def test_teachers_calibrations_are_of_the_sample(lay_out):
    params, layout = lay_out(3)
    tables.write_json(
        {"content_free": [{"label_0": 0.5, "label_1": 0.5, "label_mass": 0.9}]},
        layout.labels_manifest,
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
    params, _ = lay_out()
    entry = params.reviews["mine"].model_copy(update={"labelled_test_size": N_TEST + 1})
    params = params.model_copy(update={"reviews": params.reviews | {"mine": entry}})
    with pytest.raises(InputError, match=f"labelled_test_size asks for {N_TEST + 1}"):
        predict.run(params, TEACHER)
    predict.run(params, GROUP)
