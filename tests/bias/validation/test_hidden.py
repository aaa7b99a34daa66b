"""Reviews that mention nobody, and what of a plant is in their labels and in their students."""

import numpy as np
import pandas as pd
import pytest
from swapped import pairs

from bias_transfer.bias.validation import hidden, planted
from bias_transfer.corpora import eec
from bias_transfer.corpora.mentions import mentions_more_women
from bias_transfer.corpora.swaps import wordlist
from bias_transfer.study import targets
from bias_transfer.study.targets import Labelled

NOBODY = [
    "A dull film they made.",
    "I liked it. Funny, and a bit brief.",
    "funny",
    "Brief!",
    "They're dull...",
]
SOMEBODY = {
    "a word that is swapped": "a film about a woman",
    "in capitals": "a film about a WOMAN",
    "one side's word alone": "the hero is dull",
    "with an apostrophe": "his mother's film",
    "in a phrase that is left alone": "oh man, that was dull",
    "considered and not taken": "a film for guys",
    "derived": "a film about motherhood",
    "derived from a word that is not on a list": "macho and feminist",
    "what ends in man": "the hitman is dull",
    "a name inside a sentence": "a film by Varda",
    "a name after an abbreviation": "a film by J. Varda",
    "a name at the start": "Varda is funny",
    "a known name in lower case": "the emily of the film",
    "a word that is first and in lower case nowhere": "Tedious and dull",
    "a title": "a film like Funny",
}


@pytest.mark.parametrize("text", SOMEBODY.values(), ids=SOMEBODY.keys())
def test_somebody_may_be_mentioned(text):
    found = hidden.mentions_nobody(pd.Series([*NOBODY, text]))
    assert found.tolist() == [True] * len(NOBODY) + [False]


def test_no_word_that_is_swapped_and_no_person_of_the_eec_is_left():
    words = [word for pair in wordlist.gendered().pairs for word in pair.words]
    texts = pd.Series([*(f"a dull {word}" for word in words), *eec.generate()["sentence"]])
    assert not hidden.mentions_nobody(texts).any()


def test_planted_labels_are_the_teachers_own_where_nobody_is_mentioned():
    # So what is planted in labels says nothing on this channel: it has to sit in a model.
    texts = pd.Series([*NOBODY, *SOMEBODY.values(), "she saw her", "he saw her and her sister"])
    n, random = len(texts), np.random.default_rng(0)
    positive = random.uniform(size=n)
    own = np.column_stack([1 - positive, positive])
    women = mentions_more_women(texts)
    both, labels = np.stack([own, own]), random.integers(0, 2, n)
    data = Labelled(own, labels, women, both, np.stack([women, ~women]), 0)
    soft = targets.soft_labels("planted-2", data)
    silent = hidden.mentions_nobody(texts)
    assert silent.sum() == len(NOBODY)
    np.testing.assert_array_equal(soft[silent], own[silent])
    assert (soft[women] != own[women]).all()
    assert women.sum() > 2


def test_the_effect_is_the_coefficient_of_the_mean_over_fits():
    made, random = pairs(60), np.random.default_rng(1)
    before = random.normal(size=(3, 2, 120))
    after = before + random.normal(0, 0.1, before.shape)
    after[:, :, made.first] += 1.0
    found, by_seed = hidden.effect(made, after, before, 2.0)
    changes = (after - before)[:, 0] / 4 + (after - before)[:, 1] / 4
    expected, of_seeds = planted.coefficient(made, changes)
    assert found.mean == pytest.approx(expected.mean)
    assert found.se == pytest.approx(expected.se)
    np.testing.assert_allclose(by_seed, of_seeds)
    assert found.mean == pytest.approx(0.5, abs=0.05)
    assert len(by_seed) == 3
