"""Coverage of the EEC's slopes on a teacher's own differences."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.inference.two_way import Inference
from bias_transfer.bias.pairs import AXES, NAMES_PAIR, contrast
from bias_transfer.bias.validation import slopes
from bias_transfer.corpora import eec

CORPUS = eec.generate()
TEACHER = CORPUS.assign(score=np.random.default_rng(0).standard_normal(len(CORPUS)))


def spread(axis, by, template_sd, unit_sd):
    """Root mean square over draws of the spread of pairs' differences, or of their means ``by``."""
    found = []
    for seed in range(8):
        random = np.random.default_rng(seed)
        noise = slopes._noise(CORPUS, axis, template_sd, unit_sd, random)
        pairs = contrast(CORPUS.assign(score=noise), axis).pairs
        if axis == "gender":  # the names' pair is a mean of twenty
            pairs = pairs[pairs["unit"] != NAMES_PAIR]
        found.append((pairs.groupby(by)["difference"].mean() if by else pairs["difference"]).var())
    return np.sqrt(np.mean(found))


@pytest.mark.parametrize("axis", AXES)
def test_noise_has_the_spread_that_is_asked_for(axis):
    assert spread(axis, None, 0, 0) == pytest.approx(1, rel=0.1)
    assert spread(axis, "template", 9, 0) == pytest.approx(9, rel=0.25)


def test_units_have_gaps_of_their_own_and_names_levels_that_cancel():
    assert spread("gender", "unit", 0, 9) == pytest.approx(9, rel=0.25)
    assert spread("race", None, 0, 9) == pytest.approx(1, rel=0.1)


@pytest.fixture
def one_noise(monkeypatch):
    """One cell for each axis, for a test's time."""
    monkeypatch.setattr(slopes, "EFFECTS", ((1.0, 0.0),))


def test_each_axis_has_a_row_for_each_noise_and_is_the_same_each_time(one_noise):
    table = slopes.slopes(TEACHER, 2)
    assert table["axis"].tolist() == ["gender", "race"]
    assert table["coverage"].between(0, 1).all()
    assert (table["df"] > 1).all()
    pd.testing.assert_frame_equal(table, slopes.slopes(TEACHER, 2))


@pytest.mark.parametrize(("off", "held"), [(0.1, 1), (1.0, 0)])
def test_coverage_is_the_share_of_intervals_with_the_true_slope(monkeypatch, one_noise, off, held):
    found = Inference(slopes.TRUTH + off, 0.2, 9)
    monkeypatch.setattr(slopes.slope, "infer_coefficient", lambda *_: found)
    assert set(slopes.slopes(TEACHER, 2)["coverage"]) == {held}
