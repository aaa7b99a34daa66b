"""Commands ``validate sheet`` and ``validate precision``: people read swapped pairs."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bias_transfer.bias.validation import reading
from bias_transfer.corpora.swaps import edits, passages, wordlist
from bias_transfer.io import schemas, tables
from bias_transfer.stages.swaps import held_out_reviews
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout

DIGITS = 4
SHEET = "`validate sheet`"


def sheet(
    params: Params, out: Path, size: int, with_her: int, number: int, earlier: Sequence[Path]
) -> pd.DataFrame:
    """Write pairs of the study's held-out reviews for a reader to judge.

    Parameters
    ----------
    params, out
        The study, and the CSV to write: ``wrong`` is empty there, for the reader to fill in.
    size, with_her
        How many pairs, and how many at least with ``her``.
    number
        The round: it starts the random numbers.
    earlier
        Sheets whose pairs are not drawn again.

    Raises
    ------
    InputError
        If there are not so many pairs, or files of the study are missing.
    """
    layout, words = Layout(params.study), wordlist.gendered()
    by_id = edits.of_texts(tables.read(layout.edits, schemas.EDITS))
    drawn = {
        name for path in earlier for name in tables.read(path, schemas.SHEET, SHEET)["pair_id"]
    }
    known = set(tables.read(layout.pairs, schemas.SWAPS)["pair_id"]) - drawn
    reviews = held_out_reviews(params, layout)
    reviews = reviews[reviews["id"].isin(known)].reset_index(drop=True)
    longest = params.reviews[params.study.reviews].swapped_whole or params.swaps.passage_words
    cut = [
        passages.cut(text, by_id[name], lambda part: len(part.split()) <= longest)
        for name, text in zip(reviews["id"], reviews["text"], strict=True)
    ]
    found = pd.DataFrame(cut, columns=["text", "edits"]).assign(pair_id=reviews["id"])
    chosen = reading.draw(found, size, with_her, number)
    marked = [
        reading.marked(text, inside, words)
        for text, inside in zip(chosen["text"], chosen["edits"], strict=True)
    ]
    table = pd.DataFrame(marked, columns=["text", "rules"])
    table = table.assign(round=number, pair_id=chosen["pair_id"], wrong="")
    table = table[list(schemas.SHEET.columns)]
    tables.write(table, out, schemas.SHEET)
    return table


def precision(read: Sequence[Path], out: Path) -> pd.DataFrame:
    """Write ``reading.counts`` of each reader's sheet to ``out``.

    ``reader`` numbers them; ``alike`` says how often the second judged as the first.

    Raises
    ------
    InputError
        If a judgement is missing, or the sheets are not of the same pairs.
    """
    sheets = [tables.read(path, schemas.SHEET, SHEET) for path in read]
    parts = []
    for place, (path, filled) in enumerate(zip(read, sheets, strict=True)):
        part = reading.counts(filled, str(path)).assign(reader=place + 1, alike=None)
        if place:
            same = reading.alike(sheets[0], filled, (str(read[0]), str(path)))
            part["alike"] = part["rule"].map(same)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True).round(DIGITS)
    tables.write(table, out)
    return table
