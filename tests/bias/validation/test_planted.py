"""Planted bias by hand: the slope of gaps on doses, false alarms, and the stand-in teacher."""

import numpy as np
import pandas as pd
import pytest
from swapped import pairs, scored

from bias_transfer.bias import channel
from bias_transfer.bias.channel import Arms, Planted
from bias_transfer.bias.inference.two_way import infer, with_seeds
from bias_transfer.bias.margins import Margins
from bias_transfer.bias.pairs import contrast
from bias_transfer.bias.validation import planted
from bias_transfer.corpora import eec

CORPUS = eec.generate()
FEMALE = (CORPUS["gender"] == "female").to_numpy(float)


def test_slope_weights_by_hand():
    # Mean .875, deviations -.875 -.375 .125 1.125, squares .765625 + .140625 + .015625 + 1.265625 =
    # 2.1875
    expected = np.array([-0.875, -0.375, 0.125, 1.125]) / 2.1875
    np.testing.assert_allclose(planted.slope_weights([0, 0.5, 1, 2]), expected)
    values = np.array([0.3, 0.1, 0.7, 0.9])
    assert planted.slope_weights(planted.DOSES) @ values == pytest.approx(
        np.polyfit(planted.DOSES, values, 1)[0]
    )


def test_the_slope_of_gaps_that_grow_with_the_dose():
    random = np.random.default_rng(0)
    per_seed, doses = np.array([0.2, 0.4, 0.6]), np.array(planted.DOSES)
    log_odds = random.normal(scale=0.01, size=(3, 4, len(CORPUS))) + np.einsum(
        "s,d,n->sdn", per_seed, doses, FEMALE
    )
    inference, by_seed = planted.slope(CORPUS, log_odds)
    np.testing.assert_allclose(by_seed, per_seed, atol=0.005)
    assert inference.mean == pytest.approx(0.4, abs=0.005)
    assert inference.mean == pytest.approx(by_seed.mean())
    assert inference.se > by_seed.std(ddof=1) / np.sqrt(3)
    np.testing.assert_allclose(planted.gaps(CORPUS, log_odds)[:, 3], per_seed * 2, atol=0.005)


def test_the_coefficient_is_the_channels():
    made, teacher = pairs(90), scored((pairs(90), 0.1))
    random = np.random.default_rng(5)
    both = [[scored((made, d + random.normal(0, 0.2, 90))) for d in (0.1, 0.7)] for _ in range(3)]
    before, after = (dict(enumerate(frames)) for frames in zip(*both, strict=True))
    known = Planted(2.0, np.ones(90, bool), np.zeros(90, bool))
    arms = Arms("bow", "planted-2", "distilled", after, before)
    expected = channel.coefficient(arms, teacher, made, known, Margins()).set_index("scale")
    log_odds = np.array([[frame["log_odds"] for frame in seed] for seed in both])
    found, by_seed = planted.coefficient(made, (log_odds[:, 1] - log_odds[:, 0]) / 2)
    for name, value in (("estimate", found.mean), ("se", found.se), ("df", found.df)):
        assert value == pytest.approx(expected.loc["log-odds", name])
    assert by_seed.mean() == pytest.approx(found.mean)


def test_false_alarms_are_what_slope_finds_in_the_same_deals():
    random = np.random.default_rng(1)
    unit = 0.3 * random.normal(size=(9, 1)) * (CORPUS["person"] == "she").to_numpy()
    pool = (
        unit + 0.05 * random.normal(size=(9, len(CORPUS))) + np.linspace(-1, 1, 9)[:, None] * FEMALE
    )
    deals, found = np.random.default_rng(0), []
    for _ in range(6):
        dealt = deals.choice(9, size=(2, 4), replace=False)
        found.append(planted.slope(CORPUS, pool[dealt])[0].clear)
    assert planted.false_alarms(CORPUS, pool, seeds=2, draws=6) == np.mean(found)


def test_a_mixture_of_contrasts_is_the_contrast_of_the_mixture():
    first, second = np.random.default_rng(2).normal(size=(2, len(CORPUS)))
    pairs = [contrast(CORPUS.assign(score=score), "gender") for score in (first, second)]
    parts = [(p.pairs["difference"].to_numpy(), p.influence["influence"].to_numpy()) for p in pairs]
    mixed = planted._mixed(pairs[0], *(0.3 * a - 2 * b for a, b in zip(*parts, strict=True)))
    expected = contrast(CORPUS.assign(score=0.3 * first - 2 * second), "gender")
    assert infer(mixed).p_value == pytest.approx(infer(expected).p_value, abs=1e-9)
    assert with_seeds(infer(mixed), np.array([0.0, 1.0])).se > infer(mixed).se


def test_the_stand_in_knows_the_words_and_has_not_seen_the_review():
    texts = pd.Series([f"{word} film {number}" for number in range(40) for word in ("good", "bad")])
    labels = pd.Series([1, 0] * 40)
    assert ((planted.cross_fitted(texts, labels)[:, 1] > 0.5) == labels).all()
    noise = pd.Series(np.random.default_rng(0).integers(0, 2, 80))
    alone = pd.Series([f"film only{number}" for number in range(80)])
    assert planted.cross_fitted(alone, noise)[:, 1].std() < 0.05
