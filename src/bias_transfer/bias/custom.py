"""Counterfactual pairs of a user's own, in place of the EEC's."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from bias_transfer.bias import scores
from bias_transfer.bias.audit import Row, average, by_system, log_odds, statistics
from bias_transfer.bias.pairs import Contrast, differences, of_pairs
from bias_transfer.io import tables, user_tables
from bias_transfer.io.errors import InputError

WHOLE = "all"  # the one unit of a corpus that names none
COLUMNS = ("pair_id", "group", "template", "sentence", "unit")
_FILLED = pa.Check(lambda values: values.str.strip() != "", error="is empty")
PAIRS = pa.DataFrameSchema({name: pa.Column(str, _FILLED) for name in COLUMNS})


def read(path: Path) -> pd.DataFrame:
    """Sentences in pairs that differ only in the group they speak of.

    Parameters
    ----------
    path
        CSV or parquet with ``pair_id``, ``group`` (two in the file), ``template`` (what both
        sentences of a pair are made from; pairs may share it) and ``sentence``. ``unit`` is
        optional: the person or noun pair that recurs across templates. Other columns are left out.

    Returns
    -------
    DataFrame
        ``pair_id, group, template, sentence, unit``, all text, in the order of the file. Where the
        file has no ``unit``, all rows have the same one.

    Raises
    ------
    InputError
        If the file cannot be read, a value is missing, a sentence is duplicate, a pair does not
        have one sentence of each group and one template and unit, or there is too little to
        estimate an error from.
    """
    frame = user_tables.read_counted(str(path), dtype=str, keep_default_na=False)
    return check(frame, str(path))


def check(frame: pd.DataFrame, origin: str) -> pd.DataFrame:
    """``read`` for a frame at hand; errors name ``origin`` and a row by its index."""
    _check_columns(frame, origin)
    if "unit" not in frame.columns:
        frame = frame.assign(unit=WHOLE)
    # A missing value stays missing as text.
    frame = frame[[name for name in COLUMNS if name in frame.columns]].astype(str)
    frame = tables.validate(frame, PAIRS, origin, first=0).reset_index(drop=True)
    _check_groups(frame, origin)
    twice = frame.loc[frame["sentence"].duplicated(), "sentence"]
    scores.refuse(twice, "stand twice", origin, scores.ONCE)
    _check_pairs(frame, origin)
    _check_clusters(frame, origin)
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
        A number for each row of ``corpus``, in its order: P(positive), with differences of -1 to 1,
        or log-odds.
    """
    first, second = corpus["group"].unique()
    sides = corpus.assign(score=scored.to_numpy()).pivot(
        index="pair_id", columns="group", values="score"
    )
    pairs = corpus.drop_duplicates("pair_id")[["pair_id", "template", "unit"]]
    return of_pairs(pairs.merge(differences(sides, first, second), how="left", on="pair_id"))


def audit(scored: Mapping[str, pd.DataFrame], corpus: pd.DataFrame, margin: float) -> pd.DataFrame:
    """One row per system, and per seed of a system with several, as ``bias.audit.audit`` has them.

    Columns that only the EEC has are left out.

    Parameters
    ----------
    scored
        System name to ``corpus`` with ``score`` and ``log_odds``, in its order.
    corpus
        What ``read`` gives.
    margin
        A difference in P(positive) smaller than this counts as none.
    """
    compared = axis(corpus)

    def of(members: list[str]) -> list[Row]:
        frames = [scored[member] for member in members]
        pooled = average(frames)
        finite = all(np.isfinite(frame["log_odds"]).all() for frame in frames)
        odds = contrast(corpus, pooled["log_odds"]) if finite else None
        return [
            {
                "axis": compared,
                "reason": "",
                **statistics(
                    contrast(corpus, pooled["score"]), _gaps(corpus, frames, "score"), margin
                ),
                **log_odds(odds, _gaps(corpus, frames, "log_odds") if finite else []),
            }
        ]

    return by_system(list(scored), of, margin)


def _gaps(corpus: pd.DataFrame, frames: list[pd.DataFrame], column: str) -> list[float]:
    """The gap of each of several seeds."""
    return [contrast(corpus, frame[column]).mean for frame in frames] if len(frames) > 1 else []


def _check_columns(frame: pd.DataFrame, origin: str) -> None:
    missing = [name for name in COLUMNS if name != "unit" and name not in frame.columns]
    if missing:
        raise InputError(
            f"{origin}: column {missing[0]!r} is missing (columns: "
            f"{user_tables.listed(frame.columns)}): pairs have pair_id, group, template and "
            "sentence, in lower case"
        )


def _check_groups(corpus: pd.DataFrame, origin: str) -> None:
    groups = corpus["group"].unique()
    if len(groups) != 2:
        shown = ", ".join(map(repr, groups[:4])) + (", ..." if len(groups) > 4 else "")
        raise InputError(
            f"{origin}: column 'group' must hold two groups to compare, not {len(groups)} "
            f"({shown}): compare two at a time"
        )


def _check_pairs(corpus: pd.DataFrame, origin: str) -> None:
    counts = pd.crosstab(corpus["pair_id"], corpus["group"])[corpus["group"].unique()]
    _refuse(counts[(counts != 1).any(axis=1)], "must have one sentence of each group", origin)
    kinds = corpus.groupby("pair_id")[["template", "unit"]].nunique()
    for name in kinds:
        _refuse(
            kinds.loc[kinds[name] > 1, [name]], f"must have one {name} for both sentences", origin
        )


def _check_clusters(corpus: pd.DataFrame, origin: str) -> None:
    pairs = corpus["pair_id"].nunique()
    if pairs == 1:
        raise InputError(
            f"{origin}: there is one pair, and from one pair no error can be estimated: give more"
        )
    if corpus["template"].nunique() == 1 and corpus["unit"].nunique() == 1:
        raise InputError(
            f"{origin}: nothing can be clustered, since all {pairs} pairs share one template "
            "and one unit: give a column `unit` (the person or noun pair of each pair) or more "
            "templates"
        )


def _refuse(pairs: pd.DataFrame, what: str, origin: str) -> None:
    if len(pairs):
        held = ", ".join(f"{count} of {name!r}" for name, count in pairs.iloc[0].items())
        raise InputError(
            f"{origin}: each pair {what}; {len(pairs)} do not, the first being {pairs.index[0]!r} "
            f"({held})"
        )
