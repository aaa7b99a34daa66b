"""One hash of what decides a label besides the text.

Answers are taken from another run only where the hash is the same.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from bias_transfer.pretrained import hub
from bias_transfer.study.params import Teacher
from bias_transfer.teacher.examples import Pool
from bias_transfer.teacher.version import SCORING_VERSION

_FILES = ("*.safetensors", "*.json", "*.jinja", "*.model", "*.txt")


def fingerprint(params: Teacher, pool: Pool | None) -> dict[str, Any]:
    """Scoring version, weights, dtype, prompt and examples, with the ``sha256`` of them all.

    Raises
    ------
    InputError
        If the model is on the hub, its revision is not pinned, and the hub cannot be asked for it.
    """
    checkpoint = hub.locate(params.model, params.revision)
    folder = checkpoint.folder
    prompt = [params.prompt, params.labels, params.chat, pool.sha256 if pool else None]
    parts = {
        "scoring_version": SCORING_VERSION,
        "model": params.model,
        "revision": None if folder else hub.commit(checkpoint),
        "weights_sha256": _weights_hash(folder, checkpoint.gguf) if folder else None,
        "dtype": params.dtype,
        "quantization": params.quantization,
        "max_text_tokens": params.max_text_tokens,
        "prompt_sha256": hashlib.sha256(json.dumps(prompt).encode()).hexdigest(),
    }
    return parts | {
        "sha256": hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    }


def _weights_hash(folder: Path, gguf: str | None) -> str:
    digest = hashlib.sha256()
    patterns = [gguf] if gguf else _FILES
    for path in sorted(path for pattern in patterns for path in folder.glob(pattern)):
        digest.update(path.name.encode())
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()
