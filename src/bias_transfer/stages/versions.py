"""Both versions of the training reviews: what a remedy is fitted to."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bias_transfer.corpora import text_id
from bias_transfer.corpora.swaps import edits as edit_table
from bias_transfer.io import schemas, tables
from bias_transfer.study.paths import Layout


@dataclass(frozen=True)
class Versions:
    """Each training review once about women alone and once about men alone.

    ``texts`` has the sides as columns and a row per review; ``mentioned`` marks the reviews that
    mention either, bool, shape (reviews,). The others stand in both columns as they are.
    """

    texts: pd.DataFrame
    mentioned: np.ndarray

    def to_label(self) -> pd.DataFrame:
        """``id`` and ``text`` of the versions of reviews that mention people, each text once."""
        held = self.texts[self.mentioned]
        text = pd.concat([held[side] for side in held.columns], ignore_index=True)
        return pd.DataFrame({"id": text.map(text_id), "text": text}).drop_duplicates("id")


def read(layout: Layout) -> Versions:
    """Apply ``edits.csv`` to the training reviews.

    Raises
    ------
    InputError
        If a file is missing, or the edits are not of these reviews.
    """
    reviews = tables.read(layout.reviews("train"), schemas.REVIEWS)
    edits = tables.read(layout.edits, schemas.EDITS)
    sides = list(edit_table.sides_of(edits))
    both = edit_table.apply(reviews, edits).set_index("id")[sides]
    found = both.reindex(reviews["id"]).reset_index(drop=True)
    mentioned = found[sides[0]].notna().to_numpy()
    return Versions(found.apply(lambda side: side.fillna(reviews["text"])), mentioned)
