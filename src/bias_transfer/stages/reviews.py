"""Stage ``reviews``: texts from a source of the catalogue, without duplicates, and split."""

from pathlib import Path

from bias_transfer.corpora import sources, splits
from bias_transfer.io import schemas, tables
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout

_OTHER = {"train": "test", "test": "train"}


def run(params: Params, root: Path = Path()) -> None:
    """Write ``train.csv``, ``test.csv``, ``unused.csv`` and ``counts.json``.

    ``unused.csv`` has the source's other reviews, ``counts.json`` says how many rows there were
    before and after each filter.
    """
    layout = Layout(params.study, root)
    entry = params.reviews[params.study.reviews]
    source = sources.load(entry)
    if getattr(entry, "held_out", "test") == "train":
        source.frame["split"] = source.frame["split"].replace(_OTHER)
    overlap = getattr(entry, "overlap", "refuse")
    train, test, counts = splits.split(
        source.frame, entry.train_size, entry.test_size, entry.seed, overlap
    )
    unused = splits.unused(source.frame, train, test)
    for name, part in (("train", train), ("test", test), ("unused", unused)):
        tables.write(part, layout.reviews(name), schemas.REVIEWS)
    tables.write_json(source.counts | counts | {"unused": len(unused)}, layout.counts)
