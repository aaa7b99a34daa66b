"""The simulated tests on the film sentences against the production ones, and null data."""

import numpy as np
import pytest

from bias_transfer.bias import crossed
from bias_transfer.bias.inference.two_way import infer, one_way
from bias_transfer.bias.pairs import AXES
from bias_transfer.bias.validation import null_film
from bias_transfer.corpora import film


@pytest.fixture(scope="module")
def corpus():
    return film.generate()


@pytest.mark.parametrize(
    ("axis", "part"), [("gender", "all"), ("gender", "nouns"), ("race", "all")]
)
def test_simulated_p_values_are_those_of_production(corpus, axis, part):
    design = crossed.design(corpus[corpus["race"] == ""] if part == "nouns" else corpus, axis)
    scores = null_film.draw(design, "normal", 0.5, 0.5, 3, np.random.default_rng(0))
    found = null_film.p_values(design, scores)
    for number, drawn in enumerate(scores):
        score = np.zeros(design.order.max() + 1)
        score[design.order] = drawn
        contrast = design.contrast(score)
        expected = {
            "p_clustered": infer(contrast).p_value,
            "p_template": one_way(contrast, "template").p_value,
            "p_unit": one_way(contrast, "unit").p_value,
        }
        assert {name: found[name][number] for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize("axis", AXES)
def test_a_true_gap_of_zero_is_found_in_one_of_twenty_draws(corpus, axis):
    design, random = crossed.design(corpus, axis), np.random.default_rng(1)
    p = [
        null_film.p_values(design, null_film.draw(design, "normal", 0.5, 0.5, 100, random))
        for _ in range(5)
    ]
    clustered, by_frame = (
        [np.mean(each[name] < 0.05) for each in p] for name in ("p_clustered", "p_template")
    )
    assert 0.03 <= np.mean(clustered) <= 0.07
    assert np.mean(by_frame) > 0.15  # people are not independent from frame to frame
