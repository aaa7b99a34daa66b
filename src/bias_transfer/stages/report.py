"""Stage ``report``: tables, figures and one self-contained HTML page."""

from pathlib import Path

import pandas as pd

from bias_transfer import figures, tables
from bias_transfer.layout import Layout, arms, systems, teacher_system
from bias_transfer.page import readers_first, render
from bias_transfer.params import Params


def run(params: Params, root: Path = Path()) -> None:
    """Write ``accuracy.csv``, ``history.csv``, the figures and ``report.html``."""
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
    images = {
        "accuracy.png": figures.accuracy(accuracy),
        "gender_bias.png": figures.gaps(bias, "gender"),
        "race_bias.png": figures.gaps(bias, "race"),
        "emotions.png": figures.emotions(breakdown),
        "placebo.png": figures.placebo(bias),
        "transfer.png": figures.transfer(pairs, teacher_system(params.study), list(params.study.students)),
        "confusion.png": figures.confusion(accuracy),
        "training.png": figures.training(history),
    }
    for name, figure in images.items():
        figures.save(figure, layout.report(name))
    page = render(
        params,
        accuracy=accuracy,
        bias=bias,
        breakdown=breakdown,
        transfer=transfer,
        images={name: layout.report(name).read_bytes() for name in images},
        reviews=tables.read_json(layout.reviews_folder / "counts.json"),
        labels=tables.read_json(layout.labels_folder / "labels.json"),
    )
    tables.write_text(page, layout.report("report.html"))
