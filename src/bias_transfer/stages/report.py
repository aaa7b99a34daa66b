"""Stage ``report``: tables, figures and one self-contained HTML page."""

import shutil
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from bias_transfer.bias import swaps
from bias_transfer.io import declared, rounding, schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.report import figures, largest_pairs
from bias_transfer.report.findings import of_corpus, primary
from bias_transfer.report.page import render
from bias_transfer.report.summary import summarise
from bias_transfer.stages import calibrated, scored
from bias_transfer.students.evaluation import calibration_bins, calibration_error_floor, evaluate
from bias_transfer.study import targets
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import arms, group_of, systems, teacher_system
from bias_transfer.teacher import calibration, manifest

_QUALITY = ("n", "accuracy", "log_loss", "brier", "ece")


def run(params: Params, root: Path = Path()) -> None:
    """Write the report's tables, its figures, ``report.html`` and ``pairs.html``.

    Tables are ``accuracy.csv``, ``calibration.csv``, ``history.csv`` and ``summary.csv``. What they
    hold is said in ``io/schemas``.
    """
    layout, study = Layout(params.study, root), params.study
    accuracy = pd.DataFrame(
        [{"system": system} | tables.read_json(layout.metrics(system)) for system in systems(study)]
    )
    history = _history(layout)
    all_bias = tables.read(layout.report("bias.csv"), schemas.BIAS)
    all_transfer = tables.read(layout.report("transfer.csv"), schemas.TRANSFER)
    bias = primary(of_corpus(all_bias, "eec"))
    transfer = of_corpus(all_transfer, "eec")
    breakdown = of_corpus(tables.read(layout.report("breakdown.csv"), schemas.BREAKDOWN), "eec")
    pairs = tables.read(layout.report("pairs.parquet"), schemas.PAIRS)
    tested = declared.read(layout.report("hypotheses.json"))
    quality, bins = map(rounding.table, _calibrations(params, layout))
    for name, table, schema in (
        ("accuracy", accuracy, schemas.ACCURACY),
        ("calibration", quality, schemas.CALIBRATION),
        ("history", history, schemas.HISTORIES),
        ("summary", summarise(accuracy, primary(all_bias), all_transfer), schemas.SUMMARY),
    ):
        tables.write(table, layout.report(f"{name}.csv"), schema)
    plots = {
        "accuracy": figures.accuracy(accuracy),
        "calibration": figures.calibration_plot(bins, params.distillation.calibration),
        "gender_bias": figures.gaps(bias, "gender"),
        "race_bias": figures.gaps(bias, "race"),
        "emotions": figures.emotions(breakdown),
        "distributions": figures.distributions(pairs),
        "changes": figures.changes(transfer),
        "placebo": figures.placebo(bias),
        "transfer": figures.transfer(pairs, teacher_system(study), list(study.all_students)),
        "swaps": figures.swaps(primary(all_bias)),
        "confusion": figures.confusion(accuracy),
        "training": figures.training(history),
    }
    if history["epoch"].max() > 1 and history["epoch_gender_gap"].notna().any():
        plots["gap_by_epoch"] = figures.gap_by_epoch(history)
    if any(map(targets.remedied, study.targets)):
        plots["pareto"] = figures.pareto(accuracy, all_bias)
    if len(tested.rows):
        plots = {"answer": figures.answer(tested.rows)} | plots
    _save(plots, layout)
    page = render(
        params,
        accuracy=accuracy,
        calibrations=quality,
        bias=primary(all_bias),
        breakdown=breakdown,
        transfer=all_transfer,
        tested=tested,
        images={name: layout.figure(f"{name}.png").read_bytes() for name in plots},
        reviews=tables.read_json(layout.counts),
        labels=manifest.read(layout.labels_folder),
        training=tables.read_json(layout.training(arms(study)[0])),
    )
    tables.write_text(page, layout.report("report.html"))
    tables.write_text(_pairs(layout), layout.report("pairs.html"))
    print(f"Report: {layout.report('report.html')}")


def _pairs(layout: Layout) -> str:
    """The page of the largest pairs, which quotes reviews."""
    kinds = {
        "Words about people": tables.read(layout.pairs, schemas.SWAPS),
        "Placebo: words without social meaning": tables.read(layout.placebo, schemas.PLACEBO),
    }
    ids = pd.concat([versions["id"] for versions in kinds.values()]).drop_duplicates()
    frames = scored.by_group(scored.read(layout, "swaps", ids))
    frames = {group_of(name): members for name, members in frames.items()}
    found = {
        title: largest_pairs.largest(frames, swaps.pair_up(versions, pd.Index(ids)), versions)
        for title, versions in kinds.items()
        if len(versions)
    }
    return largest_pairs.render(layout.study.name, found)


def _history(layout: Layout) -> pd.DataFrame:
    """Every student's epochs."""
    frames = [
        tables.read(layout.history(arm), schemas.HISTORY).assign(system=arm.system)
        for arm in arms(layout.study)
    ]
    return rounding.table(pd.concat(frames, ignore_index=True))


def _save(plots: dict[str, Figure], layout: Layout) -> None:
    """Write each figure twice, and remove what an earlier report left."""
    shutil.rmtree(layout.figures, ignore_errors=True)
    for name, figure in plots.items():
        figures.save(figure, *(layout.figure(f"{name}.{kind}") for kind in ("png", "svg")))


def _calibrations(params: Params, layout: Layout) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The teacher under each calibration: its quality, and the bins of its calibration plot."""
    reviews = calibrated.labelled_test(params, layout)
    labels = tables.read(layout.labels("test"), schemas.LABELS)
    hard = reviews["label"].to_numpy()
    rows, bins = [], []
    for method in calibration.METHODS:
        row = {"method": method, "chosen": method == params.distillation.calibration}
        try:
            found = calibrated.fit(layout, params.distillation, method)
        except InputError as error:
            rows.append(row | {"reason": str(error)})
            continue
        origin = str(layout.labels("test"))
        positive = calibration.align(found.apply(labels), reviews["id"], origin)[:, 1]
        values = evaluate(hard, positive)
        row |= {"offset": found.offset, "temperature": found.temperature}
        row |= {name: values[name] for name in _QUALITY}
        rows.append(row | {"ece_floor": calibration_error_floor(positive), "reason": ""})
        columns = ["score", "share_positive", "n"]
        found_bins = pd.DataFrame(calibration_bins(hard, positive), columns=columns)
        bins.append(found_bins.assign(method=method))
    return pd.DataFrame(rows), pd.concat(bins)
