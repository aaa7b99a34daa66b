"""What distilling did to a gap: by hand, verdicts of several seeds, and the original study."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bias_transfer.bias import transfer as transfer_module
from bias_transfer.bias.estimates import NO_CHANGE, NO_EVIDENCE, ONE_SEED
from bias_transfer.bias.inference.icc import Reliability, reliability
from bias_transfer.bias.inference.slope import coefficients, regress
from bias_transfer.bias.inference.two_way import Inference, infer, with_seeds
from bias_transfer.bias.margins import Margins
from bias_transfer.bias.pairs import AXES, contrast
from bias_transfer.bias.transfer import (
    AGAINST_TEACHER,
    AGREES,
    ALONE,
    CHANGE,
    COLUMNS,
    CORRECTED,
    FADES,
    FOLLOWS,
    INTERCEPT,
    NO_GAP,
    NO_TEACHER_GAP,
    NOT_MEASURABLE,
    OPPOSES,
    RELIABILITY,
    RELIABLE,
    SCALES,
    SHARE,
    SHIFTED,
    SLOPE,
    SMALL,
    TEACHER_UNCLEAR,
    UNRELIABLE,
    WITH_TEACHER,
    WORDING,
    measure_reliability,
    transfer,
)
from bias_transfer.corpora import eec

ESTIMANDS = (CHANGE, SHARE, ALONE.format("baseline"), ALONE.format("distilled"), SLOPE, INTERCEPT)
CORPUS = eec.generate()
FEMALE = (CORPUS["gender"] == "female").to_numpy(float)
TEMPLATE = CORPUS["template"].map(eec.TEMPLATES.index).to_numpy()
PERSON = pd.factorize(CORPUS["person"])[0]
BLACK = set(CORPUS.loc[CORPUS["race"] == eec.AFRICAN_AMERICAN, "person"])
# Slopes on the teacher's differences, distilled minus baseline, in probability: computed
# independently of this code.
REFERENCE = {
    ("bow", "gender"): -0.072,
    ("cnn", "gender"): -0.136,
    ("distilbert", "gender"): 0.002,
    ("bow", "race"): 0.267,
    ("cnn", "race"): 0.087,
    ("distilbert", "race"): 0.211,
}


def scored(log_odds: np.ndarray) -> pd.DataFrame:
    return CORPUS.assign(
        log_odds=log_odds, score=1 / (1 + np.exp(-log_odds)), emotion_missing=False
    )


def noise(seed: int, scale: float = 0.2) -> np.ndarray:
    """Effects of template, person and sentence."""
    random = np.random.default_rng(seed)
    template = random.normal(size=11)[TEMPLATE]
    person = random.normal(scale=scale, size=PERSON.max() + 1)[PERSON]
    return template + person + random.normal(scale=scale, size=len(CORPUS))


def row(
    table: pd.DataFrame, estimand: str = CHANGE, axis: str = "gender", scale: str = "log-odds"
) -> pd.Series:
    (found,) = (
        r
        for _, r in table.iterrows()
        if (r["axis"], r["scale"], r["estimand"]) == (axis, scale, estimand)
    )
    return found


def part(*arms, axes=("gender",), scales=("log-odds",), **options) -> pd.DataFrame:
    """The rows of ``transfer`` on some axes and scales, without the time that the others take."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer_module, "AXES", axes)
        patch.setattr(transfer_module, "SCALES", {scale: SCALES[scale] for scale in scales})
        return transfer("bow", *arms, **options)


@pytest.fixture(scope="module")
def one_seed():
    """Teacher, baseline and distilled without anything in common, and their table."""
    teacher, baseline, distilled = (scored(noise(seed)) for seed in (1, 2, 3))
    return (teacher, baseline, distilled), transfer("bow", teacher, [baseline], [distilled])


