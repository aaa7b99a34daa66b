"""The label stage: each wording is asked once, and no answer passes for another teacher's."""

import shutil
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import stubs_of_swaps
import yaml
from completions_server import CompletionsServer
from forked import killed
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from bias_transfer.corpora import eec, film, text_id
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.stages import label, versions
from bias_transfer.study import params
from bias_transfer.study.paths import LABELLED, SPLITS, Layout
from bias_transfer.teacher import labels, manifest, model, scoring
from bias_transfer.teacher.calibration import CONTENT_FREE
from bias_transfer.teacher.fingerprint import fingerprint
from bias_transfer.teacher.journal import Journal

FIRST, SECOND, THIRD = (f"{word}: {{text}}\nSentiment:" for word in ("Text", "Review", "a film"))
EXAMPLES = {"count": 3, "choice": "fixed", "seed": 0}
COLUMNS = ["label_0", "label_1", "label_mass"]
EEC = eec.generate().iloc[::600].reset_index(drop=True)
FILM = film.generate().iloc[::2400].reset_index(drop=True)
UNUSED = pd.DataFrame({"text": ["Her film was dull."], "label": [0]})
UNUSED.insert(0, "id", UNUSED["text"].map(text_id))
OF_UNUSED = ["Her film was dull.", "His film was dull.", "Her movie was dull."]
OF_TEST = {
    "mine": ["my aunt made me feel miserable", "my uncle made me feel miserable"],
    "other": ["she hated it", "he hated it"],
}


@pytest.fixture(scope="module")
def laid_out(sentences, write_edits, tmp_path_factory) -> Path:
    """A folder of two splits and an unused review, and a few sentences of the corpora."""
    data = tmp_path_factory.mktemp("inputs") / "data"
    tables.write(EEC, data / "eec/eec.csv", schemas.EEC)
    tables.write(FILM, data / "film/film.csv", schemas.FILM)
    for reviews, texts in (
        ("mine", sentences),
        ("other", [*sentences[:2], "he loved the ticket", "she hated it"]),
    ):
        frame = pd.DataFrame(
            {"id": map(text_id, texts), "text": texts, "label": [i % 2 for i in range(len(texts))]}
        )
        parts = (frame.iloc[:-1], frame.iloc[-1:], UNUSED)
        for split, part in zip((*SPLITS, "unused"), parts, strict=True):
            tables.write(part, data / "reviews" / reviews / f"{split}.csv", schemas.REVIEWS)
        write_edits(data / "swaps" / reviews / "edits.csv", pd.concat(parts)["text"])
    return data


@pytest.fixture(autouse=True)
def inputs(checkout, laid_out) -> None:
    shutil.copytree(laid_out, checkout / "data")


@pytest.fixture
def params_of(tiny_params, tiny_teacher):
    """Params of a study whose teacher has a prompt, its variants and any other field."""

    def make(prompt: str = FIRST, *variants: str, teacher=(), **study):
        fields = {"prompt": prompt, "variants": variants} | dict(teacher)
        return tiny_params(teacher=tiny_teacher(**fields), **study)

    return make


@pytest.fixture
def run(params_of):
    """Run the stage for such params, and give the layout."""

    def label_with(*arguments, **options) -> Layout:
        params = params_of(*arguments, **options)
        label.run(params)
        return Layout(params.study)

    return label_with


@pytest.fixture
def asked(monkeypatch) -> dict[str, int]:
    """How many texts the model was asked, by prompt, from here on."""
    counts, score = {}, scoring.Scorer.score

    def counting(teacher, texts, done=()):
        prompt = teacher.prompt.params.prompt
        counts[prompt] = counts.get(prompt, 0) + len(texts.keys() - set(done))
        return score(teacher, texts, done)

    monkeypatch.setattr(scoring.Scorer, "score", counting)
    return counts


def forget_the_journal() -> None:
    shutil.rmtree("data/journal")


def must_not_load(*arguments):
    pytest.fail("the model was loaded although nothing is missing")


def manifest_of(layout: Layout) -> dict:
    return manifest.read(layout.labels_folder)


