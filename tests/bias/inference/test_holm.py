"""Holm's correction, by hand and against statsmodels."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from bias_transfer.bias.inference.holm import holm


def test_holm_by_hand():
    adjusted = holm(pd.Series([0.01, 0.04, 0.03]))
    assert adjusted.tolist() == pytest.approx([0.03, 0.06, 0.06])


def test_holm_is_that_of_statsmodels():
    p_values = pd.Series(np.random.default_rng(0).random(30) ** 4).round(2)  # with ties
    expected = multipletests(p_values, method="holm")[1]
    np.testing.assert_array_equal(holm(p_values), expected)


def test_holm_is_capped_at_one_and_steps_up_only():
    adjusted = holm(pd.Series([0.4, 0.9, 0.001, 0.5]))
    # 0.001 x 4; 0.4 x 3 = 1.2, capped, and all that come after are no smaller.
    assert adjusted.tolist() == pytest.approx([1, 1, 0.004, 1])


def test_holm_leaves_missing_values_out_and_does_not_count_them():
    adjusted = holm(pd.Series([0.01, np.nan, 0.02], index=["a", "b", "c"]))
    assert adjusted[["a", "c"]].tolist() == pytest.approx([0.02, 0.02])
    assert np.isnan(adjusted["b"])
    assert holm(pd.Series([np.nan, np.nan])).isna().all()
