"""The swaps stage: held-out reviews as passages or whole, and a placebo of as many as asked for."""

import pandas as pd
import pytest

from bias_transfer.corpora import text_id
from bias_transfer.io import schemas, tables
from bias_transfer.stages import swaps
from bias_transfer.study.paths import Layout

SHORT = ["she liked this film", "his movie was big", "a dull film"]
LONG = "the film is slow but she saves it in the end as only she can"
UNUSED = "her story is small"


@pytest.fixture
def written(checkout, tiny_params, write_edits):
    """Run the stage with these keys of the reviews' entry; give its pairs and its placebo."""

    def run(passage_words: int = 80, **entry) -> tuple[pd.DataFrame, pd.DataFrame]:
        params = tiny_params(**entry)
        section = params.swaps.model_copy(update={"passage_words": passage_words})
        layout = Layout(params.study)
        for part, texts in (("test", [*SHORT, LONG]), ("unused", [UNUSED])):
            frame = pd.DataFrame({"id": map(text_id, texts), "text": texts, "label": 0})
            tables.write(frame, layout.reviews(part), schemas.REVIEWS)
        write_edits(layout.edits, pd.Series([*SHORT, LONG, UNUSED]))
        swaps.run(params.model_copy(update={"swaps": section}))
        return (
            tables.read(layout.pairs, schemas.SWAPS),
            tables.read(layout.placebo, schemas.PLACEBO),
        )

    return run


def test_held_out_reviews_that_mention_people_are_swapped(written):
    pairs, _ = written()
    assert set(pairs["pair_id"]) == set(map(text_id, [*SHORT[:2], LONG, UNUSED]))
    assert set(pairs["sentence"]) >= {"he liked this film", "her movie was big", LONG}


def test_long_reviews_are_cut_to_a_passage(written):
    pairs, _ = written(passage_words=6)
    longest = pairs[pairs["pair_id"] == text_id(LONG)]
    assert (longest["n_words"] <= 6).all()


def test_where_reviews_are_swapped_whole_longer_ones_are_left_out(written):
    pairs, placebo = written(passage_words=3, swapped_whole=4)
    assert set(pairs["pair_id"]) == set(map(text_id, [*SHORT[:2], UNUSED]))
    assert set(pairs["sentence"]) >= set(SHORT[:2])
    assert text_id(LONG) not in set(placebo["pair_id"])


def test_the_placebo_is_made_of_as_many_reviews_as_the_entry_says(written):
    pairs, everything = written()
    same, sample = written(placebo_size=2)
    pd.testing.assert_frame_equal(pairs, same)
    first = sorted(map(text_id, [*SHORT, LONG, UNUSED]))[:2]
    expected = everything[everything["pair_id"].isin(first)].reset_index(drop=True)
    assert 0 < len(expected) < len(everything)
    pd.testing.assert_frame_equal(sample, expected)
