"""An empty database of Debian's PostgreSQL, with a password, in a folder of its own."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.processes import HOST, free_port, running

USER, PASSWORD = "bias", "a password of these tests"


def programs() -> Path | None:
    """Folder of the newest ``initdb`` and ``postgres``, which Debian keeps off the ``PATH``."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def database(programs: Path) -> Iterator[str]:
    """URL of the database, as MLflow takes it."""
    # It refuses to run as root, and must reach its folder, which pytest's are too private for.
    account = {"user": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        folder, port = Path(name), free_port()
        password = folder / "password"
        password.write_text(PASSWORD)
        if account:
            for path in (folder, password):
                shutil.chown(path, "postgres")
        made = subprocess.run(  # noqa: S603 - Debian's program
            [
                *(programs / "initdb", "--pgdata", folder / "data", "--no-sync"),
                *("--encoding", "UTF8", "--locale", "C", "--username", USER),
                *("--auth", "scram-sha-256", "--pwfile", password),
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            **account,
        )
        assert made.returncode == 0, made.stderr
        server = [
            *(str(programs / "postgres"), "-D", str(folder / "data"), "-k", name, "-F"),
            *("-h", HOST, "-p", str(port)),
        ]

        def ready() -> bool:
            asked = [programs / "pg_isready", "-q", "-h", HOST, "-p", str(port)]
            return subprocess.run(asked, check=False).returncode == 0  # noqa: S603 - Debian's

        quickly = signal.SIGINT  # it would wait for its clients
        with running(server, folder / "log", ready, stop=quickly, cwd=folder, **account):
            password = PASSWORD.replace(" ", "%20")
            yield f"postgresql+psycopg2://{USER}:{password}@{HOST}:{port}/postgres"
