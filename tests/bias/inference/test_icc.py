"""The intraclass correlation over prompts: a published example, an analysis of variance, edges."""

import numpy as np
import pytest
from statsmodels.api import OLS, add_constant

from bias_transfer.bias.inference.icc import consistency, reliability
from bias_transfer.bias.pairs import contrast
from bias_transfer.corpora import eec

CORPUS = eec.generate()
AXES = ("gender", "race")


def effects(random, column, scale):
    """A normal effect of every value of ``column``, one per sentence."""
    codes = CORPUS.groupby(column).ngroup().to_numpy()
    return scale * random.standard_normal(codes.max() + 1)[codes]


def prompts(own, count=3, seed=0):
    """The corpus under several wordings.

    They share opinions of size 1, and each has opinions of size ``own`` of its own.
    """
    random = np.random.default_rng(seed)

    def opinion():
        people, cells = (
            effects(random, ["person"], 1.0),
            effects(random, ["person", "template"], 1.0),
        )
        return people + cells + random.standard_normal(len(CORPUS))

    common = opinion()
    return [CORPUS.assign(score=common + own * opinion()) for _ in range(count)]


@pytest.fixture(scope="module")
def found():
    return {(own, axis): reliability(prompts(own), axis) for own in (0.3, 1.0) for axis in AXES}


def test_consistency_of_the_example_of_shrout_and_fleiss():
    # Their table 2: six targets, four judges; ICC(3, 1) is .71.
    ratings = np.array(
        [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
    )
    assert consistency(ratings) == pytest.approx(0.7148, abs=5e-5)


def test_consistency_by_a_two_way_analysis_of_variance():
    values = np.random.default_rng(0).random((7, 3)) + np.arange(7)[:, None] / 5
    pair, prompt = (index.ravel() for index in np.indices(values.shape))
    dummies = np.column_stack(
        [pair[:, None] == np.arange(1, 7), prompt[:, None] == np.arange(1, 3)]
    ).astype(float)
    without_pairs, full = (
        OLS(values.ravel(), add_constant(d)).fit() for d in (dummies[:, 6:], dummies)
    )
    between, error = (without_pairs.ssr - full.ssr) / 6, full.ssr / 12
    assert consistency(values) == pytest.approx((between - error) / (between + 2 * error))


def test_consistency_is_one_for_prompts_that_differ_by_a_shift():
    values = np.random.default_rng(1).random(50)
    assert consistency(np.column_stack([values, values + 0.3, values - 1])) == pytest.approx(1)


def test_consistency_is_not_one_where_a_prompt_stretches_the_differences():
    # Differences of 1 and 2 times a common one: 2 * cov / (var + var') = 2 * 2 / (1 + 4).
    values = np.random.default_rng(1).standard_normal(50)
    assert consistency(np.column_stack([values, 2 * values])) == pytest.approx(0.8)


def test_consistency_of_two_prompts_is_minus_one_where_they_say_the_opposite():
    values = np.random.default_rng(1).standard_normal(50)
    assert consistency(np.column_stack([values, -values])) == pytest.approx(-1)


def test_consistency_of_independent_prompts_is_near_zero():
    assert consistency(np.random.default_rng(2).standard_normal((5000, 3))) == pytest.approx(
        0, abs=0.03
    )


def test_consistency_where_nothing_varies_is_missing_not_zero():
    assert np.isnan(consistency(np.full((10, 2), 0.3)))


@pytest.mark.parametrize("axis", AXES)
def test_estimate_is_the_consistency_of_the_pairs_differences(found, axis):
    values = np.column_stack([contrast(frame, axis).pairs["difference"] for frame in prompts(0.3)])
    assert found[0.3, axis].estimate == pytest.approx(consistency(values))


def test_interval_contains_the_estimate_and_stays_within_one(found):
    for known in found.values():
        assert -1 <= known.ci_low < known.estimate < known.ci_high <= 1
        assert known.se > 0


def test_prompts_with_more_of_their_own_are_less_reliable(found):
    for axis in AXES:
        assert found[0.3, axis].estimate > found[1.0, axis].estimate
        assert found[0.3, axis].ci_low > 0


@pytest.mark.parametrize("axis", AXES)
def test_interval_is_not_narrower_than_one_that_leaves_out_whole_templates_alone(found, axis):
    contrasts = [contrast(frame, axis) for frame in prompts(1.0)]
    values = np.column_stack([each.pairs["difference"] for each in contrasts])
    template = contrasts[0].pairs["template"]
    left_out = np.array(
        [np.arctanh(consistency(values[template != name])) for name in eec.TEMPLATES]
    )
    variance = 10 / 11 * ((left_out - left_out.mean()) ** 2).sum()
    # ``se`` is the estimate's; on Fisher's z it is divided by 1 - estimate².
    assert found[1.0, axis].se / (1 - found[1.0, axis].estimate ** 2) > np.sqrt(variance)


@pytest.mark.parametrize("axis", AXES)
def test_the_order_of_the_prompts_does_not_matter(found, axis):
    backward = reliability(prompts(1.0)[::-1], axis)
    for name in ("estimate", "ci_low", "ci_high", "se"):
        assert getattr(backward, name) == pytest.approx(getattr(found[1.0, axis], name)), name


@pytest.mark.parametrize("axis", AXES)
def test_a_prompt_that_shifts_every_score_agrees_entirely(axis):
    (one,) = prompts(0.0, count=1)
    known = reliability([one, one.assign(score=one["score"] + 0.25)], axis)
    assert (known.estimate, known.ci_low, known.ci_high) == pytest.approx((1, 1, 1))


def test_prompts_with_nothing_in_common_have_an_interval_that_reaches_zero():
    random = np.random.default_rng(3)
    scores = [CORPUS.assign(score=random.standard_normal(len(CORPUS))) for _ in range(3)]
    for axis in AXES:
        known = reliability(scores, axis)
        assert known.estimate == pytest.approx(0, abs=0.15)
        assert known.ci_low < 0 < known.ci_high