@pytest.fixture(scope="module")
def by_shift():
    """The gender gap of three seeds whose distilled arm scores women higher by the key."""
    teacher = scored(noise(1, 0.05) + 0.5 * FEMALE)
    baseline = [scored(noise(seed, 0.1)) for seed in range(10, 13)]
    arms = {
        shift: [scored(noise(seed, 0.1) + shift * FEMALE) for seed in range(20, 23)]
        for shift in (0.8, -0.8, 0.0)
    }
    return {
        shift: part(teacher, baseline, arm, scales=tuple(SCALES) if shift == 0 else ("log-odds",))
        for shift, arm in arms.items()
    }


def follower(share: float, seeds: int = 3) -> tuple:
    """Teacher and two arms; the distilled one takes over ``share`` of the teacher's opinions."""
    own, common = noise(1, 0.5), noise(2, 0.1)
    baseline = [scored(common + 0.02 * noise(50 + seed)) for seed in range(seeds)]
    distilled = [scored(common + 0.02 * noise(60 + seed) + share * own) for seed in range(seeds)]
    return scored(own), baseline, distilled


@pytest.fixture(scope="module")
def by_share():
    """Log-odds of three seeds whose distilled arm takes over the share that is the key."""
    return {share: part(*follower(share), axes=AXES) for share in (0.4, -0.4, 0.0)}


def test_rows_by_axis_scale_and_estimand(one_seed):
    _, table = one_seed
    assert list(table.columns) == COLUMNS
    keys = [(axis, scale, estimand) for axis in AXES for scale in SCALES for estimand in ESTIMANDS]
    assert list(table[["axis", "scale", "estimand"]].itertuples(index=False, name=None)) == keys
    assert table["n_pairs"].tolist() == [1584] * 12 + [144] * 12
    assert set(table["student"]) == {"bow"}


@pytest.mark.parametrize(("axis", "scale"), [("gender", "probability"), ("race", "log-odds")])
def test_rows_do_not_depend_on_other_axes_and_scales(one_seed, axis, scale):
    (teacher, baseline, distilled), table = one_seed
    expected = table[(table["axis"] == axis) & (table["scale"] == scale)]
    found = part(teacher, [baseline], [distilled], axes=(axis,), scales=(scale,))
    pd.testing.assert_frame_equal(found, expected.reset_index(drop=True))


def test_arms_go_by_the_names_they_are_given(one_seed):
    (teacher, baseline, distilled), table = one_seed
    assert set(zip(table["target"], table["reference"], strict=True)) == {("distilled", "baseline")}
    named = part(
        teacher, [baseline], [distilled], axes=AXES, target="distilled", reference="permuted"
    )
    assert set(named["reference"]) == {"permuted"}
    same = table.loc[table["scale"] == "log-odds", "estimate"]
    np.testing.assert_array_equal(named["estimate"], same)


@pytest.mark.parametrize("axis", ["gender", "race"])
@pytest.mark.parametrize("scale", SCALES)
def test_change_is_the_contrast_of_the_difference_between_the_arms(one_seed, axis, scale):
    (teacher, baseline, distilled), table = one_seed
    column = SCALES[scale]
    pairs = contrast(CORPUS.assign(score=distilled[column] - baseline[column]), axis)
    found, expected = row(table, CHANGE, axis, scale), infer(pairs)
    assert found[["estimate", "ci_low", "ci_high", "p_value"]].tolist() == pytest.approx(
        [expected.mean, expected.ci_low, expected.ci_high, expected.p_value]
    )
    gaps = [
        contrast(frame.assign(score=frame[column]), axis).mean
        for frame in (teacher, baseline, distilled)
    ]
    assert found["estimate"] == pytest.approx(gaps[2] - gaps[1])
    assert found["teacher_gap"] == pytest.approx(gaps[0])


