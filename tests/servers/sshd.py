"""An OpenSSH server with a config and keys of its own, which lets this user in by key."""

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers.processes import HOST, answers, free_port, running


@dataclass(frozen=True)
class Login:
    """Where the server is, and two private keys: the one that it knows and another."""

    port: int
    key: Path
    other_key: Path

    @property
    def user(self) -> str:
        return getpass.getuser()


def program() -> str | None:
    """Debian keeps it off the ``PATH`` of most users."""
    return shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")


@contextmanager
def server(program: str, folder: Path) -> Iterator[Login]:
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # as Debian's service does
    names = ("host_key", "key", "other_key")
    for name in names:
        subprocess.run(  # noqa: S603 - OpenSSH's own program
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name],  # noqa: S607
            check=True,
        )
    port = free_port()
    (folder / "config").write_text(
        f"""
        Port {port}
        ListenAddress {HOST}
        HostKey {folder}/host_key
        AuthorizedKeysFile {folder}/key.pub
        AllowUsers {getpass.getuser()}
        AuthenticationMethods publickey
        PidFile none
        StrictModes no
        UsePAM no
        Subsystem sftp internal-sftp
        """
    )
    command = [program, "-D", "-e", "-f", str(folder / "config")]
    with running(command, folder / "log", lambda: answers(port)):
        yield Login(port, folder / "key", folder / "other_key")
