"""What a figure says of its own data."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from bias_transfer.bias.audit import DIFFERENCE, NO_EVIDENCE, NOT_MEASURABLE
from bias_transfer.bias.estimates import ONE_SEED
from bias_transfer.report import figures
from bias_transfer.report.figures import style

SYSTEMS = ["teacher-t", "bow-baseline/seed-0", "bow-baseline/seed-1", "cnn-baseline/seed-0"]
CELLS = {"true_negative": [4, 6, 8, 3], "false_positive": [6, 4, 2, 7]}
CELLS |= {"false_negative": [1, 2, 3, 4], "true_positive": [9, 8, 7, 6]}


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


@pytest.fixture
def quality() -> pd.DataFrame:
    """A teacher, a student of two seeds and one of one."""
    return pd.DataFrame({"system": SYSTEMS, "n": 20, "accuracy": [0.65, 0.7, 0.8, 0.45]} | CELLS)


@pytest.mark.parametrize("students", [25_000, 5_000])
def test_accuracy_says_on_how_many_reviews_each_system_was_tested(quality, students):
    """The teacher's may be a sample of the students'."""
    axes = figures.accuracy(quality.assign(n=[5_000] + [students] * 3)).axes[0]
    numbers = re.findall(r"\d[\d,]*\d", axes.get_xlabel())
    assert sorted(numbers) == sorted({"5,000", f"{students:,}"} | {"95"})


def test_accuracy_of_several_seeds_is_their_mean_with_a_dot_for_each(quality):
    axes = figures.accuracy(quality).axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == [
        "teacher-t",
        "bow-baseline",
        "cnn-baseline",
    ]
    assert [text.get_text() for text in axes.texts] == ["0.650", "0.750", "0.450"]
    (dots,) = (line for line in axes.lines if line.get_marker() == ".")
    assert dots.get_xdata().tolist() == [0.7, 0.8]
    assert "single seeds" in axes.get_xlabel()
    assert "seeds" not in figures.accuracy(quality.drop(index=2)).axes[0].get_xlabel()


@pytest.mark.parametrize("precision", [0.5, None], ids=["measured", "nothing predicted positive"])
def test_confusion_of_several_seeds_is_the_mean_of_theirs(quality, precision):
    axes = figures.confusion(quality.assign(precision=precision)).axes
    shown = {ax.get_title(): [text.get_text() for text in ax.texts] for ax in axes if ax.texts}
    assert shown == {
        "teacher-t": ["4", "6", "1", "9"],
        "bow-baseline": ["7", "3", "2", "8"],
        "cnn-baseline": ["3", "7", "4", "6"],
    }


def test_training_names_each_arm_once():
    curve = pd.DataFrame({"epoch": [1, 2], "validation_log_loss": [0.6, 0.5]})
    systems = [f"bow-{arm}/seed-{seed}" for arm in ("baseline", "distilled") for seed in (0, 1)]
    figure = figures.training(pd.concat([curve.assign(system=system) for system in systems]))
    (axes,) = figure.axes
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["baseline", "distilled"]
    assert sum(len(line.get_xdata()) == 2 for line in axes.lines) == len(systems)


def test_a_gap_is_drawn_by_epoch_of_students_with_more_than_one():
    epochs = pd.DataFrame({"epoch": [1, 2, 3], "validation_log_loss": [0.6, 0.4, 0.5]})
    epochs["epoch_gender_gap"] = [0.0, 0.2, 0.3]
    curves = [
        ("bow-baseline/seed-0", 3),
        ("bow-distilled/seed-0", 2),
        ("minilm-distilled/seed-0", 1),
    ]
    history = pd.concat([epochs.head(n).assign(system=system) for system, n in curves])
    (axes,) = figures.gap_by_epoch(history).axes
    assert axes.get_title(loc="left") == "bow"
    lines = [line for line in axes.lines if line.get_marker() == "."]
    assert [list(line.get_ydata()) for line in lines] == [[0.0, 0.2, 0.3], [0.0, 0.2]]
    picked = [line for line in axes.lines if len(line.get_xdata()) == 1]
    assert [line.get_xydata().tolist() for line in picked] == [[[2, 0.2]]] * 2


@pytest.fixture
def pairs() -> pd.DataFrame:
    """Differences of a teacher and of both arms of a student, in one emotion."""
    random = np.random.default_rng(0)
    names = ["teacher-t", "bow-baseline/seed-0", "bow-distilled"]
    rows = pd.DataFrame(
        {
            "system": [name for name in names for _ in range(50)],
            "axis": "gender",
            "emotion": "joy",
            "log_odds_difference": random.normal(0, 1, 150),
        }
    )
    return rows.assign(difference=rows["log_odds_difference"] / 10)


def test_shapes_and_lines_that_are_sums_over_pairs_are_rounded(pairs):
    """Else another processor would draw them in other places by the last digit."""
    violins = figures.distributions(pairs).axes[0].collections
    assert len(violins) == 3
    drawn = [path.vertices for shape in violins for path in shape.get_paths()]
    lines = figures.transfer(pairs, "teacher-t", ["bow"]).axes[0].lines
    ends = [line.get_xydata() for line in lines if line.get_label().startswith(("base", "dist"))]
    assert len(ends) == 2
    slopes = [(y[1] - y[0]) / (x[1] - x[0]) for x, y in (end.T for end in ends)]
    np.testing.assert_allclose(slopes, np.round(slopes, 9), rtol=0, atol=1e-14)
    for vertices in drawn:
        np.testing.assert_array_equal(vertices, vertices.round(9))


def test_students_are_told_from_those_whose_names_begin_as_theirs(pairs):
    """``bow`` is not ``bow-large``, and a seed in the name is none of the target."""
    other = pairs[pairs["system"] == "bow-distilled"].assign(system="bow-large-distilled")
    panels = figures.transfer(pd.concat([pairs, other]), "teacher-t", ["bow", "bow-large"]).axes
    legends = [[text.get_text() for text in ax.get_legend().get_texts()] for ax in panels]
    assert [[text.split(",")[0] for text in legend] for legend in legends] == [
        ["baseline", "distilled"],
        ["distilled"],
    ]


def test_figure_is_saved_as_large_as_asked_for(tmp_path):
    sizes = []
    for dpi in (40, 80):
        figures.save(plt.figure(figsize=(2, 1)), tmp_path / "figure.png", dpi=dpi)
        sizes.append(plt.imread(tmp_path / "figure.png").shape[:2])
    assert sizes == [(40, 80), (80, 160)]
    assert not plt.get_fignums()


@pytest.mark.parametrize("n", [0, 2])
def test_swaps_show_each_system_beside_its_placebo(n):
    columns = ["mean_difference", "ci_low", "ci_high", "placebo_word_floor"]
    rows = pd.DataFrame([[0.01, -0.01, 0.03, 0.02], [-0.2, -0.3, -0.1, 0.05]], columns=columns)
    rows = rows.assign(system=SYSTEMS[:2], corpus="swaps", verdict=["", NOT_MEASURABLE])[:n]
    names = ["teacher-t", "bow-baseline"][:n]
    other = rows.assign(corpus="film", mean_difference=9.0)
    axes = figures.swaps(pd.concat([rows, other])).axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == names
    assert [text.get_text() for text in axes.texts] == ["+0.010", NOT_MEASURABLE][:n]
    assert [(bar.get_x(), bar.get_width()) for bar in axes.patches] == [
        (-0.02, 0.04),
        (-0.05, 0.1),
    ][:n]


@pytest.mark.parametrize(
    ("verdict", "face", "opacity"),
    [
        (DIFFERENCE, "C0", 1),
        ("stands after correction for 4 tests", "C0", 1),
        (NO_EVIDENCE, style.HOLLOW, 1),
        ("does not stand after correction for 4 tests", style.HOLLOW, 1),
        (ONE_SEED, style.HOLLOW, 1),
        (NOT_MEASURABLE, style.HOLLOW, style.PALE),
    ],
)
def test_a_marker_is_solid_where_the_verdict_stands(verdict, face, opacity):
    row = {"verdict": verdict, "estimate": 0.1, "ci_low": 0.0, "ci_high": 0.2}
    ax = plt.subplots()[1]
    style.interval(ax, row, 0, "estimate", ("C0", "o"))
    line, marker = ax.lines
    assert marker.get_markerfacecolor() == face
    assert {line.get_alpha(), marker.get_alpha()} == {opacity}


def test_a_thin_line_is_the_interval_over_other_training_sets():
    row = {"verdict": "", "estimate": 0.1, "ci_low": 0.0, "ci_high": 0.2}
    row |= {"ci_low_training_sets": -0.1, "ci_high_training_sets": 0.3}
    ax = plt.subplots()[1]
    style.interval(ax, row, 2, "estimate", ("C0", "o"))
    both = {tuple(line.get_xdata()): line.get_linewidth() for line in ax.lines[:2]}
    assert both[-0.1, 0.3] < both[0.0, 0.2]
    style.interval(ax, row | {"ci_low_training_sets": np.nan}, 3, "estimate", ("C0", "o"))
    assert len(ax.lines) == 5


def test_answer_shows_each_test_its_verdict_and_the_teachers_gap():
    shared = {
        "margin": 0.02, "scale": "log-odds", "target": "distilled", "reference": "permuted",
        "ci_low": -0.01, "ci_high": 0.06, "teacher_gap": 0.08,
    }  # fmt: skip
    verdicts = ["stands after correction for 2 tests", NOT_MEASURABLE]
    rows = [
        shared | {"contrast": contrast, "estimand": estimand, "student": student,
                  "estimate": estimate, "p_share": p_share, "verdict": verdict}
        for contrast, estimand, p_share in (
            ("gap", "change in gap", 0.2), ("slope", "partial slope", np.nan)
        )
        for student, estimate, verdict in (
            ("bow", -0.0001, verdicts[0]), ("cnn", np.nan, verdicts[1])
        )
    ]  # fmt: skip
    gap, slope = figures.answer(pd.DataFrame(rows)).axes
    labels = [tick.get_text() for tick in gap.get_yticklabels()]
    assert labels == ["bow\nstands\nafter correction for 2 tests", "cnn\nnot measurable"]
    assert [text.get_text() for text in gap.texts] == ["teacher's gap", "+0.000"]
    assert [text.get_text() for text in slope.texts] == ["+0.000"]
    assert gap.get_xlabel().startswith("change in gap (log-odds)")
