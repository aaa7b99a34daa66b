"""Fits without a progress bar of their own, where a command has one for all of them."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr


@contextmanager
def no_bar() -> Iterator[None]:
    """Keep what is written to stderr to itself."""
    with redirect_stderr(io.StringIO()):
        yield
