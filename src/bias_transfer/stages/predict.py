"""Stage ``predict``: one system's scores on the test reviews and the EEC, and its accuracy."""

from pathlib import Path

import pandas as pd

from bias_transfer import devices, tables
from bias_transfer.errors import InputError, unknown
from bias_transfer.evaluation import evaluate
from bias_transfer.layout import Layout, systems, teacher_system
from bias_transfer.params import Params
from bias_transfer.stages import calibrated
from bias_transfer.students import student as students


def run(params: Params, system: str, root: Path = Path()) -> None:
    """Write ``reviews.parquet`` and ``eec.parquet`` of the system, and its metrics.

    The teacher's are of those test reviews that it was asked about.
    """
    layout = Layout(params.study, root)
    if system not in systems(params.study):
        raise InputError(unknown("system", system, systems(params.study)))
    eec = tables.read(layout.eec, tables.EEC)
    if system == teacher_system(params.study):
        reviews = calibrated.labelled_test(params, layout)
        scores = _teacher(params, layout, {"reviews": reviews["id"], "eec": eec["id"]})
    else:
        reviews = tables.read(layout.reviews("test"), tables.REVIEWS)
        scores = _student(params, layout, system, {"reviews": reviews["text"], "eec": eec["sentence"]})
    for part, frame in (("reviews", reviews), ("eec", eec)):
        predictions = scores[part].assign(id=frame["id"].to_numpy())
        tables.write(predictions, layout.predictions(system, part), tables.PREDICTIONS)
    metrics = evaluate(reviews["label"].to_numpy(), scores["reviews"]["label_1"].to_numpy())
    tables.write_json(metrics, layout.metrics(system))


def _student(params: Params, layout: Layout, system: str, texts: dict[str, pd.Series]) -> dict[str, pd.DataFrame]:
    student = students.load(layout.model(system))
    student.network.to(devices.resolve(params.device))
    return {
        part: pd.DataFrame(student.predict_proba(column.tolist()), columns=tables.PROBABILITIES)
        for part, column in texts.items()
    }


def _teacher(params: Params, layout: Layout, ids: dict[str, pd.Series]) -> dict[str, pd.DataFrame]:
    files = {"reviews": "test", "eec": "eec"}
    return {part: calibrated.read(layout, params.distillation, files[part], wanted) for part, wanted in ids.items()}
