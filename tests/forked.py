"""A command of the project in a fork of this process, which has the imports, killed at work."""

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from bias_transfer import cli


@contextmanager
def killed(*arguments: str) -> Iterator[None]:
    """Run a command while the body runs, and kill it then; it must not have ended by itself."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            cli.main(arguments)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status == -signal.SIGKILL
