"""A study's figures as a Markdown section: each number of its own comes from ``summary.csv``."""

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from bias_transfer.bias.audit import NOT_MEASURABLE
from bias_transfer.bias.transfer import CHANGE, SLOPE
from bias_transfer.commands import catalogue, section
from bias_transfer.io import committed, declared, schemas, tables, user_tables
from bias_transfer.io.errors import InputError
from bias_transfer.report import figures, rendered, rows
from bias_transfer.report.answer import answer
from bias_transfer.report.columns import cell, of_study
from bias_transfer.report.findings import finding, from_baseline, of_corpus, primary
from bias_transfer.report.formats import signed
from bias_transfer.report.seeds import trained
from bias_transfer.report.summary import estimate_name
from bias_transfer.report.verdicts import corrected
from bias_transfer.study import targets
from bias_transfer.study.params import Params
from bias_transfer.study.paths import COMMITTED, Layout
from bias_transfer.study.systems import arms, group_of, teacher_system
from bias_transfer.teacher import manifest

SCREEN_DPI = 80
_AGAINST = ("accuracy", "precision", "recall", "f1", "gender_gap", "race_gap")


def write(params: Params, name: str, out: Path, against: Path | None, command: str) -> None:
    """Write the figures of study ``name`` into the Markdown file ``out``.

    Its plots go into a folder beside it, and what was declared into the file that git keeps
    (``io.committed``). If ``out`` is there, what stands between its two marks for this study is
    replaced and the rest is kept.

    Parameters
    ----------
    against
        CSV of another study's figures to stand beside these: ``system, accuracy, precision, recall,
        f1, gender_gap, race_gap``; a cell may be empty.
    command
        How to make the section again, for its readers.

    Raises
    ------
    InputError
        If there is no such study, it has not run, or ``out`` is there without the marks.
    """
    params = catalogue.reported(params, name)
    layout = Layout(params.study)
    before, after = section.around(out, name, "Results")
    plots = out.with_suffix("")
    made = _render(params, layout, against, plots, command)
    committed.add(COMMITTED, name, declared.read(layout.report("hypotheses.json")))
    for file, figure in _plots(params, layout).items():
        figures.save(figure, plots / file, dpi=SCREEN_DPI)
    tables.write_text(before + made + after, out)


def _render(params: Params, layout: Layout, against: Path | None, plots: Path, command: str) -> str:
    summary = tables.read(layout.report("summary.csv"), schemas.SUMMARY)
    values = dict(zip(summary["name"], summary["value"], strict=True))
    accuracy = tables.read(layout.report("accuracy.csv"), schemas.ACCURACY)
    every = primary(tables.read(layout.report("bias.csv"), schemas.BIAS))
    all_transfer = tables.read(layout.report("transfer.csv"), schemas.TRANSFER)
    bias, transfer = of_corpus(every, "eec"), of_corpus(all_transfer, "eec")
    other = _other(against)
    tested = declared.read(layout.report("hypotheses.json"))
    students = [group_of(arm.system) for arm in arms(params.study)]
    changes = transfer[(transfer["scale"] == "log-odds") & (transfer["estimand"] == CHANGE)]
    shown = rows.tables(params, accuracy, every, all_transfer, tested)
    return rendered.markdown(
        "results.md.j2",
        command=command,
        study=params.study,
        trained=trained(params.study),
        distillation=params.distillation,
        groups=[teacher_system(params.study), *dict.fromkeys(students)],
        others=other,
        bias=corrected(bias).assign(group=bias["system"].map(group_of)).to_dict("records"),
        changes=changes.to_dict("records"),
        slope=SLOPE,
        estimate_name=estimate_name,
        answer=answer(params, accuracy, every, all_transfer, tested),
        rows=shown | {"others": [row for row in shown["others"] if not _unread(row)]},
        unread=_unread_systems(shown["others"]),
        not_asked=tested.not_asked,
        columns=of_study(params.study),
        cell=cell,
        from_baseline=from_baseline(transfer),
        findings=[finding(bias, params, axis) for axis in ("gender", "race")],
        reviews=tables.read_json(layout.counts),
        labels=manifest.read(layout.labels_folder),
        training=tables.read_json(layout.training(arms(params.study)[0])),
        plots=plots.name,
        size=lambda name, digits=4: _number(values.get(name), f".{digits}f"),
        signed=lambda name, digits=4: _signed(values.get(name), digits),
        spread=lambda name: f" ± {values[name]:.4f}" if name in values else "",
        elsewhere=lambda system, name, form: _number(other.get(system, {}).get(name), form),
    )


def _unread(row: rows.Row) -> bool:
    return row["verdict"] == NOT_MEASURABLE


def _unread_systems(others: rows.Rows) -> list[str]:
    """One sentence per corpus and axis: whose gaps on it cannot be measured."""
    found: dict[str, list[str]] = {}
    for row in filter(_unread, others):
        found.setdefault(f"{row['corpus']}, {row['axis']}", []).append(row["system"])
    return [f"Not measurable on {where}: {', '.join(names)}." for where, names in found.items()]


def _other(against: Path | None) -> dict[str, dict[str, Any]]:
    if against is None:
        return {}
    table = user_tables.read(str(against))
    missing = {"system", *_AGAINST} - set(table.columns)
    if missing:
        raise InputError(f"{against}: column {min(missing)!r} is missing")
    return table.set_index("system").to_dict("index")


def _plots(params: Params, layout: Layout) -> dict[str, Figure]:
    accuracy = tables.read(layout.report("accuracy.csv"), schemas.ACCURACY)
    bias = _on_eec(layout)
    pairs = tables.read(layout.report("pairs.parquet"), schemas.PAIRS)
    every = tables.read(layout.report("bias.csv"), schemas.BIAS)
    found = {}
    if any(map(targets.remedied, params.study.targets)):
        found["pareto.png"] = figures.pareto(accuracy, every)
    if len(of_corpus(every, "swaps")):
        found["swaps.png"] = figures.swaps(primary(every))
    return found | {
        "accuracy.png": figures.accuracy(accuracy),
        "gender_bias.png": figures.gaps(bias, "gender"),
        "race_bias.png": figures.gaps(bias, "race"),
        "transfer.png": figures.transfer(
            pairs, teacher_system(params.study), list(params.study.all_students)
        ),
    }


def _on_eec(layout: Layout) -> pd.DataFrame:
    return primary(of_corpus(tables.read(layout.report("bias.csv"), schemas.BIAS), "eec"))


def _signed(value: float | None, digits: int) -> str:
    return "–" if value is None or pd.isna(value) else signed(value, digits)


def _number(value: float | None, form: str) -> str:
    return "–" if value is None or pd.isna(value) else format(value, form)
