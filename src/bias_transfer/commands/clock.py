"""A clock for work that has no steps to count: how long it has run, on the terminal."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

AFTER = 1.0  # seconds between two looks at it


@contextmanager
def clock(what: str, every: float = AFTER) -> Iterator[None]:
    """Show ``what`` and the minutes and seconds since the start on stderr, until the end.

    Nothing is shown if stderr is no terminal. The cursor stays at the line's start, so that what is
    printed meanwhile takes the clock's place.
    """
    if not sys.stderr.isatty():
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(target=_tick, args=(what, every, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def minutes(seconds: float) -> str:
    """Whole minutes and seconds, as in ``2:07``."""
    whole, rest = divmod(int(seconds), 60)
    return f"{whole}:{rest:02}"


def _tick(what: str, every: float, ended: threading.Event) -> None:
    start, shown, stream = time.monotonic(), "", sys.stderr
    while not ended.wait(every):
        shown = f"{what}: {minutes(time.monotonic() - start)}"
        stream.write(f"{shown}\r")
        stream.flush()
    stream.write(" " * len(shown) + "\r" if shown else "")
    stream.flush()
