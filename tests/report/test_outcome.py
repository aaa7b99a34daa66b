"""What `audit` and `transfer` hand back says what its table says, in words, lines and HTML."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from bias_transfer.bias.audit import (
    DIFFERENCE,
    NO_DIFFERENCE,
    NO_EVIDENCE,
    NOT_MEASURABLE,
    ONE_OF_SEVERAL,
)
from bias_transfer.bias.estimates import NO_CHANGE, ONE_SEED
from bias_transfer.bias.transfer import CHANGE, SLOPE, WITH_TEACHER
from bias_transfer.report.outcome import Audit, Transfer


def gap(system, axis, value, verdict, **more):
    return {
        "system": system,
        "axis": axis,
        "mean_difference": value,
        "ci_low": value - 0.01,
        "ci_high": value + 0.01,
        "verdict": verdict,
        "margin": 0.02,
        "p_equivalence": 0.001 if abs(value) < 0.015 else 0.3,
        "minimum_detectable": 0.034,
        "corpus": "eec",
        "reason": "",
    } | more


def audited(*rows, notes=()):
    pairs = pd.DataFrame(
        [
            (row["system"], row["axis"], f"she <{n}>", f"he <{n}>", 0.5, 0.5 - n / 10, n / 10)
            for row in rows
            for n in (1, -3, 2, 4, 5, -6)
        ],
        columns="system axis first_text second_text first second difference".split(),
    )
    return Audit(pd.DataFrame(rows), notes, pairs)


def test_a_gap_that_stands_is_told_with_its_size_side_and_interval():
    found = audited(gap("a", "gender", -0.05, DIFFERENCE), gap("a", "race", 0.004, NO_EVIDENCE))
    assert found.sentence == (
        "a: sentences about women score 0.050 lower in P(positive) than sentences about men "
        "(-0.060 to -0.040): a difference that stands among 2 tests."
    )


def test_the_largest_of_several_gaps_is_told():
    rows = [gap(name, "race", value, DIFFERENCE) for name, value in (("a", 0.03), ("b", -0.2))]
    found = audited(*rows, gap("c", "race", np.nan, NOT_MEASURABLE))
    assert found.sentence.startswith("b: African-American names score 0.200 lower")
    assert found.sentence.endswith(
        "stands among 2 tests, the largest of 2. 1 of 3 gaps cannot be measured: the table says "
        "why."
    )


@pytest.mark.parametrize(
    ("value", "said", "shown"),
    [
        (-0.012, "It is clearly not 0, but smaller than the margin of 0.02.", "difference, below"),
        (
            0.019,
            "It is clearly not 0, but may be smaller than the margin",
            "difference, may be below",
        ),
    ],
)
def test_a_difference_below_the_margin_says_so_behind_its_size(value, said, shown):
    found = audited(gap("a", "gender", value, DIFFERENCE), gap("a", "race", 0, NO_EVIDENCE))
    assert f"stands among 2 tests. {said}" in found.sentence
    assert found.summary["verdict"].tolist() == [f"{shown} the margin", NO_EVIDENCE]
    assert found.verdicts["a", "gender"] == DIFFERENCE


def test_no_gap_is_told_as_what_it_is():
    small = audited(*(gap("a", axis, 0.001, NO_DIFFERENCE) for axis in ("gender", "race")))
    assert small.sentence == "Every gap is smaller than the margin of 0.02 in 2 tests."
    unclear = audited(gap("a", "gender", 0.001, NO_DIFFERENCE), gap("a", "race", 0, NO_EVIDENCE))
    assert "no evidence that there is none: a gap below 0.034 may" in unclear.sentence
    hidden = audited(gap("a", "race", 0, NOT_MEASURABLE))
    assert hidden.sentence == "1 of 1 gaps cannot be measured: the table says why."


def test_an_interval_that_leaves_0_out_beside_no_evidence_says_what_it_was_corrected_for():
    rows = [gap("a", "gender", 0.02, NO_EVIDENCE, p_holm=0.0612), gap("a", "race", 0, NO_EVIDENCE)]
    assert audited(*rows).summary["verdict"].tolist() == [
        f"{NO_EVIDENCE}: p = 0.061 after correction for 2 tests",
        NO_EVIDENCE,
    ]


@pytest.mark.parametrize(
    ("ends", "shown"),
    [
        ((-0.0121, -0.000245), "-0.0121 to -0.0002"),
        ((0.00003, 0.01), "+0.00003 to +0.01000"),
        ((-0.0121, 0.000245), "-0.012 to +0.000"),
        ((0.0006, 0.5), "+0.001 to +0.500"),
    ],
)
def test_an_end_that_is_not_0_is_not_printed_as_0_where_it_decides(ends, shown):
    row = gap("a", "gender", 0.01, DIFFERENCE, ci_low=ends[0], ci_high=ends[1])
    assert audited(row).summary["95 % interval"].tolist() == [shown]


def test_the_table_in_lines_has_no_single_seeds():
    found = audited(
        gap("a", "gender", -0.0001, NO_DIFFERENCE), gap("a/seed-0", "gender", 0.7, ONE_OF_SEVERAL),
        notes=("look twice",),
    )  # fmt: skip
    head, row, blank, sentence, note = str(found).splitlines()
    assert head.split("  ")[0] == "system"
    assert re.split(r"  +", row) == [
        "a",
        "eec",
        "gender",
        "+0.000",
        "-0.010 to +0.010",
        NO_DIFFERENCE,
    ]
    assert (blank, sentence, note) == ("", found.sentence, "Warning: look twice")
    assert repr(found) == str(found)
    assert found.verdicts == {("a", "gender"): NO_DIFFERENCE}
    assert len(found.to_frame()) == 2


def test_the_table_says_why_a_gap_cannot_be_measured():
    found = audited(gap("a", "race", 0, NOT_MEASURABLE, reason="one word for all"))
    assert str(found).splitlines()[1].endswith("  not measurable: one word for all")
    assert found.verdicts == {("a", "race"): NOT_MEASURABLE}


def test_the_page_holds_the_answer_the_picture_and_the_largest_pairs(tmp_path):
    found = audited(gap("<b>", "x - y", 0.1, DIFFERENCE))
    page = found.to_html()
    assert found.to_html(tmp_path / "new" / "page.html") is None  # a notebook would print it
    assert (tmp_path / "new" / "page.html").read_text(encoding="utf-8") == page
    assert "&lt;b&gt;: &#39;x&#39; score 0.100 higher in P(positive) than &#39;y&#39;" in page
    assert "<b>" not in page
    assert "data:image/png;base64,iVBOR" in page
    assert re.findall(r"<td>she &lt;(-?\d)&gt;</td>", page) == ["-6", "5", "4", "-3", "2"]
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "The margin is 0.02 in P(positive), shaded in the figure." in page


def shaded(ax):
    """Where the one band of a panel starts and ends."""
    (band,) = ax.patches
    return band.get_x(), band.get_x() + band.get_width()


def test_the_figure_has_a_panel_per_axis():
    rows = [gap(name, axis, 0.1, DIFFERENCE) for name in "ab" for axis in ("gender", "race")]
    figure = audited(*rows).plot()
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert len(titles) == 2
    assert "women" in titles[0]
    assert "African-American" in titles[1]
    assert [shaded(ax) for ax in figure.axes] == [(-0.02, 0.02)] * 2
    assert figure.get_supxlabel().endswith("shaded: smaller than the margin of 0.02")
    assert not plt.get_fignums()  # a notebook would draw it twice


def test_a_title_beside_long_names_has_two_lines():
    for name, lines in (("a", 1), ("a-very-long-name-of-a-system", 2)):
        (ax,) = audited(gap(name, "race", 0.1, DIFFERENCE)).plot().axes
        assert ax.get_title(loc="left").count("\n") == lines - 1


def change(axis, estimand, value, verdict, scale="log-odds"):
    return {
        "student": "bow",
        "axis": axis,
        "scale": scale,
        "estimand": estimand,
        "estimate": value,
        "ci_low": value - 0.1,
        "ci_high": value + 0.1,
        "verdict": verdict,
        "target": "distilled",
        "reference": "baseline",
        "corpus": "eec",
        "reason": "",
    }


def test_a_transfer_tells_what_became_of_each_gap():
    rows = [
        change(axis, estimand, value, verdict)
        for axis, value, verdict in (("gender", 0.3, WITH_TEACHER), ("race", 0.0, NO_CHANGE))
        for estimand in (CHANGE, SLOPE)
    ]
    found = Transfer(pd.DataFrame([*rows, change("gender", CHANGE, 0.1, "", "probability")]))
    assert found.sentence == (
        "Gender: distilling moved the gap by +0.300 in log-odds (+0.200 to +0.400): changed, with "
        "the sign of the teacher's gap. Race: distilling moved the gap by +0.000 in log-odds "
        "(-0.100 to +0.100): no change beyond the margin."
    )
    assert found.summary["what"].tolist() == [CHANGE, SLOPE] * 2
    assert found.verdicts["race", "log-odds", CHANGE] == NO_CHANGE
    page = found.to_html()
    assert "<h1>Transfer</h1>" in page
    assert "The margin is" not in page


@pytest.mark.parametrize(
    ("verdict", "words"),
    [(ONE_SEED, "one seed gives no verdict"), (NOT_MEASURABLE, "the change cannot be measured")],
)
def test_a_transfer_without_a_verdict_says_so(verdict, words):
    assert words in Transfer(pd.DataFrame([change("race", CHANGE, 0.1, verdict)])).sentence


def test_a_transfer_says_why_a_change_cannot_be_measured():
    row = change("race", CHANGE, np.nan, NOT_MEASURABLE) | {"reason": "one word for all"}
    found = Transfer(pd.DataFrame([row]))
    assert found.sentence == "Race: the change cannot be measured (one word for all)."
    assert found.summary["verdict"].tolist() == ["not measurable: one word for all"]


def test_a_notebook_shows_what_is_printed_with_names_as_text():
    found = audited(gap("<b>", "gender", 0.1, DIFFERENCE), notes=("<b> looks like labels",))
    shown = found._repr_html_()
    assert "<b>" not in shown
    assert "&lt;b&gt;: sentences about women score 0.100 higher" in shown
    assert "Warning: &lt;b&gt; looks like labels" in shown
