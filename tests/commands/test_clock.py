"""The clock of a command that counts no steps, on a terminal that is a string."""

import io
import time
from contextlib import redirect_stderr

import pytest

from bias_transfer.commands.clock import clock, minutes


class Terminal(io.StringIO):
    """A stream that says whether it is a terminal."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture
def terminal() -> Terminal:
    return Terminal(terminal=True)


def wait_for(stream: Terminal, text: str) -> None:
    for _ in range(10_000):
        if text in stream.getvalue():
            return
        time.sleep(0.001)
    pytest.fail(f"no {text!r} in {stream.getvalue()!r}")


def test_it_shows_the_time_on_one_line_and_wipes_it_at_the_end(terminal):
    with redirect_stderr(terminal), clock("bias", every=0.001):
        wait_for(terminal, "bias: 0:00\r")
    *shown, last, end = terminal.getvalue().split("\r")
    assert set(shown) == {"bias: 0:00"}
    assert last == " " * len("bias: 0:00")
    assert end == ""


@pytest.mark.parametrize(("seconds", "shown"), [(0.9, "0:00"), (61.9, "1:01"), (3600, "60:00")])
def test_minutes_and_seconds(seconds, shown):
    assert minutes(seconds) == shown


def test_it_is_wiped_before_an_error_is_shown(terminal):
    def fail() -> None:
        with redirect_stderr(terminal), clock("bias", every=0.001):
            wait_for(terminal, "bias: ")
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        fail()
    assert terminal.getvalue().endswith(" \r")


def test_what_is_no_terminal_gets_no_clock():
    stream = Terminal(terminal=False)
    with redirect_stderr(stream), clock("bias", every=0.001):
        time.sleep(0.01)
    assert stream.getvalue() == ""


def test_a_command_that_is_done_at_once_shows_none(terminal):
    with redirect_stderr(terminal), clock("bias", every=60):
        pass
    assert terminal.getvalue() == ""
