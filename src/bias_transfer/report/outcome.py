"""What `audit` and `transfer` hand back: a table that prints, draws and explains itself."""

import base64
import html
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bias_transfer.bias.audit import (
    DIFFERENCE,
    NO_DIFFERENCE,
    NO_EVIDENCE,
    NOT_MEASURABLE,
    ONE_OF_SEVERAL,
)
from bias_transfer.bias.estimates import ONE_SEED
from bias_transfer.bias.inference.two_way import LEVEL
from bias_transfer.bias.transfer import CHANGE, CORRECTED, SHARE, SLOPE
from bias_transfer.io import tables
from bias_transfer.report import rendered
from bias_transfer.report.formats import signed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCREEN_DPI = 100
SMALLEST = 0.0005  # gap that is not printed as 0
LARGEST = 5  # pairs that a page shows, of each system and axis
_SIDES = {
    "gender": ("sentences about women", "sentences about men"),
    "race": ("African-American names", "European-American names"),
}
_SHOWN = (CHANGE, SHARE, SLOPE, CORRECTED)


@dataclass(frozen=True, repr=False)
class _Outcome:
    """``table`` has every column; ``notes`` say what to keep in mind about the scores."""

    table: pd.DataFrame
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """All rows and columns; what they mean is in ``docs/columns.md``."""
        return self.table.copy()

    @property
    def summary(self) -> pd.DataFrame:
        """A few columns for reading, as text."""
        raise NotImplementedError

    @property
    def sentence(self) -> str:
        """What was found, in plain words."""
        raise NotImplementedError

    def plot(self) -> "Figure":
        """A figure of ``matplotlib``."""
        raise NotImplementedError

    def to_html(self, path: str | PathLike[str] | None = None) -> str | None:
        """One page that opens anywhere: answer, table, figure. Written to ``path``, or given back.

        Raises
        ------
        InputError
            If ``path`` cannot be written.
        """
        page = rendered.page("outcome.html.j2", **self._parts())
        if path is None:
            return page
        tables.write_text(page, Path(path))
        return None

    def _parts(self) -> dict[str, object]:
        """What the page shows."""
        return {
            "kind": type(self).__name__,
            "sentence": self.sentence,
            "notes": self.notes,
            "table": self.summary.to_dict("split"),
            "image": _png(self.plot()),
            "dpi": SCREEN_DPI,
            "margin": None,
            "largest": [],
        }

    def __str__(self) -> str:
        notes = [f"Warning: {note}" for note in self.notes]
        return "\n".join([_lines(self.summary), "", self.sentence, *notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        lines = [self.sentence, *(f"Warning: {note}" for note in self.notes)]
        said = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
        return f"{self.summary.to_html(index=False, escape=True)}{said}"


@dataclass(frozen=True, repr=False)
class Audit(_Outcome):
    """Gaps of one or more systems: print it, draw it, or take its tables.

    ``pairs`` has every compared pair with its two texts, averaged over seeds.
    """

    pairs: pd.DataFrame = field(default_factory=pd.DataFrame)

    @cached_property
    def verdicts(self) -> dict[tuple[str, str], str]:
        """The verdict of each system and axis, by both; one of ``bias.audit``'s texts."""
        rows = self._primary
        return dict(
            zip(zip(rows["system"], rows["axis"], strict=True), rows["verdict"], strict=True)
        )

    @property
    def summary(self) -> pd.DataFrame:
        """``system, corpus, axis, gap, 95 % interval, verdict``, without single seeds."""
        rows = self._primary
        return pd.DataFrame(
            {
                "system": rows["system"],
                "corpus": rows["corpus"],
                "axis": rows["axis"],
                "gap": rows["mean_difference"].map(_signed),
                "95 % interval": _intervals(rows),
                "verdict": [_verdict(row, self._n_tests) for row in rows.to_dict("records")],
            }
        )

    @property
    def sentence(self) -> str:
        """How many gaps stand, and the largest of them."""
        rows = self._primary
        measured = rows[rows["verdict"] != NOT_MEASURABLE]
        hidden = len(rows) - self._n_tests
        left_out = f" {hidden} of {len(rows)} gaps cannot be measured: the table says why."
        left_out = left_out if hidden else ""
        if measured.empty:
            return left_out.strip()
        standing = measured[measured["verdict"] == DIFFERENCE]
        tests = f"{len(measured)} test{'s' * (len(measured) != 1)}"
        if len(standing):
            row = standing.loc[standing["mean_difference"].abs().idxmax()]
            others = f", the largest of {len(standing)}" * (len(standing) > 1)
            corrected = f" that stands among {tests}" * (len(measured) > 1)
            said = f"{_gap_in_words(row)}: a difference{corrected}{others}{_beside_margin(row)}"
            return f"{said}.{left_out}"
        margin = measured["margin"].iloc[0]
        if (measured["verdict"] == NO_DIFFERENCE).all():
            return f"Every gap is smaller than the margin of {margin:g} in {tests}.{left_out}"
        widest = measured["minimum_detectable"].max()
        missed = f"a gap below {widest:.3f} may have been missed"
        missed = "more pairs would tell" if widest < SMALLEST else missed
        return (
            f"No gap stands in {tests}. This is no evidence that there is none: {missed}.{left_out}"
        )

    @property
    def _n_tests(self) -> int:
        return int((self._primary["verdict"] != NOT_MEASURABLE).sum())

    def plot(self) -> "Figure":
        """The gap of each system with its 95 % interval: one panel per axis."""
        from bias_transfer.report.figures.audited import every_gap

        return _apart(every_gap(self._primary))

    @property
    def _primary(self) -> pd.DataFrame:
        rows = self.table[self.table["verdict"] != ONE_OF_SEVERAL]
        return rows.reset_index(drop=True)

    def _parts(self) -> dict[str, object]:
        by_size = self.pairs.iloc[(-self.pairs["difference"].abs()).argsort(kind="stable")]
        groups = by_size.groupby(["system", "axis"], sort=False)
        largest = [
            {"system": system, "axis": axis, "pairs": rows.head(LARGEST).to_dict("records")}
            for (system, axis), rows in sorted(groups, key=lambda item: self._place(*item[0]))
        ]
        return super()._parts() | {"margin": self.table["margin"].iloc[0], "largest": largest}

    def _place(self, system: str, axis: str) -> int:
        return list(self.verdicts).index((system, axis))


@dataclass(frozen=True, repr=False)
class Transfer(_Outcome):
    """What distilling did to a student's gaps."""

    @cached_property
    def verdicts(self) -> dict[tuple[str, str, str], str]:
        """The verdict by axis, scale and estimand; one of ``bias.transfer``'s texts."""
        rows = self.table
        keys = zip(rows["axis"], rows["scale"], rows["estimand"], strict=True)
        return dict(zip(keys, rows["verdict"], strict=True))

    @property
    def summary(self) -> pd.DataFrame:
        """The main estimates in log-odds: of the change, its share, and the pairwise slope."""
        rows = self._main
        return pd.DataFrame(
            {
                "system": rows["student"],
                "corpus": rows["corpus"],
                "axis": rows["axis"],
                "what": rows["estimand"],
                "estimate": rows["estimate"].map(_signed),
                "95 % interval": _intervals(rows),
                "verdict": [
                    f"{verdict}: {reason}" if reason else verdict
                    for verdict, reason in zip(rows["verdict"], rows["reason"], strict=True)
                ],
            }
        )

    @property
    def sentence(self) -> str:
        """What distilling did to each gap, in log-odds."""
        changes = self._main[self._main["estimand"] == CHANGE]
        return " ".join(_change_in_words(row) for _, row in changes.iterrows())

    def plot(self) -> "Figure":
        """The change in each gap, and how far it follows the teacher's pairs."""
        from bias_transfer.report import figures

        return _apart(figures.changes(self.table[self.table["target"].fillna("") != ""]))

    @property
    def _main(self) -> pd.DataFrame:
        of_student = self.table["estimand"].isin(_SHOWN) & (self.table["scale"] == "log-odds")
        return self.table[of_student].reset_index(drop=True)


def _gap_in_words(row: Mapping[str, object]) -> str:
    first, second = _sides(str(row["axis"]))
    gap = float(str(row["mean_difference"]))
    ends = _interval(row["ci_low"], row["ci_high"])
    direction = "higher" if gap > 0 else "lower"
    return (
        f"{row['system']}: {first} score {abs(gap):.3f} {direction} in P(positive) than {second} "
        f"({ends})"
    )


def _verdict(row: Mapping[Any, Any], n_tests: int) -> str:
    """A verdict, with what explains it beside its interval.

    Why it is none, what it was corrected for, or how a difference compares with the margin.
    """
    if row["reason"]:
        return f"{row['verdict']}: {row['reason']}"
    if row["verdict"] == NO_EVIDENCE and row["ci_low"] * row["ci_high"] > 0:
        return f"{NO_EVIDENCE}: p = {row['p_holm']:.2g} after correction for {n_tests} tests"
    if row["verdict"] != DIFFERENCE or _reaches(row):
        return str(row["verdict"])
    return f"{DIFFERENCE}, {'below' if _is_small(row) else 'may be below'} the margin"


def _beside_margin(row: Mapping[Any, Any]) -> str:
    """The caveat of a difference that is less than the margin, or none."""
    if _reaches(row):
        return ""
    may_be = "" if _is_small(row) else "may be "
    return f". It is clearly not 0, but {may_be}smaller than the margin of {row['margin']:g}"


def _reaches(row: Mapping[Any, Any]) -> bool:
    return abs(row["mean_difference"]) >= row["margin"]


def _is_small(row: Mapping[Any, Any]) -> bool:
    """Whether the data show that the gap is smaller than the margin, by two one-sided tests."""
    return row["p_equivalence"] <= 1 - LEVEL


def _change_in_words(row: Mapping[str, object]) -> str:
    what = f"{str(row['axis']).capitalize()}:"
    if row["verdict"] == NOT_MEASURABLE:
        why = f" ({row['reason']})" if row["reason"] else ""
        return f"{what} the change cannot be measured{why}."
    ends = _interval(row["ci_low"], row["ci_high"])
    said = f"{what} distilling moved the gap by {_signed(row['estimate'])} in log-odds ({ends})"
    if row["verdict"] == ONE_SEED:
        return f"{said}; one seed gives no verdict."
    return f"{said}: {row['verdict']}."


def _sides(axis: str) -> tuple[str, str]:
    if axis in _SIDES:
        return _SIDES[axis]
    first, _, second = axis.partition(" - ")
    return repr(first), repr(second)


def _signed(value: Any) -> str:
    return signed(float(value), 3)


def _intervals(rows: pd.DataFrame) -> list[str]:
    ends = zip(rows["ci_low"], rows["ci_high"], strict=True)
    return ["-" if pd.isna(low) else _interval(low, high) for low, high in ends]


def _interval(low: Any, high: Any) -> str:
    """Both ends, with more digits where one that is not 0 would be printed as 0 beside its sign."""
    nearest = min(abs(float(low)), abs(float(high)))
    digits = 3
    while float(low) * float(high) > 0 and digits < 6 and nearest < 0.5 * 10**-digits:
        digits += 1
    return f"{signed(float(low), digits)} to {signed(float(high), digits)}"


def _lines(table: pd.DataFrame) -> str:
    """A table of text in aligned columns, two blanks apart."""
    rows = [list(table.columns), *table.astype(str).to_numpy().tolist()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in padded)


def _apart(figure: "Figure") -> "Figure":
    """The figure, out of pyplot's list: a notebook would draw what stands there a second time."""
    from matplotlib import pyplot as plt

    plt.close(figure)
    return figure


def _png(figure: "Figure") -> str:
    stream = io.BytesIO()
    figure.savefig(stream, dpi=SCREEN_DPI, format="png", metadata={"Software": None})
    return base64.b64encode(stream.getvalue()).decode()
