"""A real tracking server on loopback, with its artifact proxy, to be stopped and started again."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

LIFETIME = "1800"  # seconds, after which it ends even if the tests were killed


class Server:
    """Its artifacts are in ``folder``, and so is an SQLite database if no other one is named."""

    def __init__(self, folder, database: str = "") -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.process = folder, None
        self.database = database or f"sqlite:///{folder}/server.db"

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own server
            [
                *("timeout", LIFETIME, sys.executable, "-m", "mlflow", "server"),
                *("--host", "127.0.0.1", "--port", str(self.port)),
                *("--workers", "1", "--artifacts-destination", str(self.folder / "artifacts")),
            ],
            cwd=self.folder,
            env=os.environ
            | {
                "MLFLOW_TRACKING_URI": "",
                "MLFLOW_BACKEND_STORE_URI": self.database,
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # else there are more processes
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for _ in range(3000):  # five minutes, for a machine that has much else to do
            try:
                urllib.request.urlopen(f"{self.uri}/health", timeout=1)  # noqa: S310 - loopback
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the server does not answer")

    def stop(self) -> None:
        os.killpg(self.process.pid, 9)
        self.process.wait()
