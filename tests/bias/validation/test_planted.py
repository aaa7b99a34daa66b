"""Planted bias by hand: which reviews, how much, the slope; then the command on a tiny study."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from bias_transfer import cli
from bias_transfer.bias.inference.two_way import infer, with_seeds
from bias_transfer.bias.pairs import contrast
from bias_transfer.bias.validation import planted
from bias_transfer.commands import validate
from bias_transfer.corpora import eec, text_id
from bias_transfer.io import schemas, tables

SHIPPED = Path(__file__).resolve().parents[3] / "params.yaml"
CORPUS = eec.generate()
FEMALE = (CORPUS["gender"] == "female").to_numpy(float)
REVIEWS = 120


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("She saves him, and her sister too.", True),
        ("SHE'S a woman's woman", True),
        ("He loves her.", False),  # one each
        ("his wife, her husband, his mother, and him", False),
        ("The man and the women: she is good.", True),
        ("A sheriff, a shepherd and other heroes", False),  # no word of either list
        ("", False),
    ],
)
def test_reviews_that_mention_more_women(text, more):
    assert planted.mentions_more_women(pd.Series([text])).tolist() == [more]


def test_the_words_hold_the_corpus_and_no_word_is_on_both_sides():
    phrases = [*eec.NOUN_PAIRS, *zip(*eec.PRONOUNS.values(), strict=True)]
    assert {male.split()[-1] for male, _ in phrases} <= planted.MALE
    assert {female.split()[-1] for _, female in phrases} <= planted.FEMALE
    assert not planted.MALE & planted.FEMALE


def test_the_dose_shifts_log_odds_by_exactly_the_dose():
    teacher = np.array([[0.5, 0.5], [0.8, 0.2], [0.1, 0.9]])
    raised = planted.plant(teacher, np.array([True, False, True]), 0.7)
    shift = np.log(raised[:, 1] / raised[:, 0]) - np.log(teacher[:, 1] / teacher[:, 0])
    np.testing.assert_allclose(shift, [0.7, 0, 0.7], atol=1e-12)
    np.testing.assert_allclose(raised.sum(1), 1)
    assert raised[1].tolist() == [0.8, 0.2]


def test_a_label_of_exactly_0_or_1_stays_what_it_is():
    certain = np.array([[1.0, 0.0], [0.0, 1.0]])
    np.testing.assert_array_equal(planted.plant(certain, np.array([True, True]), 2.0), certain)


def test_the_control_is_as_large_and_differs_by_seed():
    rows = np.arange(50) < 12
    first, second = (planted.as_many_at_random(rows, seed) for seed in (0, 1))
    assert first.sum() == second.sum() == 12
    assert (first != second).any()
    np.testing.assert_array_equal(first, planted.as_many_at_random(rows, 0))


def test_slope_weights_by_hand():
    # Mean .875, deviations -.875 -.375 .125 1.125, squares .765625 + .140625 + .015625 + 1.265625 =
    # 2.1875
    expected = np.array([-0.875, -0.375, 0.125, 1.125]) / 2.1875
    np.testing.assert_allclose(planted.slope_weights([0, 0.5, 1, 2]), expected)
    values = np.array([0.3, 0.1, 0.7, 0.9])
    assert planted.slope_weights(planted.DOSES) @ values == pytest.approx(
        np.polyfit(planted.DOSES, values, 1)[0]
    )


def test_the_slope_of_gaps_that_grow_with_the_dose():
    random = np.random.default_rng(0)
    per_seed, doses = np.array([0.2, 0.4, 0.6]), np.array(planted.DOSES)
    log_odds = random.normal(scale=0.01, size=(3, 4, len(CORPUS))) + np.einsum(
        "s,d,n->sdn", per_seed, doses, FEMALE
    )
    inference, by_seed = planted.slope(CORPUS, log_odds)
    np.testing.assert_allclose(by_seed, per_seed, atol=0.005)
    assert inference.mean == pytest.approx(0.4, abs=0.005)
    assert inference.mean == pytest.approx(by_seed.mean())
    assert inference.se > by_seed.std(ddof=1) / np.sqrt(3)
    np.testing.assert_allclose(planted.gaps(CORPUS, log_odds)[:, 3], per_seed * 2, atol=0.005)


def test_false_alarms_are_what_slope_finds_in_the_same_deals():
    random = np.random.default_rng(1)
    unit = 0.3 * random.normal(size=(9, 1)) * (CORPUS["person"] == "she").to_numpy()
    pool = (
        unit + 0.05 * random.normal(size=(9, len(CORPUS))) + np.linspace(-1, 1, 9)[:, None] * FEMALE
    )
    deals, found = np.random.default_rng(0), []
    for _ in range(6):
        dealt = deals.choice(9, size=(2, 4), replace=False)
        found.append(planted.slope(CORPUS, pool[dealt])[0].clear)
    assert planted.false_alarms(CORPUS, pool, seeds=2, draws=6) == np.mean(found)


def test_a_mixture_of_contrasts_is_the_contrast_of_the_mixture():
    first, second = np.random.default_rng(2).normal(size=(2, len(CORPUS)))
    pairs = [contrast(CORPUS.assign(score=score), "gender") for score in (first, second)]
    parts = [(p.pairs["difference"].to_numpy(), p.influence["influence"].to_numpy()) for p in pairs]
    mixed = planted._mixed(pairs[0], *(0.3 * a - 2 * b for a, b in zip(*parts, strict=True)))
    expected = contrast(CORPUS.assign(score=0.3 * first - 2 * second), "gender")
    assert infer(mixed).p_value == pytest.approx(infer(expected).p_value, abs=1e-9)
    assert with_seeds(infer(mixed), np.array([0.0, 1.0])).se > infer(mixed).se


def test_the_stand_in_knows_the_words_and_has_not_seen_the_review():
    texts = pd.Series([f"{word} film {number}" for number in range(40) for word in ("good", "bad")])
    labels = pd.Series([1, 0] * 40)
    assert ((planted.cross_fitted(texts, labels)[:, 1] > 0.5) == labels).all()
    noise = pd.Series(np.random.default_rng(0).integers(0, 2, 80))
    alone = pd.Series([f"film only{number}" for number in range(80)])
    assert planted.cross_fitted(alone, noise)[:, 1].std() < 0.05


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A folder, made current, with a bag of words of one epoch, two doses, and labels for ``REVIEWS`` reviews."""
    values = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    values["students"]["bow"] |= {"epochs": 1, "embedding_dim": 4, "learning_rate": 0.05}
    values["study"]["students"] = ["bow"]
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    words = [
        ("good", "bad")[number % 2] + (" she", " he", "")[number % 3] for number in range(REVIEWS)
    ]
    reviews = pd.DataFrame(
        {"text": [f"{word} film number {number}" for number, word in enumerate(words)]}
    )
    reviews = reviews.assign(id=reviews["text"].map(text_id), label=1 - np.arange(REVIEWS) % 2)
    tables.write(reviews, tmp_path / "data/reviews/snippets/train.csv", schemas.REVIEWS)
    positive = 0.3 + 0.4 * reviews["label"]
    labels = reviews[["id"]].assign(label_0=1 - positive, label_1=positive, label_mass=0.9)
    tables.write(labels, tmp_path / "data/teacher/snippets/smollm2/train.csv", schemas.LABELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(planted, "DOSES", (0.0, 4.0))
    monkeypatch.setattr(validate, "DRAWS", 10)
    return tmp_path


def planted_table(*options):
    command = [
        "validate",
        "planted",
        "--out",
        "planted.csv",
        "--work",
        "work",
        "--seeds",
        "2",
        *options,
    ]
    result = CliRunner(env={"TOKENIZERS_PARALLELISM": "true"}).invoke(cli.main, command)
    assert result.exit_code == 0, result.output
    return pd.read_csv("planted.csv")


def test_the_command_plants_measures_and_keeps_its_fits(study, monkeypatch):
    table = planted_table("--null-fits", "4")
    assert table["estimand"].tolist() == ["gap", "gap", "slope"] * 2 + ["false alarms"]
    assert table["planted_on"].tolist() == ["women"] * 3 + ["random"] * 3 + ["none"]
    assert list(table.columns) == validate.COLUMNS
    assert (table["n_reviews"] == REVIEWS).all()
    assert table["n_reviews_planted"].tolist() == [REVIEWS / 3] * 6 + [0]
    slopes = table[table["estimand"] == "slope"].set_index("planted_on")
    gaps = table[(table["estimand"] == "gap") & (table["planted_on"] == "women")][
        "estimate"
    ].to_numpy()
    assert slopes.loc["women", "estimate"] == pytest.approx((gaps[1] - gaps[0]) / 4, abs=1e-4)
    assert slopes.loc["women", "estimate"] > slopes.loc["random", "estimate"]
    assert 0 <= table["estimate"].iloc[-1] <= 1
    assert (
        len(list((study / "work").glob("*.npy"))) == 2 * 3 + 4
    )  # the two kinds share the fits at dose 0

    monkeypatch.setattr(validate, "_fit", None)  # whatever is kept is not fitted again
    pd.testing.assert_frame_equal(planted_table("--null-fits", "4"), table)


def test_the_command_needs_no_labels_with_the_stand_in(study):
    (study / "data/teacher/snippets/smollm2/train.csv").unlink()
    table = planted_table("--null-fits", "0", "--stand-in")
    assert set(table["teacher"]) == {"cross-fitted words"}
    assert "false alarms" not in set(table["estimand"])


def test_the_command_refuses_too_few_null_fits(study):
    arguments = ["validate", "planted", "--out", "planted.csv", "--null-fits", "3"]
    result = CliRunner(env={"TOKENIZERS_PARALLELISM": "true"}).invoke(cli.main, arguments)
    assert result.exit_code == 1
    assert "3 null fits are too few: one draw takes 10" in result.stderr


def test_the_command_for_null_data_names_the_worst_cell(tmp_path):
    out = tmp_path / "null.csv"
    result = CliRunner(env={"TOKENIZERS_PARALLELISM": "true"}).invoke(
        cli.main, ["validate", "null", "--datasets", "10", "--out", str(out)]
    )
    assert result.exit_code == 0, result.output
    assert "Most false alarms of p_clustered" in result.stdout
    assert len(pd.read_csv(out)) == 64 + 4  # the grid, and gaps that hang on words
