"""What is said of students of several teachers, in every state that the data can be in."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from bias_transfer.bias.audit import ONE_OF_SEVERAL
from bias_transfer.bias.inference.rows import LinearEstimate
from bias_transfer.bias.several_teachers import Slopes
from bias_transfer.bias.transfer import CHANGE
from bias_transfer.report import figures
from bias_transfer.report.several_teachers import (
    LESS,
    MORE,
    NOT_SEEN,
    UNMEASURED,
    Compared,
    Followed,
    Interval,
    compare,
    sentence,
)

NOTHING = Interval(np.nan, np.nan, np.nan)


def of(student: str, contrast: Interval) -> Compared:
    return Compared(student, [], {}, {}, contrast, contrast, contrast)


@pytest.mark.parametrize(
    ("contrast", "said"),
    [
        (Interval(0.1, 0.05, 0.15), f"bow {MORE}: +0.100 (+0.050 to +0.150)"),
        (Interval(-0.1, -0.15, -0.05), f"bow {LESS}: -0.100 (-0.150 to -0.050)"),
        (Interval(0.01, -0.03, 0.05), f"bow {NOT_SEEN}: +0.010 (-0.030 to +0.050)"),
        (Interval(0.0, np.nan, np.nan), f"bow {UNMEASURED}"),
        (NOTHING, f"bow {UNMEASURED}"),
    ],
)
def test_a_contrast_in_words(contrast, said):
    assert of("bow", contrast).followed == said


def test_what_could_not_be_measured_is_a_dash():
    assert str(NOTHING) == "-"
    assert str(Interval(-0.0001, -0.02, 0.03)) == "+0.000 (-0.020 to +0.030)"


def slopes(**values: float) -> Slopes:
    """A slope for each of own and measured by, each with an error of its own and two seeds."""
    return Slopes(
        {
            tuple(name.split("_")): [LinearEstimate(value, np.eye(4)[row] / 100, 30.0)] * 2
            for row, (name, value) in enumerate(values.items())
        }
    )


def gaps(teacher: float, student: float) -> pd.DataFrame:
    """Rows of ``bias.csv``; those of single seeds and other corpora are not to be taken."""
    rows = [
        ("teacher-a", "swaps", "", teacher),
        ("teacher-a", "eec", "", 9.0),
        ("bow-distilled", "swaps", "", student),
        ("bow-distilled/seed-0", "swaps", ONE_OF_SEVERAL, 9.0),
        ("bow-permuted", "swaps", "", 9.0),
    ]
    table = pd.DataFrame(rows, columns=["system", "corpus", "verdict", "log_odds_difference"])
    middle = table["log_odds_difference"]
    return table.assign(log_odds_ci_low=middle - 0.1, log_odds_ci_high=middle + 0.1)


def changes(value: float) -> pd.DataFrame:
    """Rows of ``transfer.csv``."""
    kept = ("bow", "distilled", "swap-averaged", "log-odds", CHANGE, "swaps", value)
    other = [
        ("cnn", *kept[1:6], 9.0),
        (*kept[:2], "permuted", *kept[3:6], 9.0),
        (*kept[:3], "probability", *kept[4:6], 9.0),
        (*kept[:5], "film", 9.0),
    ]
    names = ["student", "target", "reference", "scale", "estimand", "corpus", "estimate"]
    table = pd.DataFrame([kept, *other], columns=names)
    ends = {"ci_low": table["estimate"] - 0.1, "ci_high": table["estimate"] + 0.1}
    return table.assign(**ends, verdict=table["estimate"].map("a change of {}".format))


def test_rows_take_their_numbers_from_each_teachers_study():
    alone = slopes(a_a=0.5, a_b=0.1, b_a=0.2, b_b=0.4)
    jointly = slopes(a_a=0.9, a_b=0.0, b_a=0.0, b_b=0.9)
    second = gaps(0.3, 0.02).replace("teacher-a", "teacher-b")
    tables = {"a": (gaps(-0.1, 0.01), changes(-0.04)), "b": (second, changes(0.05))}
    control = slopes(a_a=0.1, a_b=0.0, b_a=0.0, b_b=0.1)
    found = compare("bow", tables, Followed(alone, jointly, control), "swap-averaged")
    first, other = found.rows
    assert found.teachers == ["a", "b"]
    assert first.teachers_gap == pytest.approx((-0.1, -0.2, 0.0))
    assert first.students_gap == pytest.approx((0.01, -0.09, 0.11))
    assert first.change == pytest.approx((-0.04, -0.14, 0.06))
    assert first.verdict == "a change of -0.04"
    assert (first.own.value, first.others.value) == (0.5, 0.1)
    assert (other.teachers_gap.value, other.students_gap.value) == (0.3, 0.02)
    assert (other.own.value, other.others.value) == (0.4, 0.2)
    assert found.cells["b", "a"].value == 0.2
    assert found.strangers["a"].value == pytest.approx(0.5 - 0.2)
    assert found.strangers["b"].value == pytest.approx(0.4 - 0.1)
    assert found.own_minus_others.value == pytest.approx(0.45 - 0.15)
    assert found.jointly.value == pytest.approx(0.9)
    assert found.control.value == pytest.approx(0.1)
    assert sentence([found]) == (
        "In log-odds, to the gap of bow the teacher's opinion adds -0.040 where its own gap is "
        "-0.100 (a), +0.050 where its own gap is +0.300 (b); pair by pair, bow follows its own "
        f"teacher more than the others: {found.own_minus_others}."
    )


def test_the_figure_has_a_line_per_student_and_teacher():
    alone = slopes(a_a=0.5, a_b=0.1, b_a=0.2, b_b=0.4)
    second = gaps(0.3, 0.02).replace("teacher-a", "teacher-b")
    tables = {"a": (gaps(-0.1, 0.01), changes(-0.04)), "b": (second, changes(0.05))}
    found = compare("bow", tables, Followed(alone, alone, alone), "swap-averaged")
    figure = figures.several_teachers([found])
    left, right = figure.axes
    assert [tick.get_text() for tick in left.get_yticklabels()] == ["bow of\na", "bow of\nb"]
    marks = [
        [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() not in ("None", "")]
        for ax in (left, right)
    ]
    assert marks == [[-0.1, -0.04, 0.3, 0.05], [0.5, 0.1, 0.4, 0.2]]
    assert all(len(ax.get_legend_handles_labels()[0]) == 2 for ax in (left, right))
    plt.close(figure)
