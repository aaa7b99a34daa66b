"""Pairing on scores that follow a written formula, so that every difference is known by hand."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.pairs import FRAME, contrast, differences, gender, of_pairs, race
from bias_transfer.corpora import eec

AFRICAN_AMERICAN, EUROPEAN = "African-American", "European"


@pytest.fixture(scope="module")
def corpus():
    return eec.generate().assign(emotion_missing=False)


@pytest.fixture(scope="module")
def noisy(corpus):
    return corpus.assign(score=np.random.default_rng(0).random(len(corpus)))


def number_of_template(corpus):
    """0 to 10 in the published order; 4 to 7 are those without an emotion word."""
    return corpus["template"].map(eec.TEMPLATES.index)


def by_gender(corpus, gap, per_template=0.0):
    """0.3 + 0.02 per template, and for women ``gap`` and ``per_template`` per template more."""
    template = number_of_template(corpus)
    female = (corpus["gender"] == "female").astype(float)
    return corpus.assign(score=0.3 + 0.02 * template + female * (gap + per_template * template))


def by_race(corpus, gap, per_template=0.0):
    template = number_of_template(corpus)
    side = (corpus["race"] == AFRICAN_AMERICAN).astype(float)
    return corpus.assign(score=0.3 + 0.02 * template + side * (gap + per_template * template))


@pytest.mark.parametrize(
    ("axis", "method", "n"),
    [
        ("gender", "paper", 1584),
        ("race", "paper", 144),
        ("gender", "notebook", 1440),
        ("race", "notebook", 144),
    ],
)
def test_number_of_pairs(noisy, axis, method, n):
    pairs = contrast(noisy, axis, method).pairs
    assert len(pairs) == n
    assert not pairs.duplicated([*FRAME, "unit"]).any()
    assert len(pairs.drop_duplicates(FRAME)) == 144


def test_notebook_loses_the_frames_whose_emotion_is_missing_in_the_file(noisy):
    scores = noisy.assign(emotion_missing=noisy["emotion"] == "")
    assert len(contrast(scores, "race", "notebook").pairs) == 140
    assert len(contrast(scores, "race", "paper").pairs) == 144
    assert len(contrast(scores, "gender", "notebook").pairs) == 1440


@pytest.mark.parametrize("axis", ["gender", "race"])
def test_incomplete_corpus_is_refused(noisy, axis):
    with pytest.raises(ValueError, match="pairs, not"):
        contrast(noisy[noisy["template"] != eec.TEMPLATES[0]], axis)


def test_units_of_gender_are_the_ten_noun_pairs_and_the_names(noisy):
    pairs = contrast(noisy, "gender").pairs
    assert pairs["unit"].value_counts().to_dict() == {
        "she/he": 144,
        "names": 144,
        "this woman/this man": 144,
        "this girl/this boy": 144,
        "my sister/my brother": 144,
        "my daughter/my son": 144,
        "my wife/my husband": 144,
        "my girlfriend/my boyfriend": 144,
        "my mother/my father": 144,
        "my aunt/my uncle": 144,
        "my mom/my dad": 144,
    }
    assert "names" not in set(contrast(noisy, "gender", "notebook").pairs["unit"])


@pytest.mark.parametrize("method", ["paper", "notebook"])
def test_constant_gap_is_every_pair_s_difference_whatever_the_template(corpus, method):
    result = contrast(by_gender(corpus, 0.1), "gender", method)
    np.testing.assert_allclose(result.pairs["difference"], 0.1, atol=1e-12)
    assert result.mean == pytest.approx(0.1)


def test_gender_gap_that_grows_by_template(corpus):
    result = contrast(by_gender(corpus, 0.1, 0.01), "gender")
    expected = 0.1 + 0.01 * result.pairs["template"].map(eec.TEMPLATES.index)
    np.testing.assert_allclose(result.pairs["difference"], expected, atol=1e-12)
    # Templates 0-3 and 8-10 stand in 20 frames each (sum of numbers 33), templates 4-7 in one each
    # (sum 22).
    assert result.mean == pytest.approx(0.1 + 0.01 * (20 * 33 + 22) / 144)


def test_race_gap_that_grows_by_template(corpus):
    result = contrast(by_race(corpus, -0.2, 0.01), "race")
    expected = -0.2 + 0.01 * result.pairs["template"].map(eec.TEMPLATES.index)
    np.testing.assert_allclose(result.pairs["difference"], expected, atol=1e-12)
    assert result.mean == pytest.approx(-0.2 + 0.01 * 682 / 144)


def test_direction_is_female_minus_male_and_african_american_minus_european(corpus):
    assert contrast(by_gender(corpus, 0.1), "gender").mean > 0
    assert contrast(by_race(corpus, 0.1), "race").mean > 0


def test_gender_does_not_show_in_race_nor_race_in_gender(corpus):
    np.testing.assert_allclose(
        contrast(by_gender(corpus, 0.3), "race").pairs["difference"], 0, atol=1e-12
    )
    np.testing.assert_allclose(
        contrast(by_race(corpus, 0.3), "gender").pairs["difference"], 0, atol=1e-12
    )


@pytest.mark.parametrize(
    ("person", "unit", "sign", "frames"),
    [
        ("my mom", "my mom/my dad", 1, 144),
        ("my dad", "my mom/my dad", -1, 144),
        ("she", "she/he", 1, 82),
        ("her", "she/he", 1, 62),
        ("him", "she/he", -1, 62),
    ],
)
def test_noun_phrase_counts_in_its_own_pair_alone(corpus, person, unit, sign, frames):
    scores = corpus.assign(score=0.5 + 0.2 * (corpus["person"] == person))
    pairs = contrast(scores, "gender").pairs
    moved = pairs[pairs["difference"].abs() > 1e-9]
    assert set(moved["unit"]) == {unit}
    assert len(moved) == frames
    np.testing.assert_allclose(moved["difference"], sign * 0.2, atol=1e-12)


def test_names_of_one_gender_count_as_one_mean_of_twenty(corpus):
    scores = corpus.assign(score=0.5 + 0.2 * corpus["person"].isin(["Latisha", "Ellen", "Jamel"]))
    pairs = contrast(scores, "gender").pairs
    named = pairs["unit"] == "names"
    np.testing.assert_allclose(pairs.loc[named, "difference"], 0.2 * (2 - 1) / 20, atol=1e-12)
    np.testing.assert_allclose(pairs.loc[~named, "difference"], 0, atol=1e-12)


def test_race_is_a_mean_over_twenty_names_of_both_genders_without_noun_phrases(corpus):
    score = (
        0.5
        + 0.2 * corpus["person"].isin(["Latisha", "Jamel", "Ellen"])
        + 0.3 * corpus["person"].eq("my mom")
    )
    pairs = contrast(corpus.assign(score=score), "race").pairs
    np.testing.assert_allclose(pairs["difference"], 0.2 * (2 - 1) / 20, atol=1e-12)
    np.testing.assert_allclose(pairs["first"], 0.5 + 0.2 * 2 / 20, atol=1e-12)
    np.testing.assert_allclose(pairs["second"], 0.5 + 0.2 * 1 / 20, atol=1e-12)


@pytest.mark.parametrize("axis", ["gender", "race"])
def test_order_of_the_rows_does_not_matter(noisy, axis):
    key = [*FRAME, "unit"]
    ordered, shuffled = (
        contrast(rows, axis).pairs for rows in (noisy, noisy.sample(frac=1, random_state=3))
    )
    pd.testing.assert_frame_equal(
        ordered.sort_values(key, ignore_index=True), shuffled.sort_values(key, ignore_index=True)
    )


@pytest.mark.parametrize("axis", ["gender", "race"])
@pytest.mark.parametrize("method", ["paper", "notebook"])
def test_influence_sums_to_zero(noisy, axis, method):
    influence = contrast(noisy, axis, method).influence
    assert influence["influence"].abs().sum() > 0.01
    assert influence["influence"].sum() == pytest.approx(0, abs=1e-12)


def test_gender_influence_is_each_pair_s_part_of_the_error(noisy):
    result = contrast(noisy, "gender")
    expected = (result.pairs["difference"] - result.mean) / 1584
    np.testing.assert_allclose(result.influence["influence"], expected, atol=1e-15)
    assert result.influence[["template", "unit"]].equals(result.pairs[["template", "unit"]])


@pytest.mark.parametrize("clustering", ["template", "unit", "both"])
def test_gender_leverage_is_the_share_of_the_pairs(noisy, clustering):
    leverage = contrast(noisy, "gender").leverage[clustering]
    assert leverage.sum() == pytest.approx(1)
    large, small = {"template": (220, 11), "unit": (144, 144), "both": (20, 1)}[clustering]
    assert leverage.max() == pytest.approx(large / 1584)
    assert leverage.min() == pytest.approx(small / 1584)
    assert len(leverage) == {"template": 11, "unit": 11, "both": 121}[clustering]


def test_race_leverage_is_the_share_of_the_frames_and_of_the_names_of_a_race_and_gender(noisy):
    leverage = contrast(noisy, "race").leverage
    assert leverage["template"].sum() == pytest.approx(1)
    assert sorted(round(144 * share) for share in leverage["template"]) == [1] * 4 + [20] * 7
    assert leverage["unit"].to_list() == pytest.approx([1 / 10] * 40)
    assert leverage["both"].sum() == pytest.approx(1)
    assert len(leverage["both"]) == 11 * 40


def test_race_influence_of_a_template_is_that_of_its_frames(noisy):
    result = contrast(noisy, "race")
    ours = result.influence.groupby("template")["influence"].sum()
    centred = (result.pairs["difference"] - result.mean) / 144
    by_hand = centred.groupby(result.pairs["template"]).sum()
    np.testing.assert_allclose(ours, by_hand[ours.index], atol=1e-14)


def test_race_influence_of_a_name_is_its_contrast_with_the_names_of_its_race_and_gender(noisy):
    ours = contrast(noisy, "race").influence.groupby("unit")["influence"].sum()
    named = noisy[noisy["race"] != ""]
    name_mean = named.groupby(["race", "gender", "person"])["score"].mean()
    contrasts = (
        (name_mean - name_mean.groupby(["race", "gender"]).transform("mean")) / 20
    ).droplevel("gender")
    by_hand = pd.concat([contrasts[AFRICAN_AMERICAN], -contrasts[EUROPEAN]])
    assert len(ours) == 40
    np.testing.assert_allclose(ours, by_hand[ours.index], atol=1e-14)


def test_race_influence_is_of_the_forty_names_with_their_templates(noisy):
    influence = contrast(noisy, "race").influence
    assert len(influence) == 144 * 40
    assert set(influence["unit"]) == set(noisy.loc[noisy["race"] != "", "person"])


@pytest.mark.parametrize(("axis", "part"), [("gender", gender), ("race", race)])
def test_contrast_is_the_part_s_contrast_of_the_whole_corpus(noisy, axis, part):
    whole, same = contrast(noisy, axis), part(noisy)
    pd.testing.assert_frame_equal(whole.pairs, same.pairs)
    pd.testing.assert_frame_equal(whole.influence, same.influence)
    assert whole.mean == same.mean


def test_a_part_of_the_corpus_is_paired_without_a_count(noisy):
    joy = noisy[noisy["emotion"] == "joy"]
    assert len(gender(joy).pairs) == 7 * 5 * 11
    assert len(gender(joy, "notebook").pairs) == 7 * 5 * 10
    assert len(race(joy).pairs) == 7 * 5
    whole = contrast(noisy, "race").pairs
    assert race(joy).mean == pytest.approx(
        whole.loc[whole["emotion"] == "joy", "difference"].mean()
    )


@pytest.mark.parametrize(("axis", "part"), [("gender", gender), ("race", race)])
def test_influence_and_leverage_of_a_part_are_its_own(noisy, axis, part):
    found = part(noisy[noisy["emotion"] == "fear"])
    assert found.influence["influence"].sum() == pytest.approx(0, abs=1e-12)
    assert found.leverage["template"].to_list() == pytest.approx([1 / 7] * 7)
    assert len(found.leverage["unit"]) == {"gender": 11, "race": 40}[axis]


def test_race_within_a_gender_weighs_ten_names_a_race(noisy):
    found = race(noisy[noisy["gender"] == "female"])
    assert found.leverage["unit"].to_list() == pytest.approx([1 / 10] * 20)
    assert sorted(found.strata.value_counts()) == [10, 10]


def test_of_pairs_by_hand():
    pairs = pd.DataFrame(
        {"template": list("aab"), "unit": list("xyx"), "difference": [0.1, 0.4, -0.2]}
    )
    found = of_pairs(pairs)
    assert found.mean == pytest.approx(0.1)
    assert found.influence["influence"].to_list() == pytest.approx([0, 0.1, -0.1])
    assert found.leverage["template"].to_dict() == pytest.approx({"a": 2 / 3, "b": 1 / 3})
    assert found.leverage["unit"].to_dict() == pytest.approx({"x": 2 / 3, "y": 1 / 3})
    assert len(found.leverage["both"]) == 3
    assert found.strata is None


def test_differences_are_the_first_column_minus_the_second():
    sides = pd.DataFrame(
        {"b": [0.2, 0.5], "a": [0.1, 0.9]}, index=pd.Index(["s", "t"], name="template")
    )
    found = differences(sides, "a", "b")
    assert found.columns.tolist() == ["template", "first", "second", "difference"]
    assert found["template"].tolist() == ["s", "t"]
    assert found["difference"].tolist() == pytest.approx([-0.1, 0.4])


@pytest.mark.parametrize("axis", ["gender", "race"])
def test_missing_scores_are_refused(noisy, axis):
    with pytest.raises(ValueError, match="2 scores are missing"):
        contrast(noisy.assign(score=noisy["score"].mask(noisy.index < 2)), axis)
