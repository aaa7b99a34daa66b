"""Differences without their tables are those of the contrast."""

import numpy as np
import pytest

from bias_transfer.bias.linear import Differences
from bias_transfer.bias.pairs import AXES, contrast
from bias_transfer.corpora import eec


@pytest.mark.parametrize("axis", AXES)
def test_differences_are_those_of_the_contrast(axis):
    corpus = eec.generate().sample(frac=1, random_state=1)
    scores = np.random.default_rng(0).random(len(corpus))
    expected = contrast(corpus.assign(score=scores), axis).pairs["difference"]
    np.testing.assert_allclose(Differences(corpus, axis)(scores), expected, atol=1e-12)


def test_another_axis_is_a_fault():
    with pytest.raises(ValueError, match="unknown axis 'age'"):
        Differences(eec.generate(), "age")