@pytest.mark.parametrize("axis", ["gender", "race"])
def test_line_is_that_of_the_change_on_the_teachers_differences(one_seed, axis):
    (teacher, baseline, distilled), table = one_seed
    change = CORPUS.assign(score=distilled["log_odds"] - baseline["log_odds"])
    line = regress(
        contrast(teacher.assign(score=teacher["log_odds"]), axis), contrast(change, axis)
    )
    for estimand, expected in ((SLOPE, line.slope), (INTERCEPT, line.intercept)):
        found = row(table, estimand, axis)
        assert found[["estimate", "ci_low", "ci_high"]].tolist() == pytest.approx(
            [expected.mean, expected.ci_low, expected.ci_high]
        )


def test_margins_are_of_each_estimand_s_unit(one_seed):
    (teacher, baseline, distilled), table = one_seed
    default = {(r.scale, r.estimand): r.margin for r in table.itertuples()}
    for scale, margin in (("probability", 0.02), ("log-odds", 0.08)):
        assert default[scale, CHANGE] == default[scale, INTERCEPT] == margin
        assert default[scale, SHARE] == default[scale, SLOPE] == 0.2
    wide = part(teacher, [baseline], [distilled], margins=Margins(0.5, 2.0, 3.0))
    found = row(wide, SLOPE)
    inference = Inference(*infer_of(found))
    assert found["margin"] == 3.0
    assert found["p_equivalence"] == pytest.approx(inference.p_equivalence(3.0))


def infer_of(found: pd.Series) -> tuple[float, float, float]:
    """Estimate, standard error and degrees of freedom behind a row, from its p and its interval."""
    from scipy import optimize, stats

    half = found["ci_high"] - found["estimate"]

    def apart(df: float) -> float:
        return (
            2 * stats.t.sf(abs(found["estimate"]) / half * stats.t.ppf(0.975, df), df)
            - found["p_value"]
        )

    df = optimize.brentq(apart, 0.5, 200)
    return found["estimate"], half / stats.t.ppf(0.975, df), df


def test_a_uniform_shift_is_measured_exactly_and_as_a_share_of_the_teachers():
    common = noise(0)
    teacher = scored(noise(1, 0.02) + 0.5 * FEMALE)
    table = part(teacher, [scored(common)], [scored(common + 0.2 * FEMALE)])
    # Every pair moves by 0.2 and nothing varies: all of eleven templates have one sign.
    assert row(table)["estimate"] == pytest.approx(0.2)
    assert row(table)["p_value"] == 2.0**-10
    assert row(table)["verdict"] == ONE_SEED
    assert row(table, SHARE)["estimate"] == pytest.approx(0.2 / row(table)["teacher_gap"])
    # A shift that is the same for all pairs is in the intercept, and the slope does not see it.
    assert row(table, SLOPE)["estimate"] == pytest.approx(0, abs=1e-9)
    assert row(table, INTERCEPT)["estimate"] == pytest.approx(0.2)


def test_a_line_through_every_pair_has_no_error_and_no_verdict():
    teacher, common = noise(1), noise(2)
    distilled = scored(common + 0.3 * teacher + 0.2 * FEMALE)
    table = part(scored(teacher), [scored(common)] * 2, [distilled] * 2)
    for estimand, estimate in ((SLOPE, 0.3), (INTERCEPT, 0.2)):
        assert row(table, estimand)["estimate"] == pytest.approx(estimate)
        assert row(table, estimand)["verdict"] == NOT_MEASURABLE


def test_one_arm_given_twice_has_changed_by_nothing_without_an_error():
    same = [scored(noise(2)), scored(noise(3))]
    table = transfer("bow", scored(noise(1)), same, same)
    changes = table[table["estimand"].isin([CHANGE, SLOPE, INTERCEPT])]
    assert (changes["estimate"] == 0).all()
    assert (changes["verdict"] == NOT_MEASURABLE).all()
    before, after = (
        table[table["estimand"] == ALONE.format(arm)] for arm in ("baseline", "distilled")
    )
    np.testing.assert_array_equal(before["estimate"], after["estimate"])