def texts_of(layout: Layout) -> dict[str, pd.DataFrame]:
    splits = {split: tables.read(layout.reviews(split), schemas.REVIEWS) for split in SPLITS}
    both = [*OF_TEST[layout.study.reviews], *OF_UNUSED]
    swaps = pd.DataFrame({"id": map(text_id, both), "text": both})
    corpora = {"eec": EEC, "film": FILM, "swaps": swaps}
    return splits | {
        part: frame.rename(columns={"sentence": "text"}) for part, frame in corpora.items()
    }


def labels_of(layout: Layout, part: str) -> pd.DataFrame:
    return tables.read(layout.labels(part), schemas.LABELS)


def ids_of(layout: Layout) -> set[str]:
    """Ids of all texts that have a label."""
    return set(pd.concat([labels_of(layout, part)["id"] for part in LABELLED]))


def variants_of(layout: Layout) -> dict[int, pd.DataFrame]:
    table = tables.read(layout.labels("eec-variants"), schemas.VARIANTS)
    return dict(list(table.groupby("variant")))


def assert_same_labels(one: pd.DataFrame, other: pd.DataFrame) -> None:
    assert one["id"].tolist() == other["id"].tolist()
    np.testing.assert_allclose(one[COLUMNS], other[COLUMNS], atol=1e-5, rtol=0)


def files(layout: Layout) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in layout.labels_folder.iterdir()}


@pytest.mark.parametrize("teacher", [{}, {"examples": EXAMPLES}], ids=["bare", "with examples"])
def test_each_variant_has_the_labels_of_a_teacher_with_that_prompt(run, teacher):
    layout = run(FIRST, SECOND, THIRD, teacher=teacher)
    variants = variants_of(layout)
    main = labels_of(layout, "eec")
    assert list(variants) == [1, 2]
    for number, prompt in enumerate((SECOND, THIRD), 1):
        shutil.rmtree("data/teacher")
        forget_the_journal()
        alone = labels_of(run(prompt, teacher=teacher), "eec")
        assert_same_labels(variants[number], alone)
        assert alone["id"].tolist() == EEC["id"].tolist()
        # Else the prompts would not matter.
        assert np.abs(alone["label_1"] - main["label_1"]).max() > 1e-3


def test_manifest_says_what_each_prompt_was_asked(run, tiny_teacher):
    layout = run(FIRST, SECOND, THIRD)
    kept = manifest_of(layout)
    assert kept["teacher"] == fingerprint(tiny_teacher(prompt=FIRST), None)
    assert list(kept["parts"]) == ["train", "test", "eec", "film", "swaps"]
    for entry, prompt in zip(kept["variants"], (SECOND, THIRD), strict=True):
        assert entry["teacher"] == fingerprint(tiny_teacher(prompt=prompt), None)
    summaries = [*kept["parts"].values(), *kept["variants"]]
    parts = [*(labels_of(layout, part) for part in kept["parts"]), *variants_of(layout).values()]
    for summary, part in zip(summaries, parts, strict=True):
        assert summary["n"] == len(part)
        assert summary["mean_label_mass"] == pytest.approx(part["label_mass"].mean())
        assert summary["min_label_mass"] == pytest.approx(part["label_mass"].min())
        assert summary["share_positive"] == pytest.approx((part["label_1"] > 0.5).mean())


def test_manifest_says_which_texts_were_cut_wherever_their_answers_come_from(
    run, tiny_llama, monkeypatch
):
    """From the model, from label files, from the journal, and from another study's files."""
    limit = {"max_text_tokens": 12}
    layout = run(FIRST, SECOND, teacher=limit)
    before, tokenizer = files(layout), AutoTokenizer.from_pretrained(tiny_llama)
    texts = pd.concat(texts_of(layout).values())
    long = texts["id"][texts["text"].map(lambda text: len(tokenizer.tokenize(text)) > 12)]
    kept = manifest_of(layout)
    assert kept["cut"] == sorted(set(long))
    assert 0 < kept["variants"][0]["n_cut"] == len(kept["variants"][0]["cut"]) < len(EEC)
    found = {part: summary["n_cut"] for part, summary in kept["parts"].items()}
    assert found == {part: frame["id"].isin(long).sum() for part, frame in texts_of(layout).items()}
    with monkeypatch.context() as patch:
        patch.setattr(model, "load", must_not_load)
        shutil.rmtree("data/teacher")
        assert files(run(FIRST, SECOND, teacher=limit)) == before
        forget_the_journal()
        assert files(run(FIRST, SECOND, teacher=limit)) == before
    other = manifest_of(run(FIRST, SECOND, teacher=limit, reviews="other"))
    assert other["parts"]["eec"] == kept["parts"]["eec"]
    assert other["variants"] == kept["variants"]


