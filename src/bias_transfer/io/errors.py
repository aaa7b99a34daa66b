"""The one exception whose message is meant for the person at the keyboard."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

# The user and password of a URL, as in https://user:password@host.
CREDENTIALS = re.compile(r"(?<=://)[^\s/@]+(?=@)")


class InputError(Exception):
    """Something the user can mend: the message says what is wrong, where, and how to mend it."""


class LaterFormat(InputError):
    """A file that a later version of this program wrote."""


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Say that ``name`` is not one of ``known``, and which of them comes nearest."""
    known = list(known)
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known) or 'none'}"
    return f"unknown {what} {name!r}: {hint}"


def printable(message: str) -> str:
    """One line for the terminal, whatever the data hold.

    It has no control characters and no credentials of a URL.
    """
    shown = "".join(
        c if c.isprintable() else " " if c.isspace() else repr(c)[1:-1] for c in message
    )
    return CREDENTIALS.sub("***", shown)