def test_a_slope_of_changes_is_the_difference_of_the_arms_own_slopes(one_seed):
    _, table = one_seed
    for axis in ("gender", "race"):
        for scale in SCALES:
            before, after = (
                row(table, ALONE.format(arm), axis, scale) for arm in ("baseline", "distilled")
            )
            change = row(table, SLOPE, axis, scale)["estimate"]
            assert change == pytest.approx(after["estimate"] - before["estimate"], abs=1e-9)


def test_a_baseline_that_fades_is_not_a_student_that_follows():
    """The slope rises where baselines run against the teacher and distilled arms ignore it."""
    teacher = scored(noise(1, 0.5))
    against = [scored(noise(seed, 0.05) - teacher["log_odds"].to_numpy()) for seed in (2, 3, 4)]
    apart = [scored(noise(seed, 0.05)) for seed in (5, 6, 7)]
    along = [scored(noise(seed, 0.05) + teacher["log_odds"].to_numpy()) for seed in (8, 9, 10)]
    assert row(part(teacher, against, apart), SLOPE)["verdict"] == FADES
    followed = part(teacher, apart, along)
    assert row(followed, SLOPE)["verdict"] == FOLLOWS
    assert row(followed, ALONE.format("distilled"))["verdict"] == AGREES


def test_one_seed_gives_no_verdict(one_seed):
    _, table = one_seed
    assert set(table.loc[table["estimand"] != SHARE, "verdict"]) == {ONE_SEED}
    assert (table["n_seeds"] == 1).all()
    assert table["seed_sd"].isna().all()


@pytest.mark.parametrize(("shift", "verdict"), [(0.8, WITH_TEACHER), (-0.8, AGAINST_TEACHER)])
def test_several_seeds_give_a_verdict_with_the_teachers_sign(by_shift, shift, verdict):
    assert row(by_shift[shift])["verdict"] == verdict
    assert row(by_shift[shift], SHARE)["verdict"] == verdict
    assert row(by_shift[shift], SHARE)["estimate"] == pytest.approx(shift / 0.5, rel=0.2)


def test_signs_are_the_teachers_own():
    teacher = scored(noise(1, 0.05) - 0.5 * FEMALE)
    baseline = [scored(noise(seed, 0.1)) for seed in range(10, 13)]
    distilled = [scored(noise(seed, 0.1) - 0.8 * FEMALE) for seed in range(20, 23)]
    table = part(teacher, baseline, distilled)
    assert row(table)["verdict"] == row(table, SHARE)["verdict"] == WITH_TEACHER
    assert row(table)["estimate"] < 0 < row(table, SHARE)["estimate"]


def test_a_change_is_small_beside_the_teachers_gap_whatever_the_margin(by_shift):
    for found in (row(by_shift[0.0]), row(by_shift[0.0], scale="probability")):
        assert found["ci_low"] < 0 < found["ci_high"]
        assert found["gap_share"] == 0.5
        assert found["verdict"] == (SMALL if found["p_share"] <= 0.05 else NO_EVIDENCE)
        assert found["teacher_ci_low"] < found["teacher_gap"] < found["teacher_ci_high"]
    assert row(by_shift[0.0], SLOPE)[["gap_share", "p_share"]].isna().all()
    teacher, baseline, distilled = follower(0.0)
    found = row(part(teacher, baseline, distilled))
    assert not found["teacher_ci_low"] * found["teacher_ci_high"] > 0
    assert found["verdict"] == NO_TEACHER_GAP
    assert np.isnan(found["p_share"])


def test_the_smaller_the_share_that_counts_the_harder_to_be_below_it(by_shift):
    teacher = scored(noise(1, 0.05) + 0.5 * FEMALE)
    baseline, distilled = (
        [scored(noise(seed, 0.1)) for seed in seeds] for seeds in (range(10, 13), range(20, 23))
    )
    wide, narrow = (
        row(part(teacher, baseline, distilled, margins=Margins(of_gap=share)))["p_share"]
        for share in (1.0, 0.05)
    )
    assert wide < 0.05 < narrow


