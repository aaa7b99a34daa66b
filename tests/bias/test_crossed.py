"""Gaps on the film sentences: by hand, against the EEC's pairing, and their error."""

import numpy as np
import pytest

from bias_transfer.bias import crossed, pairs
from bias_transfer.bias.inference.two_way import infer, one_way
from bias_transfer.bias.pairs import AXES, SIDES
from bias_transfer.corpora import film


def contrast_of(scores, axis):
    return crossed.design(scores, axis).contrast(scores["score"].to_numpy())


@pytest.fixture(scope="module")
def corpus():
    return film.generate()


@pytest.fixture(scope="module")
def scored(corpus):
    return corpus.assign(score=np.random.default_rng(0).random(len(corpus)))


def test_a_gender_gap_by_hand(corpus):
    # In one frame in two: nouns +.4, African-American names +.2, European names -.1.
    parts = {"": 0.4, "African-American": 0.2, "European": -0.1}
    frames = corpus["template"].drop_duplicates().tolist()[::2]
    hit = corpus["template"].isin(frames) & (corpus["gender"] == "female")
    contrast = contrast_of(corpus.assign(score=0.5 + corpus["race"].map(parts) * hit), "gender")
    expected = 0.4 / 2 + 0.2 / 4 - 0.1 / 4
    assert contrast.mean == pytest.approx(expected / 2)
    assert len(contrast.pairs) == 72
    assert contrast.pairs["second"].to_numpy() == pytest.approx(0.5)
    assert contrast.pairs["difference"].iloc[:2].tolist() == pytest.approx([expected, 0])


def test_a_race_gap_by_hand(corpus):
    parts = {"female": 0.3, "male": -0.1}
    african = corpus["race"] == "African-American"
    contrast = contrast_of(corpus.assign(score=corpus["gender"].map(parts) * african), "race")
    assert contrast.mean == pytest.approx(0.1)


@pytest.mark.parametrize(("axis", "other"), [("gender", "race"), ("race", "gender")])
def test_the_other_axis_makes_no_gap(corpus, axis, other):
    # The lists are not balanced: 15 of 32 African-American names are women's, 19 of 38 European.
    score = corpus[other].map(
        {"female": 1.0, "male": 0.0, "African-American": 1.0, "European": 0.0, "": 0.3}
    )
    contrast = contrast_of(corpus.assign(score=score), axis)
    assert contrast.mean == pytest.approx(0, abs=1e-12)


def test_swapping_the_sides_turns_the_sign(scored):
    swapped = scored.assign(score=1 - scored["score"])
    for axis in AXES:
        one, other = (infer(contrast_of(each, axis)) for each in (scored, swapped))
        assert (one.mean, one.se) == pytest.approx((-other.mean, other.se))


def test_noun_pairs_alone_are_what_pairs_makes_of_them(scored):
    nouns = scored[scored["race"] == ""]
    unit = nouns["person"].map(crossed._units())
    sides = nouns.assign(unit=unit).pivot_table(
        index=["template", "unit"], columns="gender", values="score", sort=False
    )
    expected = infer(pairs.of_pairs(pairs.differences(sides, "female", "male")))
    found = infer(contrast_of(nouns, "gender"))
    assert (found.mean, found.se, found.df) == pytest.approx(
        (expected.mean, expected.se, expected.df)
    )


def test_race_of_the_eec_names_is_what_pairs_makes_of_it(scored):
    names = scored[(scored["race"] != "") & scored["source"].str.startswith("Kiritchenko")]
    expected = infer(pairs.race(names.assign(emotion="", emotion_word="")))
    found = infer(contrast_of(names, "race"))
    assert (found.mean, found.se, found.df) == pytest.approx(
        (expected.mean, expected.se, expected.df)
    )


@pytest.mark.parametrize("axis", AXES)
def test_influence_sums_to_each_frames_deviation_and_leverage_to_its_weight(scored, axis):
    contrast = contrast_of(scored, axis)
    by_frame = contrast.influence.groupby("template")["influence"].sum()
    gaps = contrast.pairs.set_index("template")["difference"]
    expected = (gaps - contrast.mean) / len(gaps)
    assert by_frame.to_numpy() == pytest.approx(expected.loc[by_frame.index].to_numpy())
    assert contrast.leverage["template"].sum() == pytest.approx(1)
    assert contrast.leverage["both"].sum() == pytest.approx(1)
    by_stratum = contrast.leverage["unit"].groupby(contrast.strata).sum()
    assert by_stratum.to_numpy() == pytest.approx(1)


@pytest.mark.parametrize(
    ("axis", "part", "template", "unit"),
    [
        ("gender", "", 71, 90.2),
        ("race", "", 71, 65.3),
        ("gender", "nouns", 71, 31),
        ("gender", "names", 71, 65.3),
    ],
)
def test_degrees_of_freedom(scored, axis, part, template, unit):
    kept = {
        "": scored,
        "nouns": scored[scored["race"] == ""],
        "names": scored[scored["race"] != ""],
    }
    contrast = contrast_of(kept[part], axis)
    found = [one_way(contrast, by).df for by in ("template", "unit")]
    assert found == pytest.approx([template, unit], abs=0.05)
    assert min(found) <= infer(contrast).df <= max(found)
    assert min(found) >= 30


@pytest.mark.parametrize("axis", AXES)
def test_a_gap_weighs_either_side_with_one_and_others_not_at_all(scored, axis):
    first, second = SIDES[axis]
    for side, weight in {first: 1, second: -1, "": 0}.items():
        sentences = (scored[axis] == side).astype(float)
        assert contrast_of(scored.assign(score=sentences), axis).mean == pytest.approx(weight)


def test_nouns_are_half_of_a_gender_gap(scored):
    for race, part in {"": 1 / 2, "African-American": 1 / 4, "European": 1 / 4}.items():
        for gender, sign in zip(SIDES["gender"], (1, -1), strict=True):
            among = (scored["race"] == race) & (scored["gender"] == gender)
            found = contrast_of(scored.assign(score=among.astype(float)), "gender").mean
            assert found == pytest.approx(sign * part)


def test_order_of_the_rows_does_not_matter(scored):
    shuffled = scored.sample(frac=1, random_state=0)
    for axis in AXES:
        one, other = (infer(contrast_of(each, axis)) for each in (scored, shuffled))
        assert (one.mean, one.se, one.df) == pytest.approx((other.mean, other.se, other.df))


def test_a_part_without_two_people_on_a_side_is_left_out(scored):
    european = scored[(scored["race"] != "African-American") | (scored["person"] == "Malik")]
    expected = contrast_of(scored[scored["race"] != "African-American"], "gender")
    assert contrast_of(european, "gender").mean == pytest.approx(expected.mean)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda scored: scored.iloc[1:], "not crossed"),
        (lambda scored: scored[scored["gender"] == "male"], "no two people"),
        (
            lambda scored: scored.assign(score=scored["score"].mask(scored.index == 3)),
            "1 scores are missing",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(scored, change, message):
    with pytest.raises(ValueError, match=message):
        contrast_of(change(scored), "gender")