def test_manifest_holds_the_answers_to_texts_without_content(
    run, params_of, tiny_teacher, labelling
):
    """The three of Zhao et al. (2021), which calibration asks for."""
    found = pd.DataFrame(manifest_of(run(FIRST))["content_free"])
    texts = dict(zip(found["id"], found["text"], strict=True))
    assert texts == {text_id(text): text for text in ("N/A", "[MASK]", "")}
    teacher = model.load(tiny_teacher(prompt=FIRST), None, labelling, "cpu")
    answers = {name: answer for batch in teacher.score(texts) for name, answer in batch.items()}
    assert_same_labels(found, labels.to_labels(found["id"], answers))


def test_without_variants_the_file_is_a_header_that_reads_back(run):
    layout = run(FIRST)
    lines = layout.labels("eec-variants").read_text().splitlines()
    assert [sorted(line.split(",")) for line in lines] == [sorted(schemas.VARIANTS.columns)]
    assert manifest_of(layout)["variants"] == []
    table = tables.read(layout.labels("eec-variants"), schemas.VARIANTS)
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
    # The other half of the reviews and one new version of a review, and none of the corpora.
    assert asked == {FIRST: 3}
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
    texts = texts_of(swapped)
    others = pd.concat([texts[part]["id"] for part in texts if part != "eec"]).nunique()
    assert asked == {SECOND: others + len(CONTENT_FREE)}


