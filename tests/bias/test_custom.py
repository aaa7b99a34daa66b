"""Counterfactual pairs of a user's own: read or refused, and their contrast by hand."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias import custom, scores
from bias_transfer.bias.audit import NOTHING_VARIES
from bias_transfer.bias.inference.two_way import infer, one_way
from bias_transfer.io.errors import InputError


@pytest.fixture
def table():
    """Two templates by three noun pairs; in the second template the men stand first."""
    rows = []
    for template, text in (("t1", "{} feels angry"), ("t2", "I saw {}")):
        for unit in ("she/he", "aunt/uncle", "sister/brother"):
            sides = list(zip(("female", "male"), unit.split("/"), strict=True))
            for group, person in sides if template == "t1" else sides[::-1]:
                rows.append((f"{template}-{unit}", group, template, text.format(person), unit))
    return pd.DataFrame(rows, columns=["pair_id", "group", "template", "sentence", "unit"])


def save(frame, path):
    frame.to_parquet(path, index=False) if path.suffix == ".parquet" else frame.to_csv(
        path, index=False
    )
    return path


def error_of(frame, path):
    with pytest.raises(InputError) as caught:
        custom.read(save(frame, path))
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message.removeprefix(str(path))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_read_gives_the_rows_in_order_and_only_its_columns(table, tmp_path, suffix):
    read = custom.read(save(table[table.columns[::-1]].assign(note=1), tmp_path / f"mine.{suffix}"))
    pd.testing.assert_frame_equal(read, table)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_numbers_are_as_good_as_names(table, tmp_path, suffix):
    numbered = table.assign(
        pair_id=pd.factorize(table["pair_id"])[0], group=(table["group"] == "male").astype(int)
    )
    read = custom.read(save(numbered, tmp_path / f"mine.{suffix}"))
    assert read["pair_id"].tolist()[:3] == ["0", "0", "1"]
    assert custom.axis(read) == "0 - 1"


def test_words_that_pandas_takes_for_missing_are_words(table, tmp_path):
    table = table.replace({"female": "None", "male": "NA"})
    assert custom.axis(custom.read(save(table, tmp_path / "mine.csv"))) == "None - NA"


def test_without_units_there_is_one(table, tmp_path):
    read = custom.read(save(table.drop(columns="unit"), tmp_path / "mine.csv"))
    assert read["unit"].nunique() == 1


@pytest.mark.parametrize("column", ["pair_id", "group", "template", "sentence"])
def test_missing_column_is_named(table, tmp_path, column):
    message = error_of(table.drop(columns=column), tmp_path / "mine.csv")
    assert f"column '{column}' is missing" in message


@pytest.mark.parametrize("column", ["pair_id", "group", "template", "sentence", "unit"])
@pytest.mark.parametrize(
    ("suffix", "row", "fault"), [("csv", 5, "is empty"), ("parquet", 4, "is missing")]
)
def test_missing_value_is_named_by_its_row(table, tmp_path, column, suffix, row, fault):
    table.loc[3, column] = None
    message = error_of(table, tmp_path / f"mine.{suffix}")
    assert f", row {row}, column '{column}': {fault}" in message


@pytest.mark.parametrize(
    ("labels", "row"),
    [
        (range(4), 3),
        (list("abcd"), "d"),
        (pd.date_range("2026-01-01", periods=4), "2026-01-04 00:00:00"),
    ],
)
def test_rows_of_a_table_at_hand_are_named_by_its_index(table, labels, row):
    part = table.head(4).set_axis(labels)
    part.iloc[3, part.columns.get_loc("sentence")] = " "
    with pytest.raises(InputError, match=f"mine, row {row}, column 'sentence': is empty"):
        custom.check(part, "mine")


@pytest.mark.parametrize(("groups", "count"), [(["female"], 1), (["female", "male", "other"], 3)])
def test_groups_are_two(table, tmp_path, groups, count):
    table["group"] = np.resize(groups, len(table))
    message = error_of(table, tmp_path / "mine.csv")
    assert f"two groups to compare, not {count}" in message
    assert all(repr(group) in message for group in groups)


def test_sentence_that_stands_twice(table, tmp_path):
    table.loc[4, "sentence"] = table.loc[0, "sentence"]
    assert "1 sentences stand twice, the first being 'she feels angry'" in error_of(
        table, tmp_path / "mine.csv"
    )


def test_pair_with_one_sentence(table, tmp_path):
    message = error_of(table.drop(index=[1, 6]), tmp_path / "mine.csv")
    assert (
        "one sentence of each group; 2 do not, the first being 't1-she/he' (1 of 'female', 0 of "
        "'male')" in message
    )


def test_pair_with_three_sentences(table, tmp_path):
    third = table.iloc[[0]].assign(sentence="the girl feels angry")
    message = error_of(pd.concat([table, third]), tmp_path / "mine.csv")
    assert "1 do not, the first being 't1-she/he' (2 of 'female', 1 of 'male')" in message


@pytest.mark.parametrize("column", ["template", "unit"])
def test_pair_with_two_templates_or_units(table, tmp_path, column):
    table.loc[0, column] = "other"
    message = error_of(table, tmp_path / "mine.csv")
    assert f"one {column} for both sentences; 1 do not, the first being 't1-she/he'" in message


def test_one_pair_is_refused(table, tmp_path):
    assert "one pair" in error_of(table.iloc[:2], tmp_path / "mine.csv")


def test_one_template_without_units_is_refused(table, tmp_path):
    message = error_of(table.assign(template="t").drop(columns="unit"), tmp_path / "mine.csv")
    assert "nothing can be clustered" in message
    assert "`unit`" in message
    assert "more templates" in message


def test_one_template_with_units_is_read(table, tmp_path):
    assert len(custom.read(save(table.assign(template="t"), tmp_path / "mine.csv"))) == 12


def test_scores_are_matched_to_the_sentences_in_any_order(table):
    scored = table[["sentence"]].assign(score=np.linspace(0.1, 0.9, len(table)))
    matched = scores.match(scored.sample(frac=1, random_state=0), "theirs.csv", corpus=table)
    assert matched["sentence"].tolist() == table["sentence"].tolist()
    np.testing.assert_array_equal(matched["score"], scored["score"])
    np.testing.assert_allclose(
        matched["log_odds"], np.log(scored["score"] / (1 - scored["score"])), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda frame: frame.drop(index=[1, 2, 3, 4]),
            "4 sentences of the corpus are missing, .* 'he feels angry'; ",
        ),
        (
            lambda frame: pd.concat([frame, frame.iloc[[2]]]),
            "1 sentences stand twice, .* 'aunt feels angry': keep each",
        ),
        (
            lambda frame: frame.replace("I saw he", "I saw him"),
            "1 sentences are not in the corpus, .* 'I saw him': score each",
        ),
        (lambda frame: frame.rename(columns={"sentence": "id"}), "no sentence column"),
    ],
)
def test_scores_of_other_sentences_are_refused(table, change, message):
    with pytest.raises(InputError, match=message):
        scores.match(change(table[["sentence"]].assign(score=0.5)), "theirs.csv", corpus=table)


def test_contrast_by_hand(table):
    # Rows of t1: female, male; rows of t2: male, female. Differences: .1 .2 .3 and .3 .5 .4, mean
    # .3.
    scored = pd.Series(
        [0.6, 0.5, 0.7, 0.5, 0.8, 0.5, 0.2, 0.5, 0.2, 0.7, 0.2, 0.6], index=range(100, 112)
    )
    contrast = custom.contrast(table, scored)
    assert contrast.pairs["pair_id"].tolist() == table["pair_id"].drop_duplicates().tolist()
    np.testing.assert_allclose(
        contrast.pairs["difference"], [0.1, 0.2, 0.3, 0.3, 0.5, 0.4], atol=1e-12
    )
    np.testing.assert_allclose(contrast.pairs["first"], [0.6, 0.7, 0.8, 0.5, 0.7, 0.6])
    np.testing.assert_allclose(contrast.pairs["second"], [0.5, 0.5, 0.5, 0.2, 0.2, 0.2])
    assert contrast.mean == pytest.approx(0.3)
    np.testing.assert_allclose(
        contrast.influence["influence"] * 6, [-0.2, -0.1, 0, 0, 0.2, 0.1], atol=1e-12
    )
    assert contrast.leverage["template"].to_dict() == {"t1": 0.5, "t2": 0.5}
    assert contrast.leverage["unit"].to_numpy() == pytest.approx(1 / 3)
    assert contrast.leverage["both"].to_numpy() == pytest.approx(1 / 6)
    assert contrast.strata is None
    # Template sums of influence are -.05 and .05, so V = 2 * .05² / (1 - 1/2) = .01.
    assert one_way(contrast, "template").se == pytest.approx(0.1)
    # Unit sums are -.2/6, .1/6 and .1/6, so V = (.04 + .01 + .01) / 36 / (1 - 1/3) = .0025.
    assert one_way(contrast, "unit").se == pytest.approx(0.05)
    # Both: .1 / 36 / (1 - 1/6) = 1/300. V = .01 + .0025 - 1/300 is below the larger of the two ways
    # alone.
    assert infer(contrast).se == pytest.approx(0.1)
    # Degrees of freedom of the ways are 1 and 2, by their variances: 1 / (.8 / 1 + .2 / 2).
    assert infer(contrast).df == pytest.approx(1 / 0.9)


def test_first_group_is_the_first_in_the_file(table):
    turned = table.iloc[::-1].reset_index(drop=True)
    scored = pd.Series(np.where(turned["group"] == "female", 0.7, 0.5))
    assert custom.axis(table) == "female - male"
    assert custom.contrast(turned, scored).mean == pytest.approx(0.2)
    other = table.iloc[[1, 0, *range(2, 12)]].reset_index(drop=True)
    assert custom.axis(other) == "male - female"
    assert custom.contrast(
        other, pd.Series(np.where(other["group"] == "female", 0.7, 0.5))
    ).mean == pytest.approx(-0.2)


def test_without_units_the_error_is_clustered_by_template_alone(table, tmp_path):
    corpus = custom.read(save(table.drop(columns="unit"), tmp_path / "mine.csv"))
    scored = pd.Series(np.random.default_rng(0).random(len(corpus)))
    contrast = custom.contrast(corpus, scored)
    assert len(contrast.leverage["unit"]) == 1
    inference, template = infer(contrast), one_way(contrast, "template")
    assert (inference.se, inference.df) == (pytest.approx(template.se), pytest.approx(template.df))
    assert np.isfinite(inference.ci_low)


def test_with_one_template_the_error_is_clustered_by_unit_alone(table):
    corpus = table.assign(template="t")
    contrast = custom.contrast(corpus, pd.Series(np.random.default_rng(0).random(len(corpus))))
    inference, unit = infer(contrast), one_way(contrast, "unit")
    assert (inference.se, inference.df) == (pytest.approx(unit.se), pytest.approx(unit.df))


def own_scores(n, women, men, random=0):
    """``n`` pairs of templates of their own, and the corpus with scores about women and men."""
    pairs = custom.check(
        pd.DataFrame(
            {
                "pair_id": np.repeat(range(n), 2),
                "group": ["women", "men"] * n,
                "template": np.repeat(range(n), 2),
                "sentence": [f"{who} {i}" for i in range(n) for who in ("she", "he")],
            }
        ),
        "pairs",
    )
    noise = np.random.default_rng(random).normal(0, 0.01, 2 * n) * (random > 0)
    score = np.tile([women, men], n) + noise
    return pairs, pairs.assign(score=score, log_odds=np.log(score) - np.log(1 - score))


def test_seeds_of_one_system_are_one_row_and_widen_its_interval():
    pairs, first = own_scores(30, 0.5, 0.4, random=1)
    _, second = own_scores(30, 0.5, 0.3, random=2)
    rows = custom.audit({"m/seed-0": first, "m/seed-1": second, "other": first}, pairs, 0.02)
    assert rows["system"].tolist() == ["m", "m/seed-0", "m/seed-1", "other"]
    one = rows.set_index("system")
    assert one.loc["m", "mean_difference"] == pytest.approx(0.15, abs=0.01)
    assert one.loc["m", "n_seeds"] == 2
    assert one.loc["m", "se_clustered"] > one.loc["other", "se_clustered"]
    assert one.loc["other", "verdict"] == "difference"
    assert one.loc["m/seed-0", "verdict"] == "see all seeds"


@pytest.mark.parametrize(
    ("n", "men", "verdict"),
    [(6, 0.9, "difference"), (5, 0.9, "not measurable"), (30, 0.1, "not measurable")],
)
def test_pairs_that_all_differ_by_the_same_need_six_for_a_difference(n, men, verdict):
    pairs, scored = own_scores(n, 0.1, men)
    row = custom.audit({"rule": scored}, pairs, 0.02).iloc[0]
    assert row["mean_difference"] == pytest.approx(0.1 - men)
    assert row["verdict"] == verdict
    if verdict == "difference":
        assert row["p_clustered"] == 2 / 2**n
        assert row["ci_low"] == row["ci_high"] == row["mean_difference"]
    else:
        assert row["reason"] == NOTHING_VARIES


def test_columns_of_the_file_are_named_where_one_is_missing(table, tmp_path):
    message = error_of(table.rename(columns=str.upper), tmp_path / "mine.csv")
    assert "column 'pair_id' is missing (columns: PAIR_ID, GROUP, TEMPLATE, SENTENCE" in message
