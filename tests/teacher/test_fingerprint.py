"""What makes a teacher another one."""

import hashlib
import shutil

import pandas as pd
import pytest
from safetensors.torch import load_file, save_file

from bias_transfer.io.errors import InputError
from bias_transfer.pretrained.parts import ASSEMBLED, Assembled
from bias_transfer.study import params
from bias_transfer.teacher.examples import Pool
from bias_transfer.teacher.fingerprint import fingerprint

COMMIT = "0e9e39f249a16976918f6564b8830bc894c89659"
EXAMPLES = {"count": 3, "choice": "fixed", "seed": 0}


@pytest.fixture
def sha256(tiny_teacher):
    """Of a tiny teacher with some fields changed."""
    return lambda pool=None, **changes: fingerprint(tiny_teacher(**changes), pool)["sha256"]


def pool(train: pd.DataFrame, **changes) -> Pool:
    return Pool(train, params.Examples(**EXAMPLES | changes))


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "Text: {text}\nSentiment:"},
        {"labels": (" Positive", " Negative")},
        {"chat": True},
        {"dtype": "bfloat16"},
        {"quantization": "cpu-int8"},
        {"max_text_tokens": 47},
    ],
    ids=lambda change: next(iter(change)),
)
def test_changes_with_what_decides_a_label(sha256, change):
    assert sha256(**change) != sha256()


@pytest.mark.parametrize("change", [{"count": 2}, {"choice": "random"}, {"seed": 2}], ids=str)
def test_changes_with_the_examples(sha256, train, change):
    assert len({sha256(), sha256(pool(train)), sha256(pool(train, **change))}) == 3


def test_changes_with_the_reviews_that_are_shown_and_no_others(sha256, train):
    whole = pool(train)
    shown = {example.id for name in ["00", *train["id"]] for example in whole.examples(name)}
    before = sha256(whole)
    for name in train["id"]:
        assert (sha256(pool(train[train["id"] != name])) != before) == (name in shown)


def test_does_not_change_with_variants_or_the_order_of_keys(sha256, tiny_teacher, train):
    assert sha256(variants=("Say: {text}",)) == sha256()
    backwards = params.Teacher(**dict(reversed(tiny_teacher().model_dump().items())))
    assert fingerprint(backwards, None) == fingerprint(tiny_teacher(), None)
    turned = Pool(train, params.Examples(**dict(reversed(EXAMPLES.items()))))
    assert sha256(turned) == sha256(pool(train))


def test_keeps_prompt_and_labels_apart(sha256):
    """Moving a character from the prompt to a label makes another question."""
    one = sha256(prompt="{text}\nS:", labels=(" A", " B"))
    assert one != sha256(prompt="{text}\nS", labels=(": A", " B"))


@pytest.fixture
def copy(tiny_llama, tmp_path):
    return shutil.copytree(tiny_llama, tmp_path / "copy")


def test_changes_with_the_weights(sha256, copy):
    before = sha256(model=str(copy))
    assert sha256(model=str(copy)) == before
    weights = load_file(copy / "model.safetensors")
    weights["lm_head.weight"][0, 0] += 1
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    assert sha256(model=str(copy)) != before


@pytest.mark.parametrize(
    "name", ["tokenizer.json", "config.json", "chat_template.jinja", "tokenizer.model"]
)
def test_changes_with_the_files_beside_the_weights(sha256, copy, name):
    before = sha256(model=str(copy))
    with (copy / name).open("a") as stream:
        stream.write(" ")
    assert sha256(model=str(copy)) != before


def test_gguf_is_all_there_is_to_a_folder_that_has_one(sha256, copy):
    (copy / "model.gguf").write_bytes(b"one")
    before = sha256(model=str(copy))
    (copy / "config.json").unlink()
    assert sha256(model=str(copy)) == before
    (copy / "model.gguf").write_bytes(b"two")
    assert sha256(model=str(copy)) != before


