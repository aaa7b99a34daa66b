"""Stage ``bias``: paired statistics of every system of the study, and how far distilling moved each student."""

from pathlib import Path

import pandas as pd

from bias_transfer import tables
from bias_transfer.bias import audit
from bias_transfer.bias.scores import match
from bias_transfer.bias.transfer import COLUMNS, transfer
from bias_transfer.layout import Arm, Layout, systems, teacher_system
from bias_transfer.params import Params


def run(params: Params, root: Path = Path()) -> None:
    """Write ``bias.csv`` (one row a system and axis), ``transfer.csv`` and the gaps as metrics."""
    layout = Layout(params.study, root)
    scores = {}
    for system in systems(params.study):
        path = layout.predictions(system, "eec")
        scores[system] = match(tables.read(path, tables.PREDICTIONS), str(path))
    table = audit(scores)
    tables.write(table, layout.report("bias.csv"))
    tables.write(_transfer(params, scores), layout.report("transfer.csv"))
    gaps = {
        system: {f"{row.axis}_gap": row.mean_difference for row in rows.itertuples()}
        for system, rows in table.groupby("system", sort=False)
    }
    tables.write_json(gaps, layout.metrics("bias"))


def _transfer(params: Params, scores: dict[str, pd.DataFrame]) -> pd.DataFrame:
    study = params.study
    if not {"baseline", "distilled"} <= set(study.targets):
        return pd.DataFrame(columns=COLUMNS)
    arms = {
        (student, target): [scores[Arm(student, target, seed).system] for seed in study.seeds]
        for student in study.students
        for target in ("baseline", "distilled")
    }
    teacher = scores[teacher_system(study)]
    return pd.concat(
        [transfer(name, teacher, arms[name, "baseline"], arms[name, "distilled"]) for name in study.students]
    )
