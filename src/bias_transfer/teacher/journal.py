"""Labels on disk as they come, so that a killed run loses at most the batch in hand.

One JSON array a line: ``[id, log-probability of label 0, log-probability of label 1]``. The file's name is the
fingerprint of model, dtype and prompt, so an answer is never taken for another teacher's.
"""

import json
import os
from pathlib import Path

import numpy as np

from bias_transfer.errors import InputError


class Journal:
    """Append-only answers of one teacher, keyed by text id."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers: dict[str, tuple[float, float]] = {}
        whole = 0
        if path.exists():
            for line in path.read_bytes().splitlines(keepends=True):
                if not line.endswith(b"\n"):
                    break  # torn by a kill; the text is asked again
                try:
                    name, *pair = json.loads(line)
                    self.answers[name] = tuple(map(float, pair))
                except (ValueError, TypeError) as error:
                    raise InputError(f"{path}, byte {whole}: not a journal line ({error}): remove the file") from None
                whole += len(line)
            if whole < path.stat().st_size:
                os.truncate(path, whole)

    def append(self, ids: list[str], log_probabilities: np.ndarray) -> None:
        """Add answers and see them to disk. ``log_probabilities`` has shape (len(ids), 2)."""
        rows = [(name, tuple(map(float, pair))) for name, pair in zip(ids, log_probabilities, strict=True)]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as stream:
            stream.writelines(json.dumps([name, *pair]) + "\n" for name, pair in rows)
            stream.flush()
            os.fsync(stream.fileno())
        self.answers.update(rows)