def test_no_change_is_said_only_within_the_margin(by_shift):
    found = row(by_shift[0.0], SHARE)
    assert found["verdict"] == (NO_CHANGE if found["p_equivalence"] <= 0.05 else NO_EVIDENCE)
    teacher, baseline, distilled = follower(0.0)
    small, wide = (
        row(part(teacher, baseline, distilled, margins=Margins(share=margin)), SLOPE)
        for margin in (1e-6, 1.0)
    )
    assert (small["verdict"], wide["verdict"]) == (NO_EVIDENCE, NO_CHANGE)
    assert small["p_equivalence"] > 0.05 >= wide["p_equivalence"]


@pytest.mark.parametrize(("share", "verdict"), [(0.4, FOLLOWS), (-0.4, OPPOSES), (0.0, NO_CHANGE)])
@pytest.mark.parametrize("axis", ["gender", "race"])
def test_a_change_pair_by_pair_is_in_the_slope(by_share, share, verdict, axis):
    found = row(by_share[share], SLOPE, axis)
    assert found["estimate"] == pytest.approx(share, abs=0.03)
    assert found["ci_low"] < share < found["ci_high"]
    assert found["verdict"] == verdict


def test_a_change_that_does_not_follow_the_pairs_is_in_the_intercept(by_shift):
    for shift in (0.8, -0.8):
        found = row(by_shift[shift], INTERCEPT)
        assert found["verdict"] == SHIFTED
        assert np.sign(found["estimate"]) == np.sign(shift)


def test_a_change_beside_a_teacher_without_a_clear_gap_has_no_direction():
    baseline = [scored(noise(seed, 0.1)) for seed in range(10, 13)]
    distilled = [scored(noise(seed, 0.1) + 0.8 * FEMALE) for seed in range(20, 23)]
    table = part(scored(noise(1)), baseline, distilled)
    assert row(table)["verdict"] == TEACHER_UNCLEAR
    assert row(table, SHARE)["verdict"] == NOT_MEASURABLE
    assert row(table, SHARE)["reason"] == NO_GAP


def test_seeds_that_disagree_widen_the_interval():
    teacher, base = scored(noise(1)), [scored(noise(2)) for _ in range(3)]
    agreeing = [scored(noise(3) + 0.5 * FEMALE) for _ in range(3)]
    disagreeing = [scored(noise(3) + size * FEMALE) for size in (0.0, 0.5, 1.0)]
    narrow, wide = (row(part(teacher, base, arms)) for arms in (agreeing, disagreeing))
    assert narrow["estimate"] == pytest.approx(wide["estimate"])
    assert wide["ci_high"] - wide["ci_low"] > 1.2 * (narrow["ci_high"] - narrow["ci_low"])
    assert wide["seed_sd"] == pytest.approx(0.5)
    assert narrow["seed_sd"] == pytest.approx(0.0)


@pytest.mark.parametrize("axis", ["gender", "race"])
def test_slopes_of_seeds_that_disagree_widen_the_slope_s_interval(axis):
    teacher, baseline, _ = follower(0.0)
    shares = (0.0, 0.3, 0.6)
    distilled = [
        scored(frame["log_odds"] + share * teacher["log_odds"] + 0.02 * noise(70 + seed))
        for seed, (share, frame) in enumerate(zip(shares, baseline, strict=True))
    ]
    own = contrast(teacher.assign(score=teacher["log_odds"]), axis)
    changes = [
        CORPUS.assign(score=d["log_odds"] - b["log_odds"])
        for d, b in zip(distilled, baseline, strict=True)
    ]
    slopes = np.array([coefficients(own, contrast(change, axis))[1] for change in changes])
    together = CORPUS.assign(score=np.mean([change["score"] for change in changes], axis=0))
    expected = with_seeds(regress(own, contrast(together, axis)).slope, slopes)
    found = row(part(teacher, baseline, distilled, axes=(axis,)), SLOPE, axis)
    assert found[["estimate", "ci_low", "ci_high", "seed_sd"]].tolist() == pytest.approx(
        [slopes.mean(), expected.ci_low, expected.ci_high, slopes.std(ddof=1)]
    )
    assert found["seed_sd"] == pytest.approx(0.3, abs=0.02)


