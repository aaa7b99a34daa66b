"""Both versions of training reviews: of women, of men, and what is left as it is."""

import pandas as pd
import pytest

from bias_transfer.corpora import text_id
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.stages import versions
from bias_transfer.study.paths import Layout

TEXTS = ["she loved her son", "a dull film", "He met her mother.", "he waited"]
OF_WOMEN = ["she loved her daughter", "a dull film", "She met her mother.", "she waited"]
OF_MEN = ["he loved his son", "a dull film", "He met his father.", "he waited"]


@pytest.fixture
def layout(checkout, tiny_params, write_edits) -> Layout:
    layout = Layout(tiny_params().study)
    frame = pd.DataFrame({"id": map(text_id, TEXTS), "text": TEXTS, "label": [0, 1, 0, 1]})
    tables.write(frame, layout.reviews("train"), schemas.REVIEWS)
    write_edits(layout.edits, pd.Series([*TEXTS, "a held-out girl"]))
    return layout


def test_each_review_stands_once_about_women_and_once_about_men(layout):
    found = versions.read(layout)
    assert found.texts["female"].tolist() == OF_WOMEN
    assert found.texts["male"].tolist() == OF_MEN
    assert found.mentioned.tolist() == [True, False, True, True]


def test_the_teacher_is_asked_about_each_version_once(layout):
    to_label = versions.read(layout).to_label()
    assert sorted(to_label["text"]) == sorted({*OF_WOMEN, *OF_MEN} - {"a dull film"})
    assert to_label["id"].tolist() == to_label["text"].map(text_id).tolist()


def test_reviews_without_edits_are_all_as_they_are(layout, write_edits):
    write_edits(layout.edits, pd.Series(["a held-out girl"]))
    found = versions.read(layout)
    assert found.texts["female"].tolist() == found.texts["male"].tolist() == TEXTS
    assert not found.mentioned.any()
    assert found.to_label().empty


def test_missing_edits_are_named(layout):
    layout.edits.unlink()
    with pytest.raises(InputError, match=r"edits\.csv is missing"):
        versions.read(layout)
