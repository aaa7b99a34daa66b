"""Command ``validate slopes``: do intervals of the EEC's slopes hold the true slope?"""

from pathlib import Path

import pandas as pd

from bias_transfer.bias import scores
from bias_transfer.bias.validation import slopes
from bias_transfer.io import tables
from bias_transfer.io.errors import InputError
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout

DIGITS = 4


def real_teachers(params: Params, out: Path, draws: int) -> pd.DataFrame:
    """Write ``slopes.slopes``, in log-odds, of each teacher with labels of the EEC to ``out``.

    They are the labels of the study's reviews. Calibration is left out: it shifts log-odds alike.

    Raises
    ------
    InputError
        If no teacher has labels.
    """
    rows = []
    for name in params.teachers:
        path = Layout(params.with_study(teacher=name).study).labels("eec")
        if path.exists():
            teacher = scores.read(path)
            found = slopes.slopes(teacher.assign(score=teacher["log_odds"]), draws)
            rows.append(found.assign(teacher=name))
    if not rows:
        raise InputError(
            f"no teacher has labels of the EEC for {params.study.reviews}: `dvc pull data`"
        )
    table = pd.concat(rows)
    table = table[["teacher", *table.columns.drop("teacher")]].round(DIGITS)
    tables.write(table, out)
    return table
