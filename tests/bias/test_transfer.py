"""The change of a gap from baseline to distilled: by hand, and covered by its interval as often as it says."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.transfer import (
    AGAINST_TEACHER,
    CHANGE,
    COLUMNS,
    NO_EVIDENCE,
    NOT_MEASURABLE,
    ONE_SEED,
    SHARE,
    TEACHER_UNCLEAR,
    WITH_TEACHER,
    transfer,
)
from bias_transfer.corpora import eec
from bias_transfer.errors import InputError
from bias_transfer.stages import transfer as command

CORPUS = eec.generate()
FEMALE = (CORPUS["gender"] == "female").to_numpy(float)


def scored(log_odds: np.ndarray) -> pd.DataFrame:
    return CORPUS.assign(log_odds=log_odds, score=1 / (1 + np.exp(-log_odds)), emotion_missing=False)


def noise(seed: int, scale: float = 0.2) -> np.ndarray:
    """Effects of template, person and sentence."""
    random = np.random.default_rng(seed)
    template = CORPUS["template"].map(dict(zip(eec.TEMPLATES, random.normal(size=11), strict=True)))
    people = CORPUS["person"].unique()
    person = CORPUS["person"].map(dict(zip(people, random.normal(scale=scale, size=len(people)), strict=True)))
    return (template + person + random.normal(scale=scale, size=len(CORPUS))).to_numpy()


def row(table: pd.DataFrame, estimand: str = CHANGE, axis: str = "gender", scale: str = "log-odds") -> pd.Series:
    (found,) = (r for _, r in table.iterrows() if (r["axis"], r["scale"], r["estimand"]) == (axis, scale, estimand))
    return found


def test_a_uniform_shift_is_measured_exactly_and_as_a_share_of_the_teachers():
    common = noise(0)
    teacher = scored(noise(1, 0.02) + 0.5 * FEMALE)
    table = transfer("bow", teacher, [scored(common)], [scored(common + noise(2, 0.02) * 0 + 0.2 * FEMALE)])
    # Every pair moves by 0.2 and nothing varies, so there is an estimate but no error to give it.
    assert row(table)["estimate"] == pytest.approx(0.2)
    assert row(table)["verdict"] == NOT_MEASURABLE
    assert row(table, SHARE)["estimate"] == pytest.approx(0.2 / row(table)["teacher_gap"])
    assert list(table.columns) == COLUMNS


def test_one_seed_gives_no_verdict():
    table = transfer("bow", scored(noise(1)), [scored(noise(2))], [scored(noise(3) + FEMALE)])
    assert set(row(table)[["verdict"]]) == {ONE_SEED}
    assert row(table)["n_seeds"] == 1


@pytest.mark.parametrize(("shift", "verdict"), [(0.8, WITH_TEACHER), (-0.8, AGAINST_TEACHER), (0.0, NO_EVIDENCE)])
def test_several_seeds_give_a_verdict_with_the_teachers_sign(shift, verdict):
    teacher = scored(noise(1, 0.05) + 0.5 * FEMALE)
    baseline = [scored(noise(seed, 0.1)) for seed in range(10, 13)]
    distilled = [scored(noise(seed, 0.1) + shift * FEMALE) for seed in range(20, 23)]
    assert row(transfer("bow", teacher, baseline, distilled))["verdict"] == verdict


def test_a_change_beside_a_teacher_without_a_clear_gap_has_no_direction():
    baseline = [scored(noise(seed, 0.1)) for seed in range(10, 13)]
    distilled = [scored(noise(seed, 0.1) + 0.8 * FEMALE) for seed in range(20, 23)]
    assert row(transfer("bow", scored(noise(1)), baseline, distilled))["verdict"] == TEACHER_UNCLEAR


def test_seeds_that_disagree_widen_the_interval():
    teacher, base = scored(noise(1)), [scored(noise(2)) for _ in range(3)]
    agreeing = [scored(noise(3) + 0.5 * FEMALE) for _ in range(3)]
    disagreeing = [scored(noise(3) + size * FEMALE) for size in (0.0, 0.5, 1.0)]
    narrow, wide = (row(transfer("bow", teacher, base, arms)) for arms in (agreeing, disagreeing))
    assert narrow["estimate"] == pytest.approx(wide["estimate"])
    assert wide["ci_high"] - wide["ci_low"] > 1.2 * (narrow["ci_high"] - narrow["ci_low"])
    assert wide["seed_sd"] == pytest.approx(0.5)
    assert narrow["seed_sd"] == pytest.approx(0.0)


def test_a_saturated_score_is_counted_and_leaves_log_odds_unmeasured():
    saturated = noise(3).copy()
    saturated[5] = np.inf  # a probability of exactly 1
    table = transfer("bow", scored(noise(1)), [scored(noise(2))], [scored(saturated)])
    assert row(table)["n_saturated"] == 1
    assert np.isnan(row(table)["estimate"])
    assert row(table)["verdict"] == NOT_MEASURABLE
    assert np.isfinite(row(table, scale="probability")["estimate"])


def test_no_share_of_a_teacher_without_a_clear_gap():
    table = transfer("bow", scored(noise(1)), [scored(noise(2))], [scored(noise(3) + FEMALE)])
    assert np.isnan(row(table, SHARE)["estimate"])
    assert row(table, SHARE)["verdict"] == NOT_MEASURABLE


def test_the_interval_covers_no_change_as_often_as_it_says():
    """Arms with noise of their own, and no true change: 95 % intervals, here 92 to 99.5 % of 100 draws."""
    teacher = scored(noise(1))
    covered = []
    for draw in range(100):
        found = row(transfer("bow", teacher, [scored(noise(1000 + draw))], [scored(noise(5000 + draw))]))
        covered.append(found["ci_low"] <= 0 <= found["ci_high"])
    assert 0.92 <= np.mean(covered) <= 0.995


def test_the_command_wants_as_many_baselines_as_distilled(tmp_path):
    with pytest.raises(InputError, match="1 baseline and 2 distilled"):
        command.run("bow", tmp_path / "t", (tmp_path / "b",), (tmp_path / "d", tmp_path / "e"), tmp_path / "out.csv")


def test_the_command_reads_files_in_any_order_of_rows(tmp_path):
    files = {}
    for name, seed in (("teacher", 1), ("baseline", 2), ("distilled", 3)):
        frame = scored(noise(seed))[["sentence", "score"]]
        frame.sample(frac=1, random_state=seed).to_csv(tmp_path / f"{name}.csv", index=False)
        files[name] = tmp_path / f"{name}.csv"
    command.run("bow", files["teacher"], (files["baseline"],), (files["distilled"],), tmp_path / "out.csv")
    expected = transfer("bow", *(f if i == 0 else [f] for i, f in enumerate(map(scored, map(noise, (1, 2, 3))))))
    written = pd.read_csv(tmp_path / "out.csv")
    np.testing.assert_allclose(written["estimate"], expected["estimate"], rtol=1e-9)
