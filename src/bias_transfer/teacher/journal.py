"""Answers on disk as they come, so that a killed run loses at most the batch in hand.

The first line names the version of this format and the teacher's fingerprint, so that an answer is
never taken for another teacher's. Every further line is a batch: a JSON array of ``[id,
log-probability of label 0, log-probability of label 1, tokens cut]``, a space, and the CRC-32 of
the array in hexadecimal. A batch is there whole or not at all, and as it was written.
"""

import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from bias_transfer.io.errors import InputError

VERSION = 3


class Answer(NamedTuple):
    """Natural logarithms of both labels' probabilities, and the number of text tokens cut."""

    log_probability_0: float
    log_probability_1: float
    n_cut: int


class Journal:
    """Append-only answers of one teacher, keyed by text id."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path = path
        self.answers: dict[str, Answer] = {}
        self._header = json.dumps({"journal": VERSION, "fingerprint": fingerprint}) + "\n"
        self._load()

    def _load(self) -> int:
        """Read the complete lines, and give their size: what follows is torn, or being written."""
        lines = self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []
        whole = 0
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                break
            if number == 1:
                self._refuse_another(line)
            else:
                self._read(number, line)
            whole += len(line)
        return whole

    def append(self, batch: dict[str, Answer]) -> None:
        """Add answers, and return once they are on the disk.

        Raises
        ------
        InputError
            If they cannot be written; what was written before stays.
        """
        answers = json.dumps([[name, *answer] for name, answer in batch.items()])
        line = f"{answers} {_checksum(answers.encode())}\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(line if stream.tell() else self._header + line)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise InputError(
                f"cannot write {self.path}: {error.strerror or error}; {len(self.answers)} answers "
                "are safe there, make room and run again"
            ) from error
        self.answers |= batch

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep a second run from asking the same teacher at the same time.

        Raises
        ------
        InputError
            If another one is at it, or the folder cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            held = FileLock(self.path.with_suffix(".lock"), timeout=0).acquire()
        except Timeout:
            raise InputError(
                f"another run is writing {self.path}: wait for it, or stop it"
            ) from None
        except OSError as error:
            raise InputError(f"cannot write {self.path}: {error.strerror or error}") from error
        with held:
            whole = self._load()  # again: another run may have been at it
            if self.path.exists():
                os.truncate(self.path, whole)  # torn by a kill; the batch is asked again
            yield

    def _refuse_another(self, line: bytes) -> None:
        if line != self._header.encode():
            raise InputError(
                f"{self.path} is of another version, or of another teacher: move it away and run "
                f"again (it begins with {line[:80].decode(errors='replace').strip()!r})"
            )

    def _read(self, number: int, line: bytes) -> None:
        answers, _, checksum = line.rstrip(b"\n").rpartition(b" ")
        if checksum != _checksum(answers).encode():
            raise InputError(
                f"{self.path}, line {number}: damaged since it was written (its checksum differs): "
                "remove that line, and its texts are asked again"
            )
        self.answers |= {name: Answer(*answer) for name, *answer in json.loads(answers)}


def _checksum(data: bytes) -> str:
    return f"{zlib.crc32(data):08x}"
