"""Solved examples: half of each class, never the text itself, and rarely others than before."""

import pandas as pd
import pytest

from bias_transfer.corpora import text_id
from bias_transfer.io.errors import InputError
from bias_transfer.study import params
from bias_transfer.teacher.examples import Pool

CHOICES = ["fixed", "random"]
OUTSIDE = text_id("a sentence of the corpus")


def reviews(n: int, what: str = "review") -> pd.DataFrame:
    texts = [f"{what} {i}" for i in range(n)]
    return pd.DataFrame(
        {"id": map(text_id, texts), "text": texts, "label": [i % 2 for i in range(n)]}
    )


def pool(train: pd.DataFrame, count: int = 3, choice: str = "fixed", seed: int = 0) -> Pool:
    return Pool(train, params.Examples(count=count, choice=choice, seed=seed))


def shown(pool: Pool, name: str = OUTSIDE) -> list[str]:
    return [example.id for example in pool.examples(name)]


@pytest.fixture
def train() -> pd.DataFrame:
    return reviews(60)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", [0, 1])
def test_half_of_each_class_and_the_odd_one_by_seed(train, choice, count, seed):
    labels = train.set_index("id")["label"]
    drawn = pool(train, count, choice, seed)
    for name in [OUTSIDE, *train["id"]]:
        examples = drawn.examples(name)
        found = [example.label for example in examples]
        assert len(found) == count
        assert found.count(seed % 2) == -(-count // 2)
        assert found == labels[[example.id for example in examples]].tolist()


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("n", [5, 60])
def test_no_review_is_its_own_example_and_none_is_a_duplicate(choice, n):
    train = reviews(n)
    drawn = pool(train, 3, choice)
    for name in train["id"]:
        assert name not in shown(drawn, name)
        assert len(set(shown(drawn, name))) == 3


@pytest.mark.parametrize("seed", range(4))
def test_review_that_is_an_example_sees_what_all_would_see_if_it_were_not_there(train, seed):
    drawn = pool(train, seed=seed)
    everyones = shown(drawn)
    for name in train["id"]:
        assert (shown(drawn, name) == everyones) == (name not in everyones)
    for name in everyones:
        assert shown(drawn, name) == shown(pool(train[train["id"] != name], seed=seed))


def test_texts_that_are_no_training_reviews_all_see_the_fixed_ones(train):
    others = [OUTSIDE, *reviews(20, "test")["id"]]
    fixed = shown(pool(train))
    for choice in CHOICES:
        drawn = pool(train, choice=choice)
        assert all(shown(drawn, name) == fixed for name in others)


def test_random_draws_anew_for_each_training_review(train):
    drawn = pool(train, choice="random")
    seen = [frozenset(shown(drawn, name)) for name in train["id"]]
    assert len(set(seen)) > 55
    assert len(frozenset.union(*seen)) > 50  # and from the whole split


@pytest.mark.parametrize("choice", CHOICES)
def test_draw_depends_on_the_seed_and_not_on_the_order_of_the_reviews(train, choice):
    name = train["id"][0]
    assert shown(pool(train, choice=choice), name) == shown(pool(train[::-1], choice=choice), name)
    assert len({tuple(shown(pool(train, 4, choice, seed), name)) for seed in range(10)}) == 10


def test_classes_do_not_stand_in_blocks():
    """An order by class would have every prompt end on the same label."""
    ends = [pool(reviews(60), 4, seed=seed).examples(OUTSIDE)[-1].label for seed in range(20)]
    assert 4 < sum(ends) < 16


def test_another_review_seldom_changes_the_fixed_ones_and_never_unnoticed(train):
    """The newest of 31 reviews of a class can be shown one time in 12.

    Two can be shown of class 1, three of class 0, the spare one included.
    """
    before = pool(train)
    names = [OUTSIDE, *train["id"]]
    kept = 0
    for _, new in reviews(60, "new").groupby("id"):
        after = pool(pd.concat([train, new]))
        if after.sha256 == before.sha256:
            kept += 1
            assert all(shown(after, name) == shown(before, name) for name in names)
            assert shown(after, new["id"].iloc[0]) == shown(before)
    assert 48 <= kept < 60


@pytest.mark.parametrize("change", [{"count": 4}, {"seed": 2}, {"choice": "random"}], ids=str)
def test_hash_changes_with_what_is_asked_for(train, change):
    assert pool(train, **change).sha256 != pool(train).sha256


@pytest.mark.parametrize("choice", CHOICES)
def test_hash_changes_with_every_review_that_can_be_shown(train, choice):
    """Gone, or with another label. The fixed ones are three, and one to spare per class."""
    before = pool(train, choice=choice)
    seen = {example for name in [OUTSIDE, *train["id"]] for example in shown(before, name)}
    assert choice == "random" or len(seen) == 5
    for name in train["id"]:
        is_shown = choice == "random" or name in seen
        assert (pool(train[train["id"] != name], choice=choice).sha256 != before.sha256) == is_shown
        flipped = train.assign(label=train["label"] ^ (train["id"] == name))
        assert pool(flipped, choice=choice).sha256 != before.sha256 or not is_shown


def test_hash_of_random_examples_changes_with_any_new_review(train):
    more = pd.concat([train, reviews(1, "new")])
    assert pool(more, choice="random").sha256 != pool(train, choice="random").sha256


@pytest.mark.parametrize(("seed", "short"), [(0, 0), (1, 1)])
def test_too_few_reviews_of_a_class_are_refused(train, seed, short):
    """One more is needed than is shown: an example itself is shown another in its own place."""
    of_class = train["label"] == short
    enough = pd.concat([train[~of_class], train[of_class][:3]])
    assert len(pool(enough, 3, seed=seed).examples(enough["id"].iloc[-1])) == 3
    with pytest.raises(InputError, match=f"2 training reviews with label {short}, and there are 2"):
        pool(enough[:-1], 3, seed=seed)
