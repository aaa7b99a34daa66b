"""Stage ``report``: tables, figures and one self-contained HTML page."""

from pathlib import Path

import pandas as pd

from bias_transfer import figures, tables
from bias_transfer.errors import InputError
from bias_transfer.evaluation import calibration_bins, calibration_error_floor, evaluate
from bias_transfer.layout import Layout, arms, systems, teacher_system
from bias_transfer.page import readers_first, render
from bias_transfer.params import Params
from bias_transfer.stages import calibrated
from bias_transfer.summary import summarise
from bias_transfer.teacher import calibration

_QUALITY = ("n", "accuracy", "log_loss", "brier", "ece")


def run(params: Params, root: Path = Path()) -> None:
    """Write ``accuracy.csv``, ``calibration.csv``, ``history.csv``, ``summary.csv``, the figures and ``report.html``.

    ``calibration.csv`` has the teacher's quality on the test reviews under every calibration, ``chosen`` being the
    study's; ``ece_floor`` is the calibration error that perfect calibration would show on so many reviews.
    """
    layout = Layout(params.study, root)
    accuracy = pd.DataFrame(
        [{"system": system} | tables.read_json(layout.metrics(system)) for system in systems(params.study)]
    )
    history = pd.concat(
        [
            tables.read(layout.model(arm.system) / "history.csv", tables.HISTORY).assign(system=arm.system)
            for arm in arms(params.study)
        ]
    )
    history = history[["system", *tables.HISTORY.columns]]
    bias, breakdown, transfer = (
        tables.read_table(layout.report(f"{name}.csv")) for name in ("bias", "breakdown", "transfer")
    )
    bias = readers_first(bias)
    place = {system: number for number, system in enumerate(bias["system"].unique())}
    breakdown = breakdown.sort_values("system", key=lambda names: names.map(place), kind="stable")
    pairs = tables.read_table(layout.report("pairs.parquet"))
    tables.write(accuracy, layout.report("accuracy.csv"))
    tables.write(history, layout.report("history.csv"))
    tables.write(summarise(accuracy, bias, transfer), layout.report("summary.csv"))
    quality, bins = _calibrations(params, layout)
    tables.write(quality, layout.report("calibration.csv"))
    images = {
        "accuracy.png": figures.accuracy(accuracy),
        "reliability.png": figures.reliability(bins, params.distillation.calibration),
        "gender_bias.png": figures.gaps(bias, "gender"),
        "race_bias.png": figures.gaps(bias, "race"),
        "emotions.png": figures.emotions(breakdown),
        "distributions.png": figures.distributions(pairs),
        "changes.png": figures.changes(transfer),
        "placebo.png": figures.placebo(bias),
        "transfer.png": figures.transfer(pairs, teacher_system(params.study), list(params.study.all_students)),
        "confusion.png": figures.confusion(accuracy),
        "training.png": figures.training(history),
    }
    for name, figure in images.items():
        figures.save(figure, layout.report(name), layout.report(name).with_suffix(".svg"))
    page = render(
        params,
        accuracy=accuracy,
        calibrations=quality,
        bias=bias,
        breakdown=breakdown,
        transfer=transfer,
        images={name: layout.report(name).read_bytes() for name in images},
        reviews=tables.read_json(layout.reviews_folder / "counts.json"),
        labels=tables.read_json(layout.labels_folder / "labels.json"),
        training=tables.read_json(layout.model(arms(params.study)[0].system) / "training.json"),
    )
    tables.write_text(page, layout.report("report.html"))


def _calibrations(params: Params, layout: Layout) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The teacher under each calibration: its quality, and the bins of its reliability diagram."""
    reviews = calibrated.labelled_test(params, layout)
    labels = tables.read(layout.labels("test"), tables.LABELS)
    hard = reviews["label"].to_numpy()
    rows, bins = [], []
    for method in calibration.METHODS:
        row = {"method": method, "chosen": method == params.distillation.calibration}
        try:
            found = calibrated.fit(layout, params.distillation, method)
        except InputError as error:
            rows.append(row | {"reason": str(error)})
            continue
        positive = calibration.align(found.apply(labels), reviews["id"], str(layout.labels("test")))[:, 1]
        values = evaluate(hard, positive)
        row |= {"offset": found.offset, "temperature": found.temperature} | {name: values[name] for name in _QUALITY}
        rows.append(row | {"ece_floor": calibration_error_floor(positive), "reason": ""})
        columns = ["score", "share_positive", "n"]
        bins.append(pd.DataFrame(calibration_bins(hard, positive), columns=columns).assign(method=method))
    return pd.DataFrame(rows), pd.concat(bins)
