"""Files on disk: refused unless they are plain, written whole or not at all."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bias_transfer.io.errors import InputError


def refuse_odd(path: Path) -> None:
    """Raise ``InputError`` if ``path`` is there and is no plain file.

    A pipe, for one, might never end. A link is taken for what it points to.
    """
    if path.is_dir():
        raise InputError(f"{path} cannot be read: it is a folder, not a file")
    if path.exists() and not path.is_file():
        raise InputError(
            f"{path} cannot be read: it is no plain file (a pipe, a socket or a device): copy what "
            "it gives to a file"
        )


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` that replaces it at the end, or vanishes on an error.

    What a killed process left of an earlier attempt is removed.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leavings(path)
        yield temporary
        _to_disk(temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # the parent may not even be a folder
            temporary.unlink(missing_ok=True)


def alive(process: int) -> bool:
    """Whether a process of this machine runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def _remove_leavings(path: Path) -> None:
    name = re.compile(rf"\.{re.escape(path.name)}\.(\d+)\.part{re.escape(path.suffix)}")
    for sibling in path.parent.iterdir():
        found = name.fullmatch(sibling.name)
        if found and not alive(int(found[1])):
            sibling.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
