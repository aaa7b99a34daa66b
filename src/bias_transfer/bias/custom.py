"""Counterfactual pairs of anybody's own, in place of the EEC's."""

from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from bias_transfer.bias import scores
from bias_transfer.bias.pairs import Contrast, of_pairs
from bias_transfer.io import tables, user_tables
from bias_transfer.io.errors import InputError

WHOLE = "all"  # the one unit of a corpus that names none
COLUMNS = ("pair_id", "group", "template", "sentence", "unit")
_FILLED = pa.Check(lambda values: values.str.strip() != "", error="is empty")
PAIRS = pa.DataFrameSchema({name: pa.Column(str, _FILLED) for name in COLUMNS})


def read(path: Path) -> pd.DataFrame:
    """Sentences in pairs that differ in the group they speak of and in nothing else.

    Parameters
    ----------
    path
        CSV or parquet with ``pair_id``, ``group`` (two in the file), ``template`` (what a pair's
        two sentences are made from; pairs may share it) and ``sentence``; also, if there is one,
        ``unit``: the person or noun pair that recurs across templates. Other columns are left out.

    Returns
    -------
    DataFrame
        ``pair_id, group, template, sentence, unit``, all text, in the order of the file; ``unit``
        is the same in every row where the file has none.

    Raises
    ------
    InputError
        If the file cannot be read, a value is missing, a sentence stands twice, a pair does not
        have one sentence of each group and one template and unit, or there is too little to
        estimate an error from.
    """
    frame = user_tables.read(str(path), dtype=str, keep_default_na=False)
    if "unit" not in frame.columns:
        frame = frame.assign(unit=WHOLE)
    frame = frame[[name for name in COLUMNS if name in frame.columns]].astype(
        str
    )  # what is missing stays missing
    # Errors count rows below a header, which a parquet file does not have.
    first = -1 if user_tables.is_parquet(path) else 0
    frame = tables.validate(
        frame.set_axis(range(first, first + len(frame))), PAIRS, str(path)
    ).reset_index(drop=True)
    _check(frame, str(path))
    return frame


def axis(corpus: pd.DataFrame) -> str:
    """What is compared, as ``first - second``: the two groups in the order of the file."""
    return " - ".join(corpus["group"].unique())


def contrast(corpus: pd.DataFrame, scored: pd.Series) -> Contrast:
    """Differences of the pairs, first group minus second.

    Parameters
    ----------
    corpus
        What ``read`` gives.
    scored
        A number for each row of ``corpus``, in its order: P(positive), -1 to 1 after the
        difference, or log-odds.
    """
    first, second = corpus["group"].unique()
    sides = corpus.assign(score=scored.to_numpy()).pivot(
        index="pair_id", columns="group", values="score"
    )
    pairs = corpus.drop_duplicates("pair_id")[["pair_id", "template", "unit"]].reset_index(
        drop=True
    )
    sides = sides.loc[pairs["pair_id"]].reset_index(drop=True)
    pairs = pairs.assign(
        first=sides[first], second=sides[second], difference=sides[first] - sides[second]
    )
    return of_pairs(pairs)


def _check(corpus: pd.DataFrame, origin: str) -> None:
    groups = corpus["group"].unique()
    if len(groups) != 2:
        shown = ", ".join(map(repr, groups[:4])) + (", ..." if len(groups) > 4 else "")
        raise InputError(
            f"{origin}: column 'group' must hold two groups to compare, not {len(groups)} ({shown})"
        )
    scores.refuse(corpus.loc[corpus["sentence"].duplicated(), "sentence"], "stand twice", origin)
    counts = pd.crosstab(corpus["pair_id"], corpus["group"])[groups]
    _refuse(counts[(counts != 1).any(axis=1)], "must have one sentence of each group", origin)
    kinds = corpus.groupby("pair_id")[["template", "unit"]].nunique()
    for name in kinds:
        _refuse(
            kinds.loc[kinds[name] > 1, [name]], f"must have one {name} for both sentences", origin
        )
    if len(counts) == 1:
        raise InputError(
            f"{origin}: there is one pair, and from one pair no error can be estimated: give more"
        )
    if corpus["template"].nunique() == 1 and corpus["unit"].nunique() == 1:
        raise InputError(
            f"{origin}: nothing can be clustered, since all {len(counts)} pairs share one template "
            "and one unit: "
            "give a column `unit` (the person or noun pair of each pair) or more templates"
        )


def _refuse(pairs: pd.DataFrame, what: str, origin: str) -> None:
    if len(pairs):
        held = ", ".join(f"{count} of {name!r}" for name, count in pairs.iloc[0].items())
        raise InputError(
            f"{origin}: each pair {what}; {len(pairs)} do not, the first being {pairs.index[0]!r} "
            f"({held})"
        )
