"""What an output was made from.

Stages write down hashes and versions; commit and machine are for MLflow alone.
"""

import ast
import hashlib
import os
import platform
import subprocess
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from bias_transfer import __version__

PACKAGE = Path(__file__).parents[1]
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "tokenizers", "torch", "transformers")


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def texts_sha256(texts: Iterable[str]) -> str:
    """One digest of several texts, whatever their order."""
    return hashlib.sha256("\0".join(sorted(texts)).encode()).hexdigest()


def tree_sha256(paths: list[Path]) -> str:
    """One digest of several files or folders.

    It is made from every file's relative name and content, in sorted order.
    """
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            digest.update(f"{file.relative_to(path.parent)}\0{sha256(file)}\0".encode())
    return digest.hexdigest()


def dvc_digests(paths: Iterable[Path]) -> dict[str, str]:
    """MD5 in ``dvc.lock`` of each of these outputs, or of the output folder that holds it."""
    lock = Path("dvc.lock")
    outputs = _outputs(lock.read_text(encoding="utf-8")) if lock.is_file() else {}
    wanted = {str(place) for path in paths for place in (path, *path.parents)}
    return {path: digest for path, digest in outputs.items() if path in wanted}


@cache  # the C loader takes a tenth of the time, and publish asks for every run
def _outputs(lock: str) -> dict[str, str]:
    stages = (
        getattr(yaml, "CSafeLoader", yaml.SafeLoader)(lock).get_single_data()["stages"].values()
    )
    return {out["path"]: out["md5"] for stage in stages for out in stage.get("outs", [])}


def code_sha256(*parts: str) -> str:
    """One digest of what files and folders of this package do.

    Comments, docstrings and layout do not count.
    """
    digest = hashlib.sha256()
    for part in parts:
        path = PACKAGE / part
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            meaning = _meaning(file.read_text(encoding="utf-8"))
            digest.update(f"{file.relative_to(PACKAGE)}\0{meaning}\0".encode())
    return digest.hexdigest()


@cache  # parsing takes long, and every seed asks
def _meaning(code: str) -> str:
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node):
            node.body = node.body[1:]
    return ast.dump(tree)


def code() -> dict[str, Any]:
    """Commit of this checkout, and whether tracked files differ from it.

    Outside of git both are None.
    """

    def git(*arguments: str) -> str | None:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", *arguments],  # noqa: S607 - the user's own git, wherever it is
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else None

    changed = git("status", "--porcelain", "--untracked-files=no")
    return {"commit": git("rev-parse", "HEAD"), "dirty": None if changed is None else bool(changed)}


@cache
def machine() -> dict[str, Any]:
    """What this ran on: operating system, cores, and the GPU if there is one."""
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {"system": platform.platform(), "cores": os.cpu_count(), "gpu": gpu}


@cache
def versions() -> dict[str, str]:
    """Installed versions of the libraries that a number depends on."""
    return {"bias-transfer": __version__} | {name: version(name) for name in LIBRARIES}
