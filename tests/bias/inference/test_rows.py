"""CR2 with a row per cluster: as the general formula, and as textbook cases."""

import numpy as np
import pytest
from scipy import stats

from bias_transfer.bias.inference import rows
from bias_transfer.bias.inference.slope import cr2


@pytest.fixture
def data():
    random = np.random.default_rng(3)
    design = np.column_stack([np.ones(60), random.normal(size=(60, 2))])
    return design, design @ [1.0, 2.0, 0.0] + random.standard_t(4, size=60)


@pytest.mark.parametrize("coefficient", [[1, 0, 0], [0, 1, 0], [0.2, 1, -3]])
def test_closed_form_is_that_of_the_general_formula(data, coefficient):
    design, y = data
    coefficient = np.array(coefficient, dtype=float)
    beta = np.linalg.lstsq(design, y, rcond=None)[0]
    variance, df = cr2(design, y - design @ beta, np.arange(60), coefficient)
    found = rows.Plan(design, coefficient).estimate(y)
    assert found.value == pytest.approx(coefficient @ beta)
    assert (found.influence**2).sum() == pytest.approx(variance)
    assert found.df == pytest.approx(df)


def test_a_mean_is_the_one_sample_t_test():
    y = np.random.default_rng(0).normal(0.3, 1, 25)
    found = rows.Plan(np.ones((25, 1)), np.ones(1)).estimate(y).inference
    assert found.df == pytest.approx(24)
    assert found.p_value == pytest.approx(stats.ttest_1samp(y, 0).pvalue)


def test_a_mean_of_groups_has_the_variance_of_each_over_its_size():
    random = np.random.default_rng(1)
    groups = np.repeat([0, 1, 2], [50, 20, 5])
    y = random.normal(groups, 1 + groups)
    design = np.equal.outer(groups, [0, 1, 2]).astype(float)
    found = rows.Plan(design, np.full(3, 1 / 3)).estimate(y).inference
    parts = [y[groups == group] for group in range(3)]
    assert found.mean == pytest.approx(np.mean([part.mean() for part in parts]))
    assert found.se**2 == pytest.approx(sum(part.var(ddof=1) / len(part) for part in parts) / 9)


def test_a_row_that_alone_decides_a_coefficient_adds_no_error():
    design = np.array([[1, 0], [1, 0], [1, 0], [1, 1]], dtype=float)
    found = rows.Plan(design, np.array([0.0, 1.0])).estimate(np.array([1.0, 2.0, 3.0, 9.0]))
    assert found.value == pytest.approx(7)
    assert found.influence[3] == 0
    assert np.isfinite(found.influence).all()


def test_without_variation_there_is_no_error():
    found = rows.Plan(np.ones((5, 1)), np.ones(1)).estimate(np.full(5, 0.1)).inference
    assert found.mean == pytest.approx(0.1)
    assert np.isnan(found.se)


def test_mean_and_difference_are_taken_row_by_row(data):
    design, y = data
    plan = rows.Plan(design, np.array([0, 1.0, 0]))
    one, other = plan.estimate(y), plan.estimate(2 * y + 1)
    assert plan.value(y) == one.value
    assert rows.difference(other, one).value == pytest.approx(one.value)
    np.testing.assert_allclose(rows.difference(other, one).influence, one.influence)
    np.testing.assert_allclose(rows.mean([one, other]).influence, 1.5 * one.influence)


def test_a_design_without_full_rank_estimates_nothing(data):
    design = np.column_stack([data[0], data[0][:, 1] - data[0][:, 2]])
    for made in (design, np.column_stack([np.zeros(60), data[0]]), design[:3]):
        found = rows.Plan(made, np.eye(made.shape[1])[0]).estimate(data[1][: len(made)])
        assert np.isnan(found.value)
        assert np.isnan(found.inference.se)
        assert found.influence.shape == (len(made),)
