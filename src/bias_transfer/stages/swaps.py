"""Stage ``swaps``: held-out reviews, each once about women and once about men, and the placebo."""

from pathlib import Path

import pandas as pd

from bias_transfer.corpora.splits import lowest_ids
from bias_transfer.corpora.swaps import edits, held_out, wordlist
from bias_transfer.io import schemas, tables
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout


def run(params: Params, root: Path = Path()) -> None:
    """Apply ``edits.csv``, which stage ``data`` makes: write ``pairs.csv`` and ``placebo.csv``.

    Raises
    ------
    InputError
        If the edits are not of these reviews.
    """
    layout = Layout(params.study, root)
    reviews = held_out_reviews(params, layout)
    pairs, placebo = both(params, reviews, tables.read(layout.edits, schemas.EDITS))
    tables.write(pairs, layout.pairs, schemas.SWAPS)
    tables.write(placebo, layout.placebo, schemas.PLACEBO)
    print(f"{layout.pairs}: {len(pairs) // 2:,} pairs, and {len(placebo) // 2:,} of the placebo")


def held_out_reviews(params: Params, layout: Layout) -> pd.DataFrame:
    """Reviews that no student learns from: test and unused ones, or a sample of them.

    The sample is of ``labelled_test_size``, since the teacher is asked about every version. Where
    reviews are swapped whole, longer ones are left out.
    """
    parts = [tables.read(layout.reviews(name), schemas.REVIEWS) for name in ("test", "unused")]
    entry = params.reviews[params.study.reviews]
    reviews = lowest_ids(pd.concat(parts, ignore_index=True), entry.labelled_test_size)
    if entry.swapped_whole is None:
        return reviews
    return reviews[reviews["text"].str.split().str.len() <= entry.swapped_whole]


def both(
    params: Params, reviews: pd.DataFrame, found: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pairs and placebo pairs, as they are written; ``found`` are the edits of ``reviews``."""
    entry = params.reviews[params.study.reviews]
    longest = entry.swapped_whole or params.swaps.passage_words
    pairs = held_out.versions(reviews, found, longest)
    sample = lowest_ids(reviews, entry.placebo_size)
    neutral = edits.find(sample["text"], wordlist.placebo())
    return pairs, held_out.versions(sample, neutral, longest)
