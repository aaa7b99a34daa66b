"""Intervals that hold all at once."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bias_transfer.bias.inference.simultaneous import HIGH, LOW, all_at_once


def table(**columns) -> pd.DataFrame:
    return pd.DataFrame({"scale": "log-odds", "estimate": 0.0, "se": 1.0, "df": 1e9} | columns)


def test_the_level_is_shared_among_the_rows_of_a_family():
    found = all_at_once(table(scale=["p", "p", "log-odds"]), ["scale"])

    assert found[HIGH].tolist() == pytest.approx([2.2414, 2.2414, 1.95996], abs=1e-4)
    assert found[LOW].tolist() == pytest.approx([-2.2414, -2.2414, -1.95996], abs=1e-4)


def test_a_row_without_an_error_has_none_and_does_not_count():
    found = all_at_once(table(se=[1.0, np.nan], estimate=[3.0, 3.0]), ["scale"])

    assert found.loc[0, HIGH] == pytest.approx(3 + 1.95996, abs=1e-4)
    assert found.loc[1].isna().all()


def test_all_hold_at_once_as_often_as_said():
    random = np.random.default_rng(0)
    n, df, draws = 4, 20, 2000
    estimate, se = random.normal(size=n * draws), np.sqrt(random.chisquare(df, n * draws) / df)
    drawn = table(estimate=estimate, se=se, df=df, draw=np.repeat(np.arange(draws), n))
    found = all_at_once(drawn, ["draw"])
    held = ((found[LOW] < 0) & (found[HIGH] > 0)).groupby(drawn["draw"]).all()

    # Bonferroni: never below 95 %; of independent ones (1 - .05 / 4) ** 4
    expected = (1 - 0.05 / n) ** n
    assert held.mean() == pytest.approx(expected, abs=3 * np.sqrt(0.05 * 0.95 / draws))
    assert stats.t.ppf(1 - 0.025 / n, df) > stats.t.ppf(0.975, df)
