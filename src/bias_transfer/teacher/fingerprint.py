"""One hash of what decides a label besides the text.

Answers are taken from another run only where the hash is the same. Where the weights came from is
not in it: the same file from the registry, the hub or a folder is the same teacher. A model behind
an endpoint is what it is said to be, so it is never the same as one whose weights are here.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from bias_transfer.pretrained import hub, packages
from bias_transfer.study.params import Teacher
from bias_transfer.teacher.examples import Pool
from bias_transfer.teacher.version import SCORING_VERSION

_FILES = ("*.safetensors", "*.json", "*.jinja", "*.model", "*.txt")


def fingerprint(params: Teacher, pool: Pool | None) -> dict[str, Any]:
    """Scoring version, weights, dtype, prompt and examples, with the ``sha256`` of them all.

    ``model`` is there to be read, and not in the hash. Nothing is downloaded for a model whose
    weights are pinned by their own hash.

    Raises
    ------
    InputError
        If the model is on the hub, its revision is not pinned, and the hub cannot be asked for it.
    """
    prompt = [params.prompt, params.labels, params.chat, pool.sha256 if pool else None]
    parts = _model(params) | {
        "scoring_version": SCORING_VERSION,
        "dtype": params.dtype,
        "quantization": params.quantization,
        "max_text_tokens": params.max_text_tokens,
        "prompt_sha256": hashlib.sha256(json.dumps(prompt).encode()).hexdigest(),
    }
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return {"model": params.model} | parts | {"sha256": digest}


def _model(params: Teacher) -> dict[str, Any]:
    if params.served_as and params.tokenizer:
        tokenizer = _files_of(params.tokenizer, params.revision)
        return {
            "endpoint": params.served_as,
            "revision": params.revision,
            "tokenizer": tokenizer,
        }
    return _files_of(params.model, params.revision)


def _files_of(model: str, revision: str | None) -> dict[str, str | None]:
    """The hash of local weights, or a hub model's name and commit."""
    if pinned := packages.pinned_weights(model):
        return {"hub_model": None, "revision": None, "weights_sha256": pinned}
    checkpoint = hub.locate(model, revision)
    if checkpoint.folder is None:
        commit = hub.commit(checkpoint)
        return {"hub_model": model, "revision": commit, "weights_sha256": None}
    digest = _file(checkpoint.folder / checkpoint.gguf) if checkpoint.gguf else None
    weights = digest or _files(checkpoint.folder)
    return {"hub_model": None, "revision": None, "weights_sha256": weights}


def _file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _files(folder: Path) -> str:
    """One digest of a folder's weights, tokenizer and config, names included."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in _FILES for path in folder.glob(pattern)):
        digest.update(path.name.encode())
        digest.update(bytes.fromhex(_file(path)))
    return digest.hexdigest()
