"""Stage ``bias``: paired statistics of every system of the study."""

from pathlib import Path

from bias_transfer import tables
from bias_transfer.bias import audit
from bias_transfer.bias.scores import match
from bias_transfer.layout import Layout, systems
from bias_transfer.params import Params


def run(params: Params, root: Path = Path()) -> None:
    """Write ``bias.csv`` (one row a system and axis) and the gaps as metrics."""
    layout = Layout(params.study, root)
    scores = {}
    for system in systems(params.study):
        path = layout.predictions(system, "eec")
        scores[system] = match(tables.read(path, tables.PREDICTIONS), str(path))
    table = audit(scores)
    tables.write(table, layout.report("bias.csv"))
    gaps = {
        system: {f"{row.axis}_gap": row.mean_difference for row in rows.itertuples()}
        for system, rows in table.groupby("system", sort=False)
    }
    tables.write_json(gaps, layout.metrics("bias"))
