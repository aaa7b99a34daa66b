"""The simulated tests against the production ones, data set by data set; a small grid."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bias_transfer.bias.inference.sign_flip import sign_flip_p
from bias_transfer.bias.inference.two_way import _crossed as two_way_alone
from bias_transfer.bias.inference.two_way import by_word, infer, one_way
from bias_transfer.bias.pairs import FRAME, contrast
from bias_transfer.bias.validation import null_eec
from bias_transfer.bias.validation.null_eec import Noise, design, draw, p_values
from bias_transfer.corpora import eec

CORPUS = eec.generate()
NOISES = [
    *(Noise(0, 0, 0), Noise(1, 0, 1), Noise(0, 2, 0), Noise(1, 0.5, 1), Noise(0, 0, 0, 1)),
    Noise(2, 0, 0, shape="lognormal"),
]


def scored(axis: str, frames: pd.DataFrame, units: pd.Index, observed: np.ndarray) -> pd.DataFrame:
    """The corpus with scores whose pairs are ``observed``, of shape (frames, units)."""
    unit = CORPUS["person"]
    if (
        axis == "gender"
    ):  # the woman scores the difference and the man 0; in "names", all women and all men do
        of = {person: name for name in units for person in name.split("/")} | {
            "her": "she/he",
            "him": "she/he",
        }
        unit = unit.map(of).fillna("names")
    values = pd.DataFrame(observed, pd.MultiIndex.from_frame(frames), units).stack().rename("score")
    score = CORPUS[FRAME].assign(unit=unit).join(values, on=[*FRAME, "unit"])["score"].fillna(0)
    return CORPUS.assign(
        score=score.where(CORPUS["gender"] == "female", 0) if axis == "gender" else score
    )


@pytest.mark.parametrize("axis", ["gender", "race"])
def test_p_values_are_the_productions(axis):
    layout = design(axis)
    for seed, noise in enumerate(NOISES):
        observed = draw(layout, noise, 2, np.random.default_rng(seed)) + 0.1
        found = p_values(layout, observed)
        for number, data in enumerate(observed):
            pairs = contrast(scored(axis, layout.frames, layout.units, data), axis)
            expected = {
                "p_value": stats.ttest_1samp(pairs.pairs["difference"], 0).pvalue,
                "p_template": one_way(pairs, "template").p_value,
                "p_unit": one_way(pairs, "unit").p_value,
                "p_word": by_word(pairs).p_value,
                "p_two_way": two_way_alone(pairs).p_value,
                "p_clustered": infer(pairs).p_value,
                "p_sign_flip": sign_flip_p(pairs.pairs),
            }
            assert {name: p[number] for name, p in found.items()} == pytest.approx(
                expected, abs=1e-9
            )


def test_the_design_is_the_corpus():
    gender, race = design("gender"), design("race")
    assert (len(gender.frames), len(gender.units), len(race.units)) == (144, 11, 40)
    assert sorted(gender.of_template.sum(0)) == [1] * 4 + [20] * 7
    assert race.side.sum() == 0
    assert set(gender.side) == {1}
    for layout in (gender, race):
        assert layout.leverage["both"].sum() == pytest.approx(1)


@pytest.mark.parametrize(("axis", "share"), [("gender", 1.0), ("race", 0.5)])
def test_each_effect_has_the_spread_it_is_given_and_no_mean(axis, share):
    layout = design(axis)
    data = draw(layout, Noise(2, 3, 1), 400, np.random.default_rng(0))
    # Of one observation: residual, interaction and unit as they are, the template's gap by what it
    # adds to it.
    assert data.var() == pytest.approx(1 + 1 + 9 + (2 * share) ** 2, rel=0.1)
    assert (data @ layout.side).mean() / (layout.side**2).sum() == pytest.approx(0, abs=0.15)


def test_a_known_gap_is_found():
    layout = design("race")
    data = draw(layout, Noise(0, 0, 0), 5, np.random.default_rng(0)) + 3 * layout.side
    assert all((p < 0.01).all() for p in p_values(layout, data).values())


@pytest.mark.parametrize("axis", ["gender", "race"])
@pytest.mark.parametrize("noise", [Noise(2, 0, 0), Noise(1, 1, 1)])
def test_the_clustered_test_keeps_its_promise_where_the_naive_one_does_not(axis, noise):
    layout = design(axis)
    found = p_values(layout, draw(layout, noise, 300, np.random.default_rng(1)))
    assert (found["p_clustered"] < 0.05).mean() < 0.09
    assert (found["p_value"] < 0.05).mean() > 0.5


@pytest.mark.parametrize("axis", ["gender", "race"])
def test_a_gap_that_hangs_on_words_alone_is_found_in_one_of_twenty(axis):
    layout = design(axis)
    found = p_values(layout, draw(layout, Noise(0, 0, 0, 1), 300, np.random.default_rng(2)))
    assert (found["p_clustered"] < 0.05).mean() < 0.09
    assert (found["p_two_way"] < 0.05).mean() > 0.15


def test_the_grid_has_a_row_for_each_cell_and_is_the_same_each_time(monkeypatch):
    monkeypatch.setattr(null_eec, "EFFECTS", (0.0, 1.0))
    monkeypatch.setattr(null_eec, "INTERACTIONS", (1.0,))
    table = null_eec.grid(20)
    skewed = 2 * len(null_eec.SKEWED)
    assert len(table) == 2 * 2 * 2 + 2 * 2 + skewed
    assert table["word_sd"].tolist() == [0] * 8 + [0.5, 1] * 2 + [0] * skewed
    assert (table["shape"] == "normal").sum() == 12
    assert table[list(null_eec.TESTS)].to_numpy().min() >= 0
    assert table[list(null_eec.TESTS)].to_numpy().max() <= 1
    assert (table["n_datasets"] == 20).all()
    pd.testing.assert_frame_equal(table, null_eec.grid(20))


def test_chunks_add_up(monkeypatch):
    whole = null_eec.p_values(
        design("gender"), draw(design("gender"), NOISES[1], 7, np.random.default_rng(0))
    )
    assert all(len(p) == 7 for p in whole.values())
    monkeypatch.setattr(null_eec, "EFFECTS", (1.0,))
    monkeypatch.setattr(null_eec, "INTERACTIONS", (0.0,))
    monkeypatch.setattr(null_eec, "CHUNK", 3)
    shares = null_eec.grid(7)[list(null_eec.TESTS)] * 7
    np.testing.assert_allclose(shares, shares.round(), atol=1e-9)
