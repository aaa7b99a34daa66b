"""The ``python`` of the tests' ``PATH``: the project's commands and DVC run in forks of the zygote.

What is imported once need not be imported by every stage that DVC starts. Whatever else is asked of
it goes to the Python that runs it.
"""

import json
import os
import socket
import sys

if sys.argv[1:3] not in (["-m", "bias_transfer"], ["-m", "dvc"]):
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])  # noqa: S606 - ourselves
order = {
    "program": sys.argv[2],
    "cwd": os.getcwd(),  # noqa: PTH109 - this must start quickly
    "arguments": sys.argv[3:],
    "environment": dict(os.environ),
}
with socket.socket(socket.AF_UNIX) as zygote:
    zygote.connect(os.environ["BIAS_TRANSFER_ZYGOTE"])
    socket.send_fds(zygote, [json.dumps(order).encode()], [0, 1, 2])
    status = zygote.recv(16)
sys.exit(int(status) if status else 1)
