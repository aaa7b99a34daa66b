"""The positive label is found by its usual name, or by the one that is given."""

import pytest

from bias_transfer.io.errors import InputError
from bias_transfer.pretrained.labels import column_of_positive


@pytest.mark.parametrize(
    ("labels", "positive", "column"),
    [
        (["NEGATIVE", "POSITIVE"], None, 1),
        (["pos", "neg"], None, 0),
        (["LABEL_0", "LABEL_1"], None, 1),
        (["negative", "neutral", "positive"], None, 2),
        (["1 star", "5 stars"], "5 STARS", 1),
    ],
)
def test_positive_label(labels, positive, column):
    assert column_of_positive(labels, positive, "mine") == column


@pytest.mark.parametrize(
    ("labels", "positive"),
    [(["LABEL_0", "LABEL_1", "LABEL_2"], None), (["pos", "positive"], None), (["a", "b"], "c")],
)
def test_label_that_is_not_clear(labels, positive):
    with pytest.raises(InputError, match=r"'mine'.*--positive"):
        column_of_positive(labels, positive, "mine")
