"""Columns of the tables on the page: five to read, and the rest behind a fold.

A column is its title, its kind, and its name in the table. Kinds such as ``interval`` and
``arms`` put several of the table's columns together; the name is then what theirs start with.
"""

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

import pandas as pd

from bias_transfer.bias.inference import simultaneous
from bias_transfer.bias.inference.halves import HIGH, LOW
from bias_transfer.report.formats import signed
from bias_transfer.study.params import Study

Columns = tuple[tuple[str, str, str], ...]
TEXTS = ("text", "verdict", "arms", "where", "method")
_VERDICT = ("verdict", "verdict", "")
_INTERVAL = ("95 % interval", "interval", "")
_SYSTEM, _STUDENT = ("system", "text", "system"), ("student", "text", "student")
_AXIS, _CORPUS = ("axis", "text", "axis"), ("corpus", "text", "corpus")
_ESTIMAND, _ESTIMATE = ("estimand", "text", "estimand"), ("estimate", "number", "estimate")
_ARMS, _SCALE = ("arms", "arms", ""), ("scale", "text", "scale")
_PAIRS, _SEEDS = ("pairs", "count", "n_pairs"), ("seeds", "count", "n_seeds")
_GAP = ("gap", "number", "mean_difference")
_TEACHER = ("teacher's gap", "number", "teacher_gap")
_SMALL = ("p smaller than a share of it", "p", "p_share")
_MARGIN = (("margin", "size", "margin"), ("p below the margin", "p", "p_equivalence"))
_LOG_ODDS = (("log-odds", "number", "log_odds_difference"), ("interval", "interval", "log_odds_"))
_BOTH_INTERVALS = (
    ("this training set", "interval", ""),
    ("other training sets", "interval over training sets", ""),
)
_SECOND_INTERVALS = {
    "interval over training sets": (LOW, HIGH),
    "simultaneous interval": (simultaneous.LOW, simultaneous.HIGH),
}
_RESAMPLED = ("declared", "arrived", "remedies", "changes", "others", "bias")
COLUMNS: dict[str, tuple[Columns, Columns]] = {
    "declared": (
        (("test", "text", "contrast"), _STUDENT, ("verdict", "verdict", ""), _ESTIMATE, _INTERVAL),
        (
            ("test", "text", "contrast"), _STUDENT, _CORPUS, _AXIS, _SCALE, _ESTIMAND, _ARMS,
            ("size", "text", "size"), ("p", "p", "p_value"), ("p Holm", "p", "p_holm"),
            ("smallest of interest", "size", "smallest_effect"), ("power for it", "size", "power"),
            _TEACHER,
            ("its interval", "interval", "teacher_"), _SMALL, *_MARGIN, _PAIRS, _SEEDS,
        ),
    ),
    "arrived": (
        (_STUDENT, _ARMS, _VERDICT, _ESTIMATE, _INTERVAL),
        (
            _STUDENT, _ARMS, _ESTIMAND, _SCALE, _VERDICT, _ESTIMATE, _INTERVAL, _TEACHER, _SMALL,
            *_MARGIN, ("all coefficients at once", "simultaneous interval", ""), _SEEDS,
        ),
    ),
    "remedies": (
        (
            _STUDENT, ("remedy", "text", "remedy"), ("gap taken away", "number", "estimate"),
            _INTERVAL, ("accuracy (95 % interval)", "change", "accuracy_"),
        ),
        (
            _STUDENT, ("remedy", "text", "remedy"), ("of", "text", "without"), _VERDICT,
            ("gap taken away", "number", "estimate"), _INTERVAL,
            ("accuracy (95 % interval)", "change", "accuracy_"),
            _SEEDS,
        ),
    ),
    "changes": (
        (_STUDENT, ("on", "where", ""), _VERDICT, _ESTIMATE, _INTERVAL),
        (
            _STUDENT, _CORPUS, _AXIS, _ARMS, _SCALE, _ESTIMAND, _VERDICT, _ESTIMATE, _INTERVAL,
            _TEACHER, _SMALL, *_MARGIN, _PAIRS, _SEEDS,
        ),
    ),
    "reliability": (
        (_AXIS, _SCALE, _ESTIMAND, _ESTIMATE, _INTERVAL),
        (_AXIS, _SCALE, _ESTIMAND, _ESTIMATE, _INTERVAL, _PAIRS),
    ),
    "others": (
        (_SYSTEM, ("on", "where", ""), _VERDICT, _GAP, _INTERVAL),
        (
            _SYSTEM, _CORPUS, _AXIS, *_LOG_ODDS, ("standardised", "number", "standardised_gap"),
            ("p over words", "p", "p_word"), ("placebo", "size", "placebo_floor"),
            ("placebo over words", "size", "placebo_word_floor"), _PAIRS,
            ("read alike", "count", "n_identical"), _SEEDS,
        ),
    ),
    "bias": (
        (_SYSTEM, _AXIS, _VERDICT, _GAP, _INTERVAL),
        (
            _SYSTEM, _AXIS, ("p clustered", "p", "p_clustered"), ("p Holm", "p", "p_holm"),
            *_MARGIN, ("minimum detectable", "size", "minimum_detectable"), *_LOG_ODDS, _PAIRS,
            ("identical", "count", "n_identical"), ("unknown people", "count", "n_unknown_persons"),
            _SEEDS, ("p as if independent", "p", "p_value"), ("adjusted", "p", "p_adjusted"),
        ),
    ),
    "interactions": (
        (_SYSTEM, ("names", "text", "level"), _GAP, _INTERVAL, ("p clustered", "p", "p_clustered")),
        (),
    ),
    "accuracy": (
        (
            _SYSTEM, ("accuracy", "size", "accuracy"), ("95 % interval", "sizes", "accuracy_"),
            ("F1", "size", "f1"), ("reviews", "count", "n"),
        ),
        (
            _SYSTEM, ("accuracy", "size", "accuracy"), ("95 % interval", "sizes", "accuracy_"),
            ("precision", "size", "precision"), ("recall", "size", "recall"),
            ("log loss", "size", "log_loss"), ("Brier", "size", "brier"), ("AUC", "size", "auc"),
        ),
    ),
    "calibrations": (
        (
            ("calibration", "method", ""), ("accuracy", "size", "accuracy"),
            ("log loss", "size", "log_loss"), ("calibration error", "size", "ece"),
            ("if perfect", "size", "ece_floor"),
        ),
        (
            ("calibration", "method", ""), ("offset", "number", "offset"),
            ("temperature", "size", "temperature"), ("Brier", "size", "brier"),
        ),
    ),
}  # fmt: skip