def test_a_saturated_score_is_counted_and_leaves_log_odds_unmeasured():
    saturated = noise(3).copy()
    saturated[5] = np.inf  # a probability of exactly 1
    table = transfer("bow", scored(noise(1)), [scored(noise(2))], [scored(saturated)])
    odds = table[table["scale"] == "log-odds"]
    assert (odds["n_saturated"] == 1).all()
    assert odds["estimand"].tolist() == [*ESTIMANDS] * 2
    assert odds["estimate"].isna().all()
    assert (odds["verdict"] == NOT_MEASURABLE).all()
    assert (odds["n_pairs"] == 0).all()
    assert np.isfinite(row(table, scale="probability")["estimate"])
    assert row(table, scale="probability")["n_saturated"] == 0


def test_no_share_of_a_teacher_without_a_clear_gap(one_seed):
    _, table = one_seed
    assert np.isnan(row(table, SHARE)["estimate"])
    assert row(table, SHARE)["verdict"] == NOT_MEASURABLE
    assert row(table, SHARE)["reason"] == NO_GAP


def test_a_teacher_that_tells_nobody_apart_has_neither_share_nor_slope():
    flat = scored(TEMPLATE / 7)
    baseline, distilled = (
        [scored(noise(seed)) for seed in seeds] for seeds in ((10, 11), (20, 21))
    )
    table = transfer("bow", flat, baseline, distilled)
    assert (
        table.loc[table["estimand"] != CHANGE, ["estimate", "ci_low", "seed_sd"]]
        .isna()
        .all(axis=None)
    )
    assert (table.loc[table["estimand"] != CHANGE, "verdict"] == NOT_MEASURABLE).all()
    assert table.loc[table["estimand"] == CHANGE, "ci_low"].notna().all()


def test_a_teacher_with_one_gap_for_every_pair_has_a_share_and_no_slope():
    # In log-odds all of its gender differences are .5 up to the last digits of the scores.
    uniform = scored(TEMPLATE / 7 + 0.5 * FEMALE)
    table = part(uniform, [scored(noise(2))], [scored(noise(3))], scales=tuple(SCALES))
    assert np.isnan(row(table, SLOPE)["estimate"])
    assert row(table, SLOPE)["verdict"] == NOT_MEASURABLE
    assert np.isfinite(row(table, SLOPE, scale="probability")["estimate"])


def test_a_student_that_knows_no_name_of_one_side_has_no_verdict_on_race():
    table = transfer("bow", *follower(0.4, seeds=2), unknown=BLACK)
    race, gender = (table[table["axis"] == axis] for axis in ("race", "gender"))
    assert (race["verdict"] == NOT_MEASURABLE).all()
    assert (race["reason"] == "cannot tell apart 100% of the African-American side").all()
    assert np.isfinite(row(table, CHANGE, "race")["estimate"])
    assert row(table, SLOPE, "gender")["verdict"] == FOLLOWS
    assert not gender["reason"].fillna("").str.contains("tell apart").any()


@pytest.mark.parametrize("arm", [0, 1])
def test_names_that_either_arm_scores_alike_are_unread(arm):
    def as_one(frame: pd.DataFrame) -> pd.DataFrame:
        first = (
            frame["log_odds"]
            .groupby([CORPUS["template"], CORPUS["emotion_word"]])
            .transform("first")
        )
        return scored(
            frame["log_odds"].mask(CORPUS["race"] == eec.AFRICAN_AMERICAN, first).to_numpy()
        )

    teacher, *arms = follower(0.4, seeds=2)
    arms[arm] = [as_one(frame) for frame in arms[arm]]
    table = part(teacher, *arms, axes=AXES)
    assert (
        row(table, CHANGE, "race")["reason"]
        == "cannot tell apart 100% of the African-American side"
    )
    assert row(table, SLOPE, "gender")["verdict"] == FOLLOWS


