"""Slopes on one's own teacher and on the others: known answers, and size under no effect."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from swapped import pairs, scored

from bias_transfer.bias import channel, several_teachers
from bias_transfer.bias.channel import Arms
from bias_transfer.bias.several_teachers import Pupil, inference, slopes

PAIRS = pairs(210)
N = len(PAIRS)
SEEDS = (0, 1)
NAMES = ("large", "small", "other")


def teachers(seed=0, shared=0.3, own=0.3):
    """Three teachers' differences: what they agree on, and what each alone tells apart."""
    random = np.random.default_rng(seed)
    common = random.normal(0, shared, N)
    return {name: common + random.normal(0, own, N) for name in NAMES}


def frames(differences, seed, noise=0.3):
    random = np.random.default_rng(seed)
    return {s: scored((PAIRS, differences + random.normal(0, noise, N)), seed=s) for s in SEEDS}


def pupils(differences, seed=1, noise=0.3):
    """A student of each teacher, whose pairs differ by that and noise; the control's by noise."""
    baseline = frames(0.0, seed, noise)
    return {
        name: Pupil(
            Arms(
                "bow", "distilled", "permuted",
                frames(each, seed + 10 * i + 1, noise), frames(0.0, seed + 10 * i + 2, noise),
            ),
            baseline,
        )
        for i, (name, each) in enumerate(differences.items())
    }  # fmt: skip


def measured(differences, of_teachers, jointly=False, **options):
    systems = {name: scored((PAIRS, each)) for name, each in of_teachers.items()}
    return slopes(pupils(differences, **options), systems, PAIRS, jointly=jointly)


def test_a_student_that_follows_its_own_teacher():
    own = teachers()
    found = measured({name: 0.5 * each for name, each in own.items()}, own)
    assert inference(found.own()).mean == pytest.approx(0.5, abs=0.08)
    # Teachers share half of their variance, so a slope on another's is half as large.
    assert inference(found.others()).mean == pytest.approx(0.25, abs=0.08)
    contrast = inference(found.own_minus_others())
    assert contrast.mean == pytest.approx(0.25, abs=0.08)
    assert contrast.clear


def test_jointly_the_others_do_not_count():
    own = teachers()
    found = measured({name: 0.5 * each for name, each in own.items()}, own, jointly=True)
    assert inference(found.own()).mean == pytest.approx(0.5, abs=0.08)
    assert inference(found.others()).mean == pytest.approx(0, abs=0.08)


def test_what_all_teachers_share_is_no_sign_of_its_own():
    """All students follow the mean of the teachers, in different degrees."""
    own = teachers()
    mean = np.mean(list(own.values()), axis=0)
    follow = dict(zip(own, (0.3, 0.5, 0.7), strict=True))
    found = measured({name: degree * mean for name, degree in follow.items()}, own, noise=0.05)
    assert inference(found.own()).mean > 0.3
    assert inference(found.own_minus_others()).mean == pytest.approx(0, abs=0.02)


def test_a_noisy_teacher_is_on_both_sides():
    """Whose differences are larger, all slopes are smaller on: that is no sign of another's own."""
    own = teachers()
    own["small"] = 5 * own["small"]
    found = measured(dict.fromkeys(own, 0.5 * own["large"]), own, noise=0.05)
    assert inference(found.own("small")).mean < inference(found.own("large")).mean / 4
    assert inference(found.own_minus_others()).mean == pytest.approx(0, abs=0.02)


def test_own_minus_others_is_the_mean_over_whom_they_are_measured_by():
    own = teachers()
    found = measured({name: 0.5 * each for name, each in own.items()}, own)
    by = [found.own_minus_strangers(name)[0] for name in NAMES]
    rest = [found.cells[name, "small"][0].value for name in ("large", "other")]
    assert by[1].value == pytest.approx(found.own("small")[0].value - np.mean(rest))
    assert found.own_minus_others()[0].value == pytest.approx(np.mean([one.value for one in by]))


def test_each_slope_is_that_of_the_channel():
    own = teachers()
    systems = {name: scored((PAIRS, each)) for name, each in own.items()}
    students = pupils({name: 0.5 * each for name, each in own.items()})
    found = slopes(students, systems, PAIRS, jointly=False)
    one = students["small"]
    partial = channel.Partial(one.baseline, systems["other"], PAIRS)
    expected = [each.value for each in partial.of_change(one.arms, "log_odds")]
    assert [each.value for each in found.cells["small", "other"]] == expected
    assert len(found.cells) == 9
    rest = [found.cells["small", name][0].value for name in ("large", "other")]
    assert found.others("small")[0].value == pytest.approx(np.mean(rest))


def test_its_error_is_over_reviews_and_seeds():
    own = teachers()
    found = measured({name: 0.5 * each for name, each in own.items()}, own).own_minus_others()
    values = np.array([one.value for one in found])
    of_reviews = np.sqrt((np.mean([one.influence for one in found], axis=0) ** 2).sum())
    of_seeds = values.std(ddof=1) / np.sqrt(len(values))
    assert inference(found).mean == pytest.approx(values.mean())
    assert inference(found).se == pytest.approx(np.hypot(of_reviews, of_seeds))


def test_without_an_effect_of_its_own_one_in_twenty_is_clear_over_reviews():
    alarms, draws = 0, 50
    for draw in range(draws):
        own = teachers(draw)
        mean = np.mean(list(own.values()), axis=0)
        found = measured(dict.fromkeys(own, 0.3 * mean), own, seed=100 * draw + 1)
        alarms += found.own_minus_others()[0].inference.clear
    low, high = stats.binom.interval(0.999, draws, 0.05)
    assert low <= alarms <= high


def test_teachers_correlate():
    own = teachers()
    systems = {name: scored((PAIRS, each)) for name, each in own.items()}
    found = several_teachers.correlations(systems, PAIRS)
    expected = pd.DataFrame(own).corr()
    assert len(found) == 3
    assert found["large", "other"] == pytest.approx(expected.loc["large", "other"])