def of_study(study: Study) -> dict[str, tuple[Columns, Columns]]:
    """``COLUMNS``; where seeds learnt from halves, with both intervals beside each other."""
    if study.resample == "none":
        return COLUMNS
    return {
        name: (_resampled(shown), _resampled(folded)) if name in _RESAMPLED else (shown, folded)
        for name, (shown, folded) in COLUMNS.items()
    }


def _resampled(columns: Columns) -> Columns:
    parts = (_BOTH_INTERVALS if column == _INTERVAL else (column,) for column in columns)
    return tuple(chain.from_iterable(parts))


def cell(row: Mapping[str, Any], kind: str, name: str) -> str:
    """What a column shows of a row."""
    if kind == "change":
        return f"{signed(row[f'{name}change'])} ({cell(row, 'interval', name)})"
    if kind == "interval":
        return f"{signed(row[f'{name}ci_low'])} to {signed(row[f'{name}ci_high'])}"
    if kind in _SECOND_INTERVALS:
        low, high = (row[end] for end in _SECOND_INTERVALS[kind])
        return "" if pd.isna(low) else f"{signed(low)} to {signed(high)}"
    if kind == "sizes":
        return f"{_size(row[f'{name}ci_low'])} to {_size(row[f'{name}ci_high'])}"
    if kind == "verdict":
        return _reasoned(row["verdict"], row["reason"])
    if kind == "arms":
        return f"{row['target']} - {row['reference']}"
    if kind == "where":
        return f"{row['corpus']}, {row['axis']}"
    if kind == "method":
        own = " (this study)" if row["chosen"] else ""
        return _reasoned(f"{row['method']}{own}", row["reason"])
    shown: dict[str, Callable[[Any], str]] = {"number": signed, "p": _p_value, "size": _size}
    shown |= {"count": _count, "text": str}
    return shown[kind](row[name])


def _reasoned(said: str, reason: str) -> str:
    return f"{said}: {reason}" if reason else said


def _p_value(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:.3f}" if value >= 0.001 else f"{value:.1e}"


def _size(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:.4f}"


def _count(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:.0f}"