def test_pinned_commit_needs_no_hub(tiny_teacher):
    found = fingerprint(tiny_teacher(model="someone/some-model", revision=COMMIT), None)
    assert (found["revision"], found["weights_sha256"]) == (COMMIT, None)
    another = fingerprint(tiny_teacher(model="someone/some-model", revision=COMMIT[::-1]), None)
    assert another["sha256"] != found["sha256"]


@pytest.mark.parametrize("revision", [None, "main", COMMIT[:12]])
def test_hub_model_that_is_not_pinned_needs_the_hub(sha256, revision):
    """Else two models could pass for one; HF_HUB_OFFLINE is set in all of these tests."""
    with pytest.raises(InputError, match="hub is out of reach"):
        sha256(model="someone/some-model", revision=revision)


def test_revision_that_moved_is_another_teacher(sha256, monkeypatch):
    commits = iter([COMMIT, COMMIT, COMMIT[::-1]])
    monkeypatch.setattr("bias_transfer.pretrained.hub.commit", lambda checkpoint: next(commits))
    first, again, moved = (sha256(model="someone/some-model") for _ in range(3))
    assert first == again != moved


def test_local_folder_has_no_revision(tiny_teacher):
    """A folder is whatever lies in it: a revision must not look as if it had been obeyed."""
    assert fingerprint(tiny_teacher(revision=COMMIT), None) == fingerprint(tiny_teacher(), None)


def test_same_file_is_the_same_teacher_wherever_it_came_from(tiny_teacher, tmp_path, monkeypatch):
    """From a folder, under another name, or from packages, before any of them is downloaded."""
    content = b"weights"
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder, name in zip(folders, ("model.gguf", "other.gguf"), strict=True):
        folder.mkdir()
        (folder / name).write_bytes(content)
    entry = Assembled("model.gguf", hashlib.sha256(content).hexdigest(), "someone", "abc", "MIT")
    monkeypatch.setitem(ASSEMBLED, "demo", entry)
    models = (*map(str, folders), "package:demo")
    found = [fingerprint(tiny_teacher(model=model), None) for model in models]
    assert [one["model"] for one in found] == list(models)
    assert len({one["sha256"] for one in found}) == 1


@pytest.fixture
def served(tiny_teacher, tiny_llama):
    """The fingerprint of a model behind an endpoint."""
    fields = {"model": "endpoint:tiny", "tokenizer": str(tiny_llama), "revision": "v1"}
    return lambda **changes: fingerprint(tiny_teacher(**fields | changes), None)


def test_model_behind_an_endpoint_is_what_it_is_said_to_be(served):
    found = served()
    assert (found["endpoint"], found["revision"]) == ("tiny", "v1")
    assert not any(str(value).startswith("http") for value in found.values())


@pytest.mark.parametrize(
    "change",
    [{"model": "endpoint:tiny-2"}, {"revision": "v2"}, {"revision": None}, {"dtype": "bfloat16"}],
    ids=str,
)
def test_model_behind_an_endpoint_changes_with_what_is_said_of_it(served, change):
    assert served(**change)["sha256"] != served()["sha256"]


def test_model_behind_an_endpoint_changes_with_the_tokenizer_that_writes_its_prompts(served, copy):
    before = served(tokenizer=str(copy))["sha256"]
    with (copy / "tokenizer.json").open("a") as stream:
        stream.write(" ")
    assert served(tokenizer=str(copy))["sha256"] != before == served()["sha256"]


def test_model_behind_an_endpoint_is_never_the_same_as_one_that_is_here(
    served, tiny_teacher, tiny_llama
):
    names = (str(tiny_llama), COMMIT)
    local = [fingerprint(tiny_teacher(model=names[0]), None)["sha256"]]
    local += [fingerprint(tiny_teacher(model="some/model", revision=COMMIT), None)["sha256"]]
    far = [
        served(model=f"endpoint:{name}", revision=revision)["sha256"]
        for name in (*names, "some/model")
        for revision in (None, COMMIT)
    ]
    assert not set(local) & set(far)
