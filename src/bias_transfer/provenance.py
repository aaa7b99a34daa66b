"""What an output was made from: hashes of inputs and versions of libraries. No time, host or commit."""

import hashlib
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from bias_transfer import __version__

FORMAT = 1  # of what stages leave behind; raised when a reader of the new form would misread the old one
LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "tokenizers", "torch", "transformers")


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def texts_sha256(texts: Iterable[str]) -> str:
    """One digest of several texts, whatever their order."""
    return hashlib.sha256("\0".join(sorted(texts)).encode()).hexdigest()


def tree_sha256(paths: list[Path]) -> str:
    """One digest of several files or folders: of every file's relative name and content, in sorted order."""
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            digest.update(f"{file.relative_to(path.parent)}\0{sha256(file)}\0".encode())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Installed versions of the libraries that a number depends on."""
    return {"bias-transfer": __version__} | {name: version(name) for name in LIBRARIES}