def test_run_killed_while_it_writes_does_not_pass_off_its_labels_as_anothers(run, monkeypatch):
    """One file has the new prompt's answers, the others the old one's: no manifest may remain."""
    expected = labels_of(run(FIRST), "train")
    write = tables.write

    def killed_at_the_second(frame, path, schema):
        if path.name == "test.csv":
            raise KeyboardInterrupt
        write(frame, path, schema)

    with monkeypatch.context() as patch:
        patch.setattr(tables, "write", killed_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            run(SECOND)
    forget_the_journal()
    assert_same_labels(labels_of(run(FIRST), "train"), expected)


def test_run_killed_after_the_main_prompt_does_not_pass_off_its_labels_as_anothers(
    run, monkeypatch
):
    """The next run with the old prompt must not take the new prompt's answers for its own."""
    expected = labels_of(run(FIRST), "train")
    score = scoring.Scorer.score

    def killed_at_the_variant(teacher, *arguments):
        if teacher.prompt.params.prompt == THIRD:
            raise KeyboardInterrupt
        return score(teacher, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(scoring.Scorer, "score", killed_at_the_variant)
        with pytest.raises(KeyboardInterrupt):
            run(SECOND, THIRD)
    forget_the_journal()
    assert_same_labels(labels_of(run(FIRST), "train"), expected)


def test_further_reviews_alone_are_asked(run, asked):
    before = labels_of(run(FIRST), "train")
    asked.clear()
    path = Path("data/reviews/mine/train.csv")
    texts = ["a lovely plot", "a thin film", "no jokes"]
    new = pd.DataFrame({"id": map(text_id, texts), "text": texts, "label": [1, 0, 0]})
    tables.write(pd.concat([new, tables.read(path, schemas.REVIEWS)]), path, schemas.REVIEWS)
    after = labels_of(run(FIRST), "train")
    assert asked == {FIRST: 3}
    assert after["id"].tolist() == [*new["id"], *before["id"]]
    pd.testing.assert_frame_equal(after.iloc[3:].reset_index(drop=True), before, check_exact=True)


@pytest.fixture
def many_tests() -> pd.DataFrame:
    """Eight test reviews of ``mine``, in the order of their file."""
    texts = [
        f"a {word} film, and {end}"
        for word in ("warm", "dull", "funny", "stale")
        for end in ("lovely", "thin")
    ]
    frame = pd.DataFrame({"id": map(text_id, texts), "text": texts, "label": 1})
    tables.write(frame, Path("data/reviews/mine/test.csv"), schemas.REVIEWS)
    return frame


def test_sample_of_the_test_reviews_alone_is_asked_and_written(run, asked, many_tests):
    layout = run(FIRST, labelled_test_size=3)
    lowest = sorted(many_tests["id"])[:3]
    held_out = sorted([*many_tests["id"], *UNUSED["id"]])[:3]
    texts = dict(pd.concat([many_tests, UNUSED])[["id", "text"]].itertuples(index=False))
    held = {  # all of these are of films and mention nobody, but for the unused one
        text_id(texts[name].replace("film", word).replace("Her", pronoun))
        for name in held_out
        for word, pronoun in (("film", "Her"), ("movie", "Her"), ("film", "His"))
    }
    assert set(labels_of(layout, "swaps")["id"]) == held
    train = pd.read_csv("data/reviews/mine/train.csv")["id"]
    everything = {*train, *lowest, *EEC["id"], *FILM["id"], *held}
    assert asked == {FIRST: len(everything) + len(CONTENT_FREE)}
    assert labels_of(layout, "test")["id"].tolist() == [
        name for name in many_tests["id"] if name in lowest
    ]
    assert manifest_of(layout)["parts"]["test"]["n"] == 3
    assert manifest_of(layout)["parts"]["train"]["n"] == len(labels_of(layout, "train"))


def test_larger_sample_asks_for_what_the_smaller_lacks_and_a_smaller_for_nothing(
    run, asked, many_tests, monkeypatch, write_edits
):
    small = run(FIRST, labelled_test_size=3)
    before, known = labels_of(small, "test"), ids_of(small)
    forget_the_journal()
    asked.clear()
    write_edits(small.edits, UNUSED["text"])  # which the smaller sample may have left out
    large = labels_of(run(FIRST, labelled_test_size=5), "test")
    assert asked == {FIRST: len(ids_of(small) - known)}
    assert_same_labels(large[large["id"].isin(before["id"])], before)
    monkeypatch.setattr(model, "load", must_not_load)
    assert_same_labels(labels_of(run(FIRST, labelled_test_size=3), "test"), before)


def test_versions_of_training_reviews_are_asked_where_the_reviews_entry_says_so(
    run, asked, write_edits
):
    assert labels_of(run(FIRST), "versions").empty
    layout = Layout(run(FIRST).study)
    training = tables.read(layout.reviews("train"), schemas.REVIEWS)
    write_edits(layout.edits, pd.concat([training["text"], texts_of(layout)["test"]["text"],
                                         UNUSED["text"]]))  # fmt: skip
    known = ids_of(layout)
    forget_the_journal()
    asked.clear()
    found = labels_of(run(FIRST, labelled_versions=True), "versions")
    expected = versions.read(layout).to_label()
    assert set(found["id"]) == set(expected["id"])
    assert len(expected) >= 2
    assert asked == {FIRST: len(set(expected["id"]) - known)}
    assert manifest_of(layout)["parts"]["versions"]["n"] == len(expected)


@pytest.fixture
def divided(params_of, tiny_teacher):
    """A study whose teacher has a text budget of its own and leaves sentences to another entry."""
    usual = tiny_teacher(prompt=FIRST, variants=(SECOND,))
    first = params_of(FIRST, SECOND, teacher={"max_text_tokens": 20})
    values = first.model_dump()
    values["teachers"]["tiny"]["sentences"] = "usual"
    values["teachers"]["usual"] = usual.model_dump()
    return params.validate(values, "test")


def test_sentences_are_answered_by_the_entry_that_a_teacher_leaves_them_to(divided, run, asked):
    """Its labels are there already, so no sentence is asked, and the manifest names both."""
    usual = divided.with_study(teacher="usual")
    label.run(usual)
    theirs = Layout(usual.study)
    forget_the_journal()
    asked.clear()
    label.run(divided)
    layout = Layout(divided.study)
    own = set(ids_of(layout)) - set(EEC["id"]) - set(FILM["id"])
    assert asked == {FIRST: len(own | set(CONTENT_FREE["id"]))}
    for part in ("eec", "film", "eec-variants"):
        assert layout.labels(part).read_bytes() == theirs.labels(part).read_bytes()
    said = manifest_of(layout)
    assert said["sentences"]["teacher"] == manifest_of(theirs)["teacher"]
    assert said["teacher"] == fingerprint(divided.teachers["tiny"], None)
    assert said["variants"] == manifest_of(theirs)["variants"]
    assert "sentences" not in manifest_of(theirs)


def test_answers_to_sentences_are_known_from_either_entrys_files(divided, asked):
    label.run(divided)
    forget_the_journal()
    asked.clear()
    label.run(divided)
    assert asked == {}
    label.run(divided.with_study(teacher="usual"))
    assert SECOND in asked  # the entry itself does not look into the folders of those that name it


def test_check_leaves_out_sentences_of_another_entry(divided, asked):
    label.run(divided)
    asked.clear()
    label.check(divided, 10_000)
    assert asked == {FIRST: len(ids_of(Layout(divided.study)) - set(EEC["id"]) - set(FILM["id"]))}


def test_check_asks_the_sample_again(run, params_of, many_tests):
    run(FIRST, labelled_test_size=3)
    assert label.check(params_of(FIRST, labelled_test_size=3), 1000) < 1e-5


def test_sample_larger_than_the_test_reviews_is_refused_before_the_model_is_asked(
    run, asked, many_tests
):
    with pytest.raises(
        InputError, match="labelled_test_size asks for 9 test reviews, but there are 8"
    ):
        run(FIRST, labelled_test_size=9)
    assert not asked


CHANGES = [
    {"labels": (" Positive", " Negative")},
    {"labels": (" Negative", " wonderful film")},
    {"examples": EXAMPLES},
    {"examples": EXAMPLES | {"seed": 1}},
    {"examples": EXAMPLES | {"choice": "random"}},
    {"max_text_tokens": 5},
    {"dtype": "bfloat16"},
    {"quantization": "cpu-int8"},
]


def test_teacher_that_changed_is_asked_anew_and_what_the_old_one_said_is_kept(
    run, asked, monkeypatch
):
    layout = run(FIRST)
    before, old = files(layout), labels_of(layout, "eec")
    everything = asked.pop(FIRST)
    for change in CHANGES:
        run(FIRST, teacher=change)
        assert asked == {FIRST: everything}, change
        assert np.abs(labels_of(layout, "eec")["label_1"] - old["label_1"]).max() > 1e-6, change
        asked.clear()
    monkeypatch.setattr(model, "load", must_not_load)
    assert files(run(FIRST)) == before


def test_weights_that_changed_under_their_name_are_asked_anew(run, asked, tiny_llama):
    weights = shutil.copytree(tiny_llama, Path("model")) / "model.safetensors"
    run(FIRST, teacher={"model": "model"})
    everything = asked.pop(FIRST)
    changed = load_file(weights)
    changed["lm_head.weight"][0] += 1
    save_file(changed, weights, metadata={"format": "pt"})
    run(FIRST, teacher={"model": "model"})
    assert asked == {FIRST: everything}


def test_check_asks_texts_of_every_file_again(run, params_of, asked):
    run(FIRST, SECOND, teacher={"examples": EXAMPLES})
    before = {path: path.read_bytes() for path in Path("data").rglob("*") if path.is_file()}
    asked.clear()
    assert 0 <= label.check(params_of(FIRST, SECOND, teacher={"examples": EXAMPLES}), 9) < 1e-5
    assert asked == {FIRST: 9}
    assert {path: path.read_bytes() for path in Path("data").rglob("*") if path.is_file()} == before


def change(layout: Layout, part: str, column: str, by: float) -> str:
    """Move the first label of a file by so much, as if the teacher had said so; its id."""
    table = labels_of(layout, part)
    table.loc[0, column] += by if table.loc[0, column] < 0.5 else -by
    table.loc[0, "label_0"] = 1 - table.loc[0, "label_1"]
    kept = manifest.read(layout.labels_folder)
    tables.write(table, layout.labels(part), schemas.LABELS)
    manifest.write(
        layout.labels_folder, kept, [layout.labels_folder / name for name in kept.pop("files")]
    )
    return table["id"][0]


@pytest.mark.parametrize("part", ["train", "test", "eec"])
@pytest.mark.parametrize("column", ["label_1", "label_mass"])
def test_check_finds_a_label_that_is_not_the_teachers(run, params_of, part, column):
    name = change(run(FIRST), part, column, 2e-3)
    with pytest.raises(InputError, match=f"differ .* by up to 0.002, most for id {name}"):
        label.check(params_of(FIRST), 1000)


def test_check_allows_for_what_another_batch_does_to_8_bit_inputs(run, params_of):
    layout = run(FIRST, teacher={"quantization": "cpu-int8"})
    params = params_of(FIRST, teacher={"quantization": "cpu-int8"})
    change(layout, "test", "label_1", 0.1)
    assert label.check(params, 1000) > 0.05
    change(layout, "test", "label_1", 0.2)
    with pytest.raises(InputError, match="differ"):
        label.check(params, 1000)


def test_check_refuses_labels_of_another_prompt(run, params_of, asked):
    run(FIRST)
    asked.clear()
    with pytest.raises(InputError, match=r"labels\.json is of another model or prompt"):
        label.check(params_of(SECOND), 5)
    assert not asked


def test_label_file_that_was_damaged_is_not_taken_for_the_teachers(run, asked):
    """One digit is another: a label that is as good as any to look at."""
    layout = run(FIRST, SECOND, labelled_versions=True)
    before = files(layout)
    asked.clear()
    assert len(before) == 8
    for name, content in before.items():
        path = layout.labels_folder / name
        place = content.index(b".", len(content) // 2) + 1
        digit = b"%d" % ((int(content[place : place + 1]) + 1) % 10)
        damaged = content[:place] + digit + content[place + 1 :]
        path.write_bytes(damaged)
        with pytest.raises(
            InputError, match=rf"{name} is not as .* written .*dvc checkout --force"
        ):
            run(FIRST, SECOND, labelled_versions=True)
        assert path.read_bytes() == damaged
        path.write_bytes(content)
    forget_the_journal()
    run(FIRST, SECOND, labelled_versions=True)
    assert not asked


def test_manifest_of_a_later_format_says_to_update(run):
    path = run(FIRST).labels_manifest
    tables.write_json(tables.read_json(path) | {"format": schemas.FORMAT + 1}, path)
    with pytest.raises(InputError, match=r"labels\.json is of format 2, .*git pull"):
        run(FIRST)


def test_manifest_without_hashes_is_taken_at_its_word(run, asked):
    layout = run(FIRST)
    older = {
        name: value
        for name, value in manifest_of(layout).items()
        if name not in ("format", "files", "sha256")
    }
    tables.write_json(older, layout.labels_manifest)
    forget_the_journal()
    asked.clear()
    run(FIRST)
    assert not asked
    names = {f"{part}.csv" for part in (*LABELLED, "eec-variants")}
    assert set(manifest_of(layout)["files"]) == names


def journal_of(params) -> Journal:
    sha256 = fingerprint(params.teachers["tiny"], None)["sha256"]
    return Journal(Path("data/journal") / f"{sha256[:16]}.jsonl", sha256)


def test_server_as_a_teacher_leaves_no_trace_of_its_key_and_its_address(
    params_of, tiny_llama, monkeypatch
):
    """And gives the labels of the same model here, under a fingerprint of its own."""
    local = params_of(FIRST)
    served = params_of(FIRST, teacher={"model": "endpoint:tiny", "tokenizer": str(tiny_llama)})
    label.run(local)
    before = {
        part: tables.read(Layout(local.study).labels(part), schemas.LABELS) for part in SPLITS
    }
    with closing(CompletionsServer(tiny_llama)) as server:
        server.key = "sk-of-nobody"
        monkeypatch.setenv("BIAS_TRANSFER_API_KEY", server.key)
        how = local.labelling.model_copy(update={"engine": "endpoint", "url": server.url})
        label.run(served.model_copy(update={"labelling": how}))
        assert len(server.asked) > 2 * len(EEC)
    for part, expected in before.items():
        assert_same_labels(tables.read(Layout(local.study).labels(part), schemas.LABELS), expected)
    written = [path.read_bytes() for path in Path().rglob("*") if path.is_file()]
    for trace in (server.key, str(server.server_port), "127.0.0.1"):
        assert not any(trace.encode() in content for content in written)
    with pytest.raises(InputError, match="is a server's: set"):
        label.run(
            params_of(SECOND, teacher={"model": "endpoint:tiny", "tokenizer": str(tiny_llama)})
        )
    label.run(served)  # every answer is there, so that no server is asked


@pytest.mark.slow
def test_run_killed_three_times_writes_the_very_bytes_of_an_unbroken_one(params_of):
    """SIGKILL, each time as soon as some more batches have reached the disk."""
    tables.write(eec.generate().iloc[::24], Path("data/eec/eec.csv"), schemas.EEC)
    params = params_of(FIRST)
    params = params.model_copy(
        update={"labelling": params.labelling.model_copy(update={"batch_tokens": 64})}
    )
    Path("params.yaml").write_text(yaml.safe_dump(params.model_dump(mode="json")), encoding="utf-8")
    label.run(params)
    unbroken, answers = files(Layout(params.study)), journal_of(params).answers
    path = journal_of(params).path

    def batches() -> int:
        return path.read_bytes().count(b"\n") if path.exists() else 0

    assert batches() > 3 * 40
    shutil.rmtree("data/teacher")
    forget_the_journal()
    for more in np.random.default_rng(0).integers(5, 40, 3):
        wanted = batches() + more
        with killed("label", "mine", "tiny"):
            deadline = time.monotonic() + 120
            while batches() < wanted:
                assert time.monotonic() < deadline, "label has stopped by itself"
                time.sleep(0.001)
        assert wanted <= batches()
        assert 0 < len(journal_of(params).answers) < len(answers)
    label.run(params)
    assert files(Layout(params.study)) == unbroken
    assert journal_of(params).answers == answers


EDITED = ["She left.", "A film.", "He said that her book was his.", "No: his!"]


def lay_out_reviews(texts: list[str]) -> None:
    frame = pd.DataFrame({"id": map(text_id, texts), "text": texts, "label": 0})
    tables.write(frame, Path("data/reviews/mine/test.csv"), schemas.REVIEWS)
    tables.write(frame[:0], Path("data/reviews/mine/unused.csv"), schemas.REVIEWS)


@pytest.fixture
def tagged(monkeypatch) -> list[str]:
    """Texts that the tagger is given, from here on; it is that for tests."""
    given: list[str] = []

    def load():
        def read(texts, spans):
            given.extend(texts)
            return stubs_of_swaps.tagger(texts, spans)

        return read

    monkeypatch.setattr(label.tagger, "load", load)
    return given


def test_edits_that_are_there_and_fit_take_no_tagger(params_of, tagged):
    params, path = params_of(), Path("data/swaps/mine/edits.csv")
    lay_out_reviews(EDITED[:3])
    label._write_edits(params, Layout(params.study))
    assert tagged == [EDITED[0], EDITED[2]]
    first = path.read_bytes()
    tagged.clear()
    label._write_edits(params, Layout(params.study))
    assert (tagged, path.read_bytes()) == ([], first)
    lay_out_reviews(EDITED[::-1])
    label._write_edits(params, Layout(params.study))
    assert tagged == [EDITED[3]]
    table = tables.read(path, schemas.EDITS)
    assert table["id"].drop_duplicates().tolist() == [text_id(EDITED[i]) for i in (3, 2, 0)]
    assert table["rules"].unique().tolist() == [label.tagger.RULES]


@pytest.mark.parametrize(
    ("column", "value"),
    [("rules", 0), ("start", 3), ("length", 2), ("female", "Her"), ("male", "They")],
)
def test_edits_that_do_not_fit_are_made_anew(params_of, tagged, column, value):
    """Of other rules, at another place, or with a word that the list does not have there."""
    params, path = params_of(), Path("data/swaps/mine/edits.csv")
    lay_out_reviews(EDITED)
    label._write_edits(params, Layout(params.study))
    expected, table = path.read_bytes(), tables.read(path, schemas.EDITS)
    table.loc[0, column] = value
    tables.write(table, path, schemas.EDITS)
    tagged.clear()
    label._write_edits(params, Layout(params.study))
    assert (tagged, path.read_bytes()) == ([EDITED[0]], expected)


def test_reviews_without_people_take_no_tagger(params_of, monkeypatch):
    monkeypatch.setattr(label.tagger, "load", must_not_load)
    lay_out_reviews(["A film."])
    params = params_of()
    label._write_edits(params, Layout(params.study))
    assert tables.read(Path("data/swaps/mine/edits.csv"), schemas.EDITS).empty