def test_a_reliable_teacher_adds_the_corrected_slope(one_seed):
    (teacher, baseline, distilled), plain = one_seed
    known = Reliability(0.5, 0.3, 0.7, 0.1)
    own = contrast(teacher.assign(score=teacher["log_odds"]), "gender")
    change = contrast(CORPUS.assign(score=distilled["log_odds"] - baseline["log_odds"]), "gender")
    line = regress(own, change).slope
    table = transfer(
        "bow", teacher, [baseline], [distilled], reliabilities={("gender", "log-odds"): known}
    )
    assert len(table) == len(plain) + 1
    slope, corrected = row(table, SLOPE), row(table, CORRECTED)
    assert corrected["estimate"] == pytest.approx(2 * slope["estimate"])
    # Delta method: the slope's error over .5, and of the reliability's own 2 * slope * .1 / .5, in
    # squares.
    half = stats.t.ppf(0.975, line.df) * np.hypot(line.se / 0.5, corrected["estimate"] * 0.1 / 0.5)
    assert (corrected["ci_low"], corrected["ci_high"]) == pytest.approx(
        (corrected["estimate"] - half, corrected["estimate"] + half)
    )
    assert (corrected["n_pairs"], corrected["verdict"]) == (1584, ONE_SEED)
    np.testing.assert_array_equal(
        table.loc[table["estimand"] != CORRECTED, "estimate"], plain["estimate"]
    )


def test_a_reliability_known_without_error_keeps_the_slope_s_p():
    teacher, baseline, distilled = follower(0.4)
    exact = Reliability(0.8, 0.8, 0.8, 0.0)
    table = part(teacher, baseline, distilled, reliabilities={("gender", "log-odds"): exact})
    slope, corrected = row(table, SLOPE), row(table, CORRECTED)
    assert corrected[["estimate", "ci_low", "ci_high"]].tolist() == pytest.approx(
        (slope[["estimate", "ci_low", "ci_high"]] / 0.8).tolist()
    )
    assert corrected["verdict"] == slope["verdict"] == FOLLOWS


def test_a_reliability_that_may_be_zero_corrects_nothing(one_seed):
    (teacher, baseline, distilled), plain = one_seed
    lows = {
        ("gender", "log-odds"): 0.0,
        ("gender", "probability"): -0.1,
        ("race", "log-odds"): np.nan,
        ("race", "probability"): 0.0,
    }
    known = {key: Reliability(0.2, low, 0.5, 0.1) for key, low in lows.items()}
    table = transfer("bow", teacher, [baseline], [distilled], reliabilities=known)
    assert table["estimand"].tolist() == plain["estimand"].tolist()


@pytest.fixture(scope="module")
def wordings():
    """A teacher, two variants that share its opinions on people, and one that shares nothing."""
    own = noise(1, 0.5)
    return scored(own), [scored(own + 0.5 * noise(seed)) for seed in (2, 3)], scored(noise(4))


