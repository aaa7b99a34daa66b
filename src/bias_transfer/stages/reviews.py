"""Stage ``reviews``: texts from a source of the catalogue, without duplicates, and split."""

from pathlib import Path

import pandas as pd

from bias_transfer.corpora import sources, splits
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout

_OTHER = {"train": "test", "test": "train"}


def run(params: Params, root: Path = Path()) -> None:
    """Write ``train.csv``, ``test.csv``, ``unused.csv`` and ``counts.json``.

    ``unused.csv`` has the source's other reviews, ``counts.json`` says how many rows there were
    before and after each filter.

    Raises
    ------
    InputError
        If the source does not fit, or leaves a half without reviews of both classes.
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
    _refuse_one_class(train, test)
    unused = splits.unused(source.frame, train, test)
    for name, part in (("train", train), ("test", test), ("unused", unused)):
        tables.write(part, layout.reviews(name), schemas.REVIEWS)
    tables.write_json(source.counts | counts | {"unused": len(unused)}, layout.counts)


def _refuse_one_class(train: pd.DataFrame, test: pd.DataFrame) -> None:
    """Say so now rather than after hours of labelling."""
    for name, part in (("train", train), ("test", test)):
        if part["label"].nunique() < 2:
            raise InputError(
                f"the {len(part)} {name} reviews are not of both classes, once duplicates and "
                "overlaps are dropped: a study needs negative (0) and positive (1) ones in both"
            )
