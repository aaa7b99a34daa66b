"""Command ``validate power``: how many seeds does a study need?"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bias_transfer.bias.validation.power import planned
from bias_transfer.commands import catalogue
from bias_transfer.io import declared, rounding, schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout


def run(params: Params, pilot: str, seeds: Sequence[int], out: Path) -> pd.DataFrame:
    """Write ``planned`` of the study ``pilot``, as ``dvc repro`` made it, to ``out``.

    Raises
    ------
    InputError
        If there is no such study, it has not run, or none of its declared tests could be made.
    """
    layout = Layout(catalogue.reported(params, pilot).study)
    tested = declared.read(layout.report("hypotheses.json"))
    transfer = tables.read(layout.report("transfer.csv"), schemas.TRANSFER)
    table = planned(tested.rows, transfer, seeds)
    if table.empty:
        raise InputError(
            f"study {pilot!r} is no pilot: none of its declared tests could be made (a test needs "
            "two seeds and both of its arms)"
        )
    table = rounding.table(table.assign(pilot=pilot))
    tables.write(table, out)
    return table
