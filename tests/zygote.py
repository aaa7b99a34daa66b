"""Runs commands in forks of this process, which has imported what they need.

Reads one line of JSON per command on standard input: ``program`` (one of ``PROGRAMS``), ``cwd``,
``arguments``, ``environment``, ``output``, ``change``, ``signal``. Answers with the number of the
forked process and, when that has ended, with its exit status. With ``change`` n, the process
signals itself just before its n-th change to the disk: an opening to write, a renaming, a removal,
a new folder.

Writes standard output to ``output``, and beside it: standard error (``.errors``), how many changes
to the disk there were (``.changes``), and the files below ``cwd`` that were opened to read
(``.reads``).

Stages that DVC starts, and DVC where a command starts it, come over the socket named in the first
argument, sent by ``quick_python.py`` in the place of ``python -m``: the same fields without the
last four, the three standard streams with them. Where ``READS`` in its environment names a folder,
such a stage dies at a pickle, and the files that it read are noted there, by its arguments (with
``|`` for ``/``), and beside them how many changes it made (``.changes``). With ``BLANK_FIGURES``,
the files of figures are empty, since drawing takes long.
"""

import gc
import json
import os
import pickle
import select
import shutil
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import alembic.command  # noqa: F401
import dulwich.index  # noqa: F401
import dvc.cli
import dvc.cli.parser
import dvc.repo
import git  # noqa: F401
import matplotlib.backends.backend_svg  # noqa: F401
import mlflow.cli
import mlflow.pyfunc
import mlflow.store.model_registry.sqlalchemy_store
import mlflow.store.tracking.sqlalchemy_store
import networkx  # noqa: F401 - DVC's
import PIL.Image
import pyarrow.dataset
import pyarrow.parquet  # noqa: F401
import scmrepo.git  # noqa: F401
import seaborn  # noqa: F401
import sqlalchemy.dialects.sqlite  # noqa: F401
import statsmodels.api  # noqa: F401
import torch  # noqa: F401
import transformers.convert_slow_tokenizer
import transformers.models.auto.tokenization_auto
import transformers.models.bert.modeling_bert
import transformers.models.llama.modeling_llama  # noqa: F401
from matplotlib.figure import Figure

from bias_transfer import cli
from bias_transfer.commands import launch, results, verify  # noqa: F401
from bias_transfer.corpora import eec as corpus
from bias_transfer.io import provenance, schemas
from bias_transfer.pretrained import classifier  # noqa: F401
from bias_transfer.report import page  # noqa: F401
from bias_transfer.stages import (  # noqa: F401
    bias,
    eec,
    film,
    label,
    predict,
    publish,
    report,
    reviews,
    swaps,
    train,
)

PROGRAMS = {
    "bias_transfer": cli.main,
    "mlflow": mlflow.cli.cli.main,
    "dvc": lambda arguments: sys.exit(dvc.cli.main(arguments)),
}
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def within(path: Any) -> str | None:
    """A path relative to the current folder, if it is below it."""
    # Not with pathlib: this runs at every opening of a file.
    here = os.path.abspath(os.fsdecode(path))  # noqa: PTH100
    start = os.getcwd() + os.sep  # noqa: PTH109
    return here.removeprefix(start) if here.startswith(start) else None


def counting(order: dict[str, Any]) -> Callable[[], None]:
    """What is to be called at every change to the disk."""
    counts = Path(f"{order['output']}.changes").open("w")  # noqa: SIM115
    number = 0

    def change() -> None:
        nonlocal number
        number += 1
        counts.seek(0)
        counts.write(f"{number}")
        counts.flush()
        if number == order["change"]:
            os.kill(os.getpid(), order["signal"])

    return change


def watch(change: Callable[[], None], *, refuse_pickles: bool = False) -> set[str]:
    """Call ``change`` at every change to the disk; the set fills with the files that are read."""
    reads: set[str] = set()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "pickle.find_class" and refuse_pickles:
            raise RuntimeError(f"a pickle was loaded: it asks for {arguments}")
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, int) or not (name := within(path)):
                return
            if isinstance(flags, int) and flags & WRITING:
                change()
            elif os.path.isfile(name):  # noqa: PTH113 - else a name in some other open folder
                reads.add(name)
        elif event in CHANGES and arguments and within(arguments[0]):
            change()

    sys.addaudithook(hook)
    return reads


def run_watched(order: dict[str, Any]) -> None:
    """Run an order and end this process: its streams into files, its changes and reads noted."""
    reads: set[str] = set()

    def prepare() -> None:
        os.setsid()
        os.chdir(order["cwd"])
        os.environ.update(order["environment"])
        if "BIAS_TRANSFER_ZYGOTE" in os.environ:
            sys.executable = shutil.which("python")
        for number, name in ((1, order["output"]), (2, f"{order['output']}.errors")):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        nonlocal reads
        reads = watch(counting(order))

    code = exit_code(order, prepare)
    Path(f"{order['output']}.reads").write_text("\n".join(sorted(reads)))
    os._exit(code)


def run_for_dvc(connection: socket.socket) -> None:
    """Run the order that comes over ``connection``, tell its exit status there and end."""
    message, streams, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    order = json.loads(message)
    reads: set[str] = set()
    changes = 0

    def change() -> None:
        nonlocal changes
        changes += 1

    def prepare() -> None:
        os.chdir(order["cwd"])
        os.environ.clear()
        os.environ.update(order["environment"])
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        nonlocal reads
        if "READS" in os.environ:
            reads = watch(change, refuse_pickles=True)
        if "LOAD_A_PICKLE" in os.environ:
            pickle.loads(pickle.dumps(Path()))  # noqa: S301

    code = exit_code(order, prepare)
    if "READS" in order["environment"]:
        path = Path(order["environment"]["READS"], " ".join(order["arguments"]).replace("/", "|"))
        path.write_text("\n".join(sorted(reads)))
        Path(f"{path}.changes").write_text(f"{changes}")
    connection.send(str(code).encode())
    os._exit(code)


def leave_blank(figure: Figure, path: Any, **options: Any) -> None:
    Path(path).write_bytes(b"")


def exit_code(order: dict[str, Any], prepare: Any) -> int:
    code: int | str | None = 120
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        prepare()
        if "BLANK_FIGURES" in os.environ:
            Figure.savefig = leave_blank
        PROGRAMS[order["program"]](order["arguments"])
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1 if stop.code else 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 1


def wait_for(order: dict[str, Any]) -> None:
    """Run an order in a process of its own, and answer with its number and its exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        run_watched(order)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    os._exit(0)


def prepare_imports() -> None:
    """Do once what waits for its first use too, and keep the collector off all of it."""
    schemas.EEC.validate(corpus.generate())
    provenance.code_sha256("students", "distillation", "stages")  # every fit of a student asks
    PIL.Image.init()
    gc.collect()
    gc.freeze()


def main() -> None:
    prepare_imports()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for these children
    server = socket.socket(socket.AF_UNIX)
    server.bind(sys.argv[1])
    server.listen()
    orders = os.fdopen(0, "rb", buffering=0)
    print("ready", flush=True)
    while True:
        readable, _, _ = select.select([orders, server], [], [])
        if orders in readable:
            line = orders.readline()
            if not line:
                return
            if os.fork() == 0:
                wait_for(json.loads(line))
        if server in readable:
            connection, _ = server.accept()
            if os.fork() == 0:
                run_for_dvc(connection)
            connection.close()


if __name__ == "__main__":
    main()
