"""Numbers as the report writes them."""

import pytest

from bias_transfer.report.formats import percent, signed


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (0.01234, 4, "+0.0123"),
        (-0.5, 1, "-0.5"),
        (-0.0004, 3, "+0.000"),
        (-0.0006, 3, "-0.001"),
        (-0.0, 2, "+0.00"),
        (float("nan"), 3, "-"),
    ],
)
def test_a_number_that_rounds_to_0_has_no_minus(value, digits, said):
    assert signed(value, digits) == said


def test_shares_are_whole_percentages():
    assert [percent(value) for value in (0.434, -0.004, -0.03, 1)] == [
        "43 %",
        "0 %",
        "-3 %",
        "100 %",
    ]