def test_reliability_is_measured_by_axis_and_scale(wordings):
    teacher, variants, _ = wordings
    table, found = measure_reliability("teacher-x", teacher, variants)
    assert list(table.columns) == COLUMNS
    assert set(table["student"]) == {"teacher-x"}
    wordings_rows = [WORDING.format(number) for number in range(len(variants) + 1)]
    assert table["estimand"].tolist() == [*wordings_rows, RELIABILITY] * 4
    own = contrast(variants[0].assign(score=variants[0]["log_odds"]), "gender")
    assert row(table, WORDING.format(1))["estimate"] == pytest.approx(own.mean)
    assert row(table, WORDING.format(1))["ci_low"] == pytest.approx(infer(own).ci_low)
    table = table[table["estimand"] == RELIABILITY]
    assert list(found) == list(table[["axis", "scale"]].itertuples(index=False, name=None))
    assert table["n_pairs"].tolist() == [1584, 1584, 144, 144]
    assert set(table["verdict"]) == {RELIABLE}
    frames = [frame.assign(score=frame["log_odds"]) for frame in (teacher, *variants)]
    expected = reliability(frames, "gender")
    assert found["gender", "log-odds"] == expected
    assert row(table, RELIABILITY)[["estimate", "ci_low", "ci_high"]].tolist() == [
        *(expected.estimate, expected.ci_low, expected.ci_high)
    ]


def test_wordings_with_nothing_in_common_are_called_so(wordings):
    teacher, _, other = wordings
    table, found = measure_reliability("teacher", teacher, [other])
    table = table[table["estimand"] == RELIABILITY]
    assert set(table.loc[table["ci_low"] <= 0, "verdict"]) == {UNRELIABLE}
    assert found["gender", "log-odds"].ci_low < 0


def test_reliability_is_not_measured_where_a_wording_saturates(wordings):
    teacher, (first, _), _ = wordings
    log_odds = first["log_odds"].mask(first.index < 2, np.inf).to_numpy()
    table, found = measure_reliability("teacher", teacher, [scored(log_odds)])
    assert set(found) == {("gender", "probability"), ("race", "probability")}
    odds = table[table["scale"] == "log-odds"]
    assert (odds["verdict"] == NOT_MEASURABLE).all()
    assert (odds["n_saturated"] == 2).all()
    assert odds["estimate"].isna().all()


def test_wordings_that_tell_nobody_apart_have_no_reliability():
    flat = scored(TEMPLATE / 7)
    table, _ = measure_reliability("teacher", flat, [flat])
    assert table.loc[table["estimand"] == RELIABILITY, "estimate"].isna().all()
    assert (table["verdict"] == NOT_MEASURABLE).all()


def test_the_interval_covers_no_change_as_often_as_it_says():
    """Arms with noise of their own and no true change; 92 to 99.5 % of 100 intervals reach 0."""
    changes = (noise(5000 + draw) - noise(1000 + draw) for draw in range(100))
    found = [infer(contrast(CORPUS.assign(score=change), "gender")) for change in changes]
    assert 0.92 <= np.mean([not inference.clear for inference in found]) <= 0.995


@pytest.fixture(scope="module")
def reference_transfer(reference):
    """Tables in probability, and for one student in log-odds too."""
    scales = {"bow": ("probability",), "cnn": ("probability",), "distilbert": tuple(SCALES)}
    return {
        student: part(
            reference["teacher-llama3.1"],
            [reference[f"{student}-baseline"]],
            [reference[f"{student}-distilled"]],
            axes=AXES,
            scales=scales[student],
        )
        for student in scales
    }


@pytest.mark.parametrize(("student", "axis"), REFERENCE)
def test_slopes_of_the_original_study(reference_transfer, student, axis):
    found = row(reference_transfer[student], SLOPE, axis, "probability")
    assert found["estimate"] == pytest.approx(REFERENCE[student, axis], abs=0.002)


def test_the_original_study_s_answer_depends_on_the_scale(reference_transfer):
    found = row(reference_transfer["distilbert"], SLOPE, "race", "log-odds")
    assert found["estimate"] == pytest.approx(-0.68, abs=0.01)


def test_the_original_study_s_word_level_students_say_nothing_of_race(reference_transfer):
    for student in ("bow", "cnn"):
        found = row(reference_transfer[student], SLOPE, "race", "probability")
        assert found["verdict"] == NOT_MEASURABLE
        assert "of the African-American side" in found["reason"]
    assert (
        row(reference_transfer["distilbert"], SLOPE, "race", "probability")["verdict"] == ONE_SEED
    )
