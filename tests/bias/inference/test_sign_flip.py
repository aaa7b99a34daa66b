"""Sign flips of whole templates, by hand."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.inference.sign_flip import sign_flip_p


def pairs(**templates: list[float]) -> pd.DataFrame:
    rows = [(name, value) for name, values in templates.items() for value in values]
    return pd.DataFrame(rows, columns=["template", "difference"])


def test_all_templates_on_one_side_give_the_smallest_p():
    assert sign_flip_p(pairs(a=[1.0], b=[2.0, 1.0], c=[0.5])) == pytest.approx(2 / 8)


def test_eleven_templates_reach_one_in_1024():
    assert sign_flip_p(pairs(**{name: [1.0] for name in "abcdefghijk"})) == pytest.approx(1 / 1024)


def test_by_hand_with_one_template_on_the_other_side():
    # Sums 3, 2, -1: observed 4; |sum| of the 8 patterns is 4, 6, 0, 2 twice each, so 4 of 8 are as
    # large.
    assert sign_flip_p(pairs(a=[3.0], b=[1.0, 1.0], c=[-1.0])) == pytest.approx(4 / 8)


def test_a_balanced_sum_gives_one():
    assert sign_flip_p(pairs(a=[1.0], b=[-1.0])) == 1


def test_pairs_of_a_template_flip_together():
    many = pairs(a=[0.1] * 50, b=[0.1] * 50)
    assert sign_flip_p(many) == pytest.approx(2 / 4)


def test_more_templates_than_can_be_tried_have_no_p():
    values = {f"template {i}": [1.0 + i] for i in range(17)}
    assert np.isnan(sign_flip_p(pairs(**values)))
    values.popitem()
    assert sign_flip_p(pairs(**values)) == pytest.approx(2 / 2**16)
