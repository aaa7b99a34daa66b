"""Runs commands of the project in processes forked from this one, which has imported what they need.

Reads a line of JSON on standard input (``cwd``, ``arguments``, ``environment``, ``output``,
``change``, ``signal``); answers with the process's number and, when it has ended, with its exit
status. With ``change`` n, the process signals itself just before its n-th change to the disk: an
opening to write, a renaming, a removal, a new folder. How many changes it came to is written beside
``output``. With ``REFUSE_PICKLES`` in its environment it dies at a pickle.
"""

import json
import os
import pickle
import signal
import sys
import traceback
from pathlib import Path

import mlflow.pyfunc  # noqa: F401
import seaborn  # noqa: F401
import statsmodels.api  # noqa: F401
import torch  # noqa: F401
import transformers.models.bert.modeling_bert
import transformers.models.llama.modeling_llama  # noqa: F401

from bias_transfer import cli
from bias_transfer.pretrained import classifier  # noqa: F401
from bias_transfer.report import page  # noqa: F401
from bias_transfer.stages import bias, label, predict, publish, report, reviews, train  # noqa: F401

CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def changes_disk(event: str, arguments: tuple) -> bool:
    if event == "open":
        path, _, flags = arguments
        written = isinstance(flags, int) and flags & WRITING and not isinstance(path, int)
    else:
        path, written = arguments[0] if arguments else None, event in CHANGES
    if not written:
        return False
    here = os.path.abspath(os.fsdecode(path))  # noqa: PTH100
    return here.startswith(os.getcwd() + os.sep)  # noqa: PTH109


def watch(order: dict) -> None:
    counts = Path(f"{order['output']}.changes").open("w")  # noqa: SIM115
    number = 0

    def hook(event: str, arguments: tuple) -> None:
        nonlocal number
        if event == "pickle.find_class" and "REFUSE_PICKLES" in order["environment"]:
            raise RuntimeError(f"a pickle was loaded: it asks for {arguments}")
        if changes_disk(event, arguments):
            number += 1
            counts.seek(0)
            counts.write(f"{number}")
            counts.flush()
            if number == order["change"]:
                os.kill(os.getpid(), order["signal"])

    sys.addaudithook(hook)


def run(order: dict) -> None:
    code = 120
    try:
        os.setsid()
        os.chdir(order["cwd"])
        os.environ.update(order["environment"])
        output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        watch(order)
        if "LOAD_A_PICKLE" in os.environ:
            pickle.loads(pickle.dumps(Path()))
        cli.main(order["arguments"])
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1 if stop.code else 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run(json.loads(line))
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
