"""The label stage: every wording is asked as if it were the main one, once, and nobody's answers pass for another's."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bias_transfer import tables
from bias_transfer.corpora import eec, text_id
from bias_transfer.layout import SPLITS, Layout
from bias_transfer.stages import label
from bias_transfer.teacher import model

FIRST, SECOND, THIRD = (f"{word}: {{text}}\nSentiment:" for word in ("Text", "Review", "a film"))
COLUMNS = ["label_0", "label_1", "label_mass"]
EEC = eec.generate().iloc[::600].reset_index(drop=True)


@pytest.fixture(autouse=True)
def inputs(checkout, sentences) -> None:
    """Two splits, and a few sentences of the corpus."""
    tables.write(EEC, Path("data/eec/eec.csv"), tables.EEC)
    for reviews, texts in (("mine", sentences), ("other", [*sentences[:2], "he loved the ticket", "she hated it"])):
        frame = pd.DataFrame({"id": map(text_id, texts), "text": texts, "label": [i % 2 for i in range(len(texts))]})
        for split, part in zip(SPLITS, (frame.iloc[:-1], frame.iloc[-1:]), strict=True):
            tables.write(part, Path("data/reviews") / reviews / f"{split}.csv", tables.REVIEWS)


@pytest.fixture
def run(tiny_params, tiny_teacher):
    """Run the stage for a prompt and its variants, and give the layout."""

    def label_with(prompt: str, *variants: str, **study) -> Layout:
        params = tiny_params(teacher=tiny_teacher(prompt=prompt, variants=variants), **study)
        label.run(params)
        return Layout(params.study)

    return label_with


@pytest.fixture
def asked(monkeypatch) -> dict[str, int]:
    """How many texts the model was asked, by prompt, from here on."""
    counts, score = {}, model.CausalTeacher.score

    def counting(teacher, texts):
        prompt = f"{teacher.prompt.head}{{text}}{teacher.prompt.tail}"
        counts[prompt] = counts.get(prompt, 0) + len(texts)
        return score(teacher, texts)

    monkeypatch.setattr(model.CausalTeacher, "score", counting)
    return counts


def forget_the_journal() -> None:
    shutil.rmtree("data/journal")


def must_not_load(*arguments):
    pytest.fail("the model was loaded although nothing is missing")


def labels_of(layout: Layout, part: str) -> pd.DataFrame:
    return tables.read(layout.labels(part), tables.LABELS)


def variants_of(layout: Layout) -> dict[int, pd.DataFrame]:
    table = tables.read(layout.labels("eec-variants"), tables.VARIANTS)
    return dict(list(table.groupby("variant")))


def assert_same_labels(one: pd.DataFrame, other: pd.DataFrame) -> None:
    assert one["id"].tolist() == other["id"].tolist()
    np.testing.assert_allclose(one[COLUMNS], other[COLUMNS], atol=1e-6, rtol=0)


def files(layout: Layout) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in layout.labels_folder.iterdir()}


def test_each_variant_has_the_labels_of_a_teacher_with_that_prompt(run, checkout):
    layout = run(FIRST, SECOND, THIRD)
    variants = variants_of(layout)
    main = labels_of(layout, "eec")
    assert list(variants) == [1, 2]
    for number, prompt in enumerate((SECOND, THIRD), 1):
        shutil.rmtree("data/teacher")
        forget_the_journal()
        alone = labels_of(run(prompt), "eec")
        assert_same_labels(variants[number], alone)
        assert alone["id"].tolist() == EEC["id"].tolist()
        assert np.abs(alone["label_1"] - main["label_1"]).max() > 1e-3  # else the prompts would not matter


def test_record_says_what_each_variant_was_asked(run, tiny_teacher):
    layout = run(FIRST, SECOND, THIRD)
    record = tables.read_json(layout.labels_folder / "labels.json")
    assert record["teacher"] == model.fingerprint(tiny_teacher(prompt=FIRST))
    assert list(record["parts"]) == ["train", "test", "eec"]
    for found, prompt, labels in zip(record["variants"], (SECOND, THIRD), variants_of(layout).values(), strict=True):
        assert found["teacher"] == model.fingerprint(tiny_teacher(prompt=prompt))
        assert found["n"] == len(EEC)
        assert found["mean_label_mass"] == pytest.approx(labels["label_mass"].mean())
        assert found["min_label_mass"] == pytest.approx(labels["label_mass"].min())
        assert found["share_positive"] == pytest.approx((labels["label_1"] > 0.5).mean())


def test_without_variants_the_file_is_a_header_that_reads_back(run):
    layout = run(FIRST)
    lines = layout.labels("eec-variants").read_text().splitlines()
    assert [sorted(line.split(",")) for line in lines] == [sorted(tables.VARIANTS.columns)]
    assert tables.read_json(layout.labels_folder / "labels.json")["variants"] == []
    table = tables.read(layout.labels("eec-variants"), tables.VARIANTS)
    assert len(table) == 0
    assert table[COLUMNS].to_numpy().dtype == np.float64


@pytest.mark.parametrize("variants", [(), (SECOND, THIRD)])
def test_second_run_asks_nothing_and_writes_the_same_bytes(run, monkeypatch, variants):
    layout = run(FIRST, *variants)
    before = files(layout)
    forget_the_journal()
    monkeypatch.setattr(model, "load", must_not_load)
    assert files(run(FIRST, *variants)) == before


def test_variants_are_known_to_a_study_of_other_reviews(run, asked):
    one = run(FIRST, SECOND)
    forget_the_journal()
    asked.clear()
    other = run(FIRST, SECOND, reviews="other")
    assert asked == {FIRST: 2}  # the other half of the reviews, and none of the corpus
    assert_same_labels(variants_of(one)[1], variants_of(other)[1])


def test_changed_variant_alone_is_asked(run, asked):
    before = variants_of(run(FIRST, SECOND))
    forget_the_journal()
    asked.clear()
    after = variants_of(run(FIRST, THIRD, SECOND))
    assert asked == {THIRD: len(EEC)}
    assert_same_labels(after[2], before[1])


def test_variant_that_leaves_is_gone_from_the_file(run, monkeypatch):
    run(FIRST, SECOND, THIRD)
    monkeypatch.setattr(model, "load", must_not_load)
    assert list(variants_of(run(FIRST, SECOND))) == [1]


def test_prompt_and_variant_that_change_places_keep_their_own_labels(run, asked):
    layout = run(FIRST, SECOND)
    first, second = labels_of(layout, "eec"), variants_of(layout)[1]
    forget_the_journal()
    asked.clear()
    swapped = run(SECOND, FIRST)
    assert_same_labels(labels_of(swapped, "eec"), second)
    assert_same_labels(variants_of(swapped)[1], first)
    assert asked == {SECOND: len(tables.read(swapped.reviews("train"), tables.REVIEWS)) + 1}


def test_run_killed_after_the_main_prompt_does_not_pass_off_its_labels_as_anothers(run, monkeypatch):
    """The next run with the old prompt must not take the new prompt's answers for its own."""
    expected = labels_of(run(FIRST), "train")
    score = model.CausalTeacher.score

    def killed_at_the_variant(teacher, texts):
        if teacher.prompt.head == THIRD.split("{text}")[0]:
            raise KeyboardInterrupt
        return score(teacher, texts)

    with monkeypatch.context() as patch:
        patch.setattr(model.CausalTeacher, "score", killed_at_the_variant)
        with pytest.raises(KeyboardInterrupt):
            run(SECOND, THIRD)
    forget_the_journal()
    assert_same_labels(labels_of(run(FIRST), "train"), expected)
