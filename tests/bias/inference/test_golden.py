"""Standard errors, degrees of freedom and p-values beside those of R's clubSandwich.

``golden/clubsandwich.R`` made the numbers and says how.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.inference import slope
from bias_transfer.bias.inference.two_way import Inference, by_word, infer, one_way, over_pairs
from bias_transfer.bias.pairs import Contrast, of_pairs

GOLDEN = Path(__file__).with_name("golden")
NUMBERS = pd.read_csv(GOLDEN / "clubsandwich.csv").set_index(["model", "coefficient", "by"])
EXACT = {"rel": 1e-8}


@pytest.fixture(scope="module")
def pairs() -> Contrast:
    return of_pairs(pd.read_csv(GOLDEN / "pairs.csv"))


def numbers(found: Inference) -> list[float]:
    return [found.mean, found.se, found.df, found.p_value]


@pytest.mark.parametrize("by", ["template", "unit", "emotion_word", "both"])
def test_a_mean_clustered_one_way(pairs, by):
    clusters = pairs.pairs["template"] + pairs.pairs["unit"] if by == "both" else pairs.pairs[by]
    expected = pytest.approx(NUMBERS.loc["mean", "intercept", by].tolist(), **EXACT)
    assert numbers(over_pairs(pairs, clusters)) == expected
    if by in ("template", "unit"):
        assert numbers(one_way(pairs, by)) == expected
    if by == "emotion_word":
        assert numbers(by_word(pairs)) == expected


@pytest.mark.parametrize("coefficient", ["intercept", "slope"])
@pytest.mark.parametrize("by", ["template", "unit", "emotion_word", "both"])
def test_a_line_clustered_one_way(pairs, by, coefficient):
    table = pairs.pairs
    clusters = table["template"] + table["unit"] if by == "both" else table[by]
    design = np.column_stack([np.ones(len(table)), table["teacher"]])
    beta, *_ = np.linalg.lstsq(design, table["difference"], rcond=None)
    at = ["intercept", "slope"].index(coefficient)
    residual = table["difference"].to_numpy() - design @ beta
    codes = pd.factorize(clusters)[0]
    variance, df = slope.cr2(design, residual, codes, np.eye(2)[at])
    expected = NUMBERS.loc["line", coefficient, by].tolist()
    found = Inference(beta[at], np.sqrt(variance), df)
    assert numbers(found) == pytest.approx(expected, **EXACT)


def test_two_ways_are_the_sum_of_three_of_them(pairs):
    template, unit, both, word = (
        NUMBERS.loc["mean", "intercept", by] for by in ("template", "unit", "both", "emotion_word")
    )
    squares = template["se"] ** 2, unit["se"] ** 2
    df = sum(squares) / (squares[0] / template["df"] + squares[1] / unit["df"])
    se = np.sqrt(max(template["se"] ** 2 + unit["se"] ** 2 - both["se"] ** 2, unit["se"] ** 2))
    assert se > word["se"]
    assert (infer(pairs).se, infer(pairs).df) == pytest.approx((se, df), **EXACT)
