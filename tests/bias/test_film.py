"""Gaps on the film sentences: in the columns of the audit, with seeds, and who cannot be read."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias import film as measured
from bias_transfer.bias.audit import DIFFERENCE, NOT_MEASURABLE, ONE_OF_SEVERAL
from bias_transfer.bias.crossed import design
from bias_transfer.bias.inference.slope import SLOPE, infer_coefficient
from bias_transfer.bias.inference.two_way import infer, with_seeds
from bias_transfer.bias.pairs import AXES, SIDES
from bias_transfer.bias.transfer import CHANGE, transfer
from bias_transfer.corpora import film

CORPUS = film.generate()
CORPUS = CORPUS[CORPUS["template"].isin(CORPUS["template"].unique()[::6])].reset_index(drop=True)
FEMALE = (CORPUS["gender"] == "female").to_numpy(float)
AXES_FIRST = {axis: sides[0] for axis, sides in SIDES.items()}
MARGIN = 0.02


def scored(seed: int, gap: float = 0.0) -> pd.DataFrame:
    """Noise of frames, people and sentences, and women higher by ``gap`` in log-odds."""
    random = np.random.default_rng(seed)
    log_odds = gap * FEMALE + random.normal(0, 0.2, len(CORPUS))
    for name, size in (("template", 1.0), ("person", 0.1)):
        code = pd.factorize(CORPUS[name])[0]
        log_odds = log_odds + random.normal(0, size, code.max() + 1)[code]
    return CORPUS.assign(score=1 / (1 + np.exp(-log_odds)), log_odds=log_odds)


def test_rows_are_of_every_system_and_axis_with_the_error_of_the_contrast():
    table = measured.audit({"a": scored(0, 0.6), "b": scored(1)}, MARGIN, {})
    keys = list(table[["system", "axis"]].itertuples(index=False, name=None))
    assert keys == [(system, axis) for system in "ab" for axis in AXES]
    for axis, row in zip(AXES, table.iloc[:2].to_dict("records"), strict=True):
        found = infer(design(CORPUS, axis).contrast(scored(0, 0.6)["log_odds"].to_numpy()))
        assert row["log_odds_difference"] == pytest.approx(found.mean)
        assert row["log_odds_ci_low"] == pytest.approx(found.ci_low)
        assert row["n_pairs"] == CORPUS["template"].nunique()
    verdicts = table.set_index(["system", "axis"])["verdict"]
    assert verdicts["a", "gender"] == DIFFERENCE
    assert DIFFERENCE not in set(verdicts.drop(("a", "gender")))


def test_seeds_are_pooled_in_a_row_before_theirs():
    systems = {f"bow-baseline/seed-{seed}": scored(seed, seed / 2) for seed in (0, 1)}
    table = measured.audit(systems, MARGIN, {})
    gender = table[table["axis"] == "gender"].reset_index(drop=True)
    assert gender["system"].tolist() == ["bow-baseline", *systems]
    assert gender["verdict"].tolist()[1:] == [ONE_OF_SEVERAL] * 2
    means = gender["mean_difference"].tolist()
    assert means[0] == pytest.approx(np.mean(means[1:]))
    layout = design(CORPUS, "gender")
    pooled = np.mean([frame["score"].to_numpy() for frame in systems.values()], axis=0)
    expected = with_seeds(infer(layout.contrast(pooled)), np.array(means[1:]))
    assert gender["ci_low"][0] == pytest.approx(expected.ci_low)


def test_people_whose_words_are_unknown_or_who_score_alike_leave_a_gap_unmeasured():
    names = CORPUS.loc[CORPUS["race"] == "European", "person"].unique()
    row = measured.audit({"a": scored(0)}, MARGIN, {"a": set(names)}).set_index("axis").loc["race"]
    assert row["verdict"] == NOT_MEASURABLE
    assert row["reason"] == "cannot tell apart 100% of the European-American side"
    assert row["n_unknown_persons"] == len(names)
    deaf = scored(0)
    named = deaf["race"] != ""
    for column in ("score", "log_odds"):
        deaf.loc[named, column] = deaf[named].groupby("template")[column].transform("first")
    table = measured.audit({"a": deaf}, MARGIN, {}).set_index("axis")
    assert table.loc["race", "verdict"] == NOT_MEASURABLE
    assert "100%" in table.loc["race", "reason"]
    assert table.loc["gender", "reason"] == ""  # half of it is noun phrases
    assert table.loc["race", "n_alike_persons"] == CORPUS.loc[named, "person"].nunique()
    assert np.isnan(table.loc["race", "n_unknown_persons"])


def test_parts_are_valences_and_kinds_of_people():
    table = measured.breakdown("a", [scored(0, 0.6), scored(1, 0.6)])
    parts = list(table[["axis", "by", "level"]].itertuples(index=False, name=None))
    valences = [(axis, "valence", v) for axis in AXES for v in ("positive", "negative", "neutral")]
    people = [("gender", "people", kind) for kind in ("noun pairs", "names")]
    assert sorted(parts) == sorted([*people, *valences])
    whole = measured.audit({"a": scored(0, 0.6)}, MARGIN, {})["mean_difference"][0]
    assert table.loc[table["by"] == "people", "mean_difference"].mean() == pytest.approx(
        whole, abs=0.03
    )


def test_transfer_is_measured_on_film_sentences_too():
    arms = [[scored(seed, gap) for seed in seeds] for seeds, gap in (((1, 2), 0.0), ((3, 4), 0.5))]
    table = transfer("bow", scored(0, 0.4), *arms, corpus=measured.Film(CORPUS))
    found = table.set_index(["axis", "scale", "estimand"])["estimate"]
    assert found["gender", "log-odds", CHANGE] == pytest.approx(0.5, abs=0.1)
    assert table["n_pairs"].unique().tolist() == [CORPUS["template"].nunique()]


@pytest.mark.parametrize("axis", AXES)
def test_interval_of_a_slope_covers_where_people_weigh_differently(axis):
    """Each person has a level of its own in the student, and each frame a gap."""
    layout, random = design(CORPUS, axis), np.random.default_rng(7)
    sign = np.where(layout.people[axis] == AXES_FIRST[axis], 0.5, -0.5)
    shape, covered, draws = layout.order.shape, 0, 60
    for _ in range(draws):
        gaps = random.normal(0, 1, (shape[0], 1)) * sign
        x = gaps + random.normal(0, 0.05, shape)
        y = 0.5 * gaps + random.normal(0, 0.3, (1, shape[1])) + random.normal(0, 0.3, shape)
        sides = []
        for values in (x, y):
            scores = np.zeros(len(CORPUS))
            scores[layout.order] = values
            sides.append(layout.contrast(scores))
        found = infer_coefficient(*sides, SLOPE)
        covered += found.ci_low < 0.5 < found.ci_high
    assert 0.88 <= covered / draws <= 1


def test_shares_of_people_sum_to_1_in_a_frame():
    for axis in AXES:
        influence = design(CORPUS, axis).contrast(scored(5)["score"].to_numpy()).influence
        assert influence.groupby("template")["share"].sum().tolist() == pytest.approx([1.0] * 12)
