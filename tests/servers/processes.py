"""Servers for these tests: on loopback alone, on ports below 50000, and none outlives its test."""

import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
LIFETIME = "1800"  # seconds, after which a server ends even if the tests were killed
PATIENCE = 120  # seconds, for a machine that has much else to do


def free_port() -> int:
    """A port that nothing listens on, and 10,000 above it none that the system gives away."""
    for port in random.sample(range(11_000, 22_000), 100):
        with socket.socket() as found:
            if found.connect_ex((HOST, port)):
                return port
    raise AssertionError("no port is free")


def answers(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex((HOST, port)) == 0


@contextmanager
def running(
    command: list[str],
    log: Path,
    ready: Callable[[], bool],
    stop: int = signal.SIGTERM,
    **options: Any,
) -> Iterator[None]:
    """A server, once it is ``ready``; what it says goes to ``log``."""
    with log.open("wb") as said:
        process = subprocess.Popen(  # noqa: S603 - our own servers
            ["timeout", "--kill-after=5", LIFETIME, *command],  # noqa: S607
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            **options,
        )
    try:
        for _ in range(PATIENCE * 10):
            assert process.poll() is None, log.read_text(errors="replace")
            if ready():
                break
            time.sleep(0.1)
        else:
            raise AssertionError(log.read_text(errors="replace"))
        yield
    finally:
        process.send_signal(stop)
        process.wait()
