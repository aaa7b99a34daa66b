"""Stage ``reviews``: texts from a source of the catalogue, without duplicates, and split."""

from pathlib import Path

from bias_transfer.corpora import sources, splits
from bias_transfer.io import schemas, tables
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout


def run(params: Params, root: Path = Path()) -> None:
    """Write ``train.csv``, ``test.csv`` and ``counts.json`` (rows before and after each filter)."""
    layout = Layout(params.study, root)
    entry = params.reviews[params.study.reviews]
    source = sources.load(entry)
    overlap = getattr(entry, "overlap", "refuse")
    train, test, counts = splits.split(
        source.frame, entry.train_size, entry.test_size, entry.seed, overlap
    )
    tables.write(train, layout.reviews("train"), schemas.REVIEWS)
    tables.write(test, layout.reviews("test"), schemas.REVIEWS)
    tables.write_json(source.counts | counts, layout.counts)
