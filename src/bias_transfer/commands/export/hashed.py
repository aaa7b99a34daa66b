"""A file that is passed on, with its size and hash."""

from dataclasses import dataclass
from pathlib import Path

from bias_transfer.commands.export.contents import Content
from bias_transfer.io import provenance


@dataclass(frozen=True)
class Hashed:
    """A file, its ``size`` in bytes, and its SHA-256."""

    content: Content
    size: int
    sha256: str


def hashed(content: Content, folder: Path) -> Hashed:
    """What is in ``folder`` under the path of ``content``."""
    path = folder / content.path
    return Hashed(content, path.stat().st_size, provenance.sha256(path))
