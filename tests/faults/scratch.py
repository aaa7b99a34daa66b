"""Copies of the tiny study to break, and what must hold of them afterwards."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import yaml
from tiny_study import Project

STUDY = "tiny"


@dataclass(frozen=True)
class Stage:
    """What ``dvc.lock`` says of a stage: its command's arguments and the paths that it writes."""

    arguments: tuple[str, ...]
    outs: tuple[str, ...]

    @property
    def command(self) -> str:
        return self.arguments[0]


def stages(pristine: Path) -> dict[str, Stage]:
    """By a short name: one stage of every kind, each student's training and scoring apart."""
    lock = yaml.safe_load((pristine / "dvc.lock").read_text())["stages"]
    wanted = {
        "reviews": "reviews@mine",
        "eec": "eec",
        "label": "data@mine-tiny",
        "train (words)": f"train@{STUDY}-bow-distilled-0",
        "train (transformer)": f"train-once@{STUDY}-encoder-distilled-0",
        "predict": f"predict@{STUDY}-bow-distilled-0",
        "predict (teacher)": f"predict-teacher@{STUDY}-tiny",
        "bias": f"bias@{STUDY}",
        "report": f"report@{STUDY}",
        "publish": f"publish@{STUDY}",
    }
    return {
        short: Stage(
            tuple(lock[name]["cmd"].split()[3:]),
            tuple(sorted(out["path"] for out in lock[name]["outs"])),
        )
        for short, name in wanted.items()
    }


class Zygote:
    """Starts commands quickly; see ``zygote.py``."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.log = folder / "output"
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("zygote.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment | {"MLFLOW_DISABLE_TELEMETRY": "true"},
            text=True,
        )
        assert self.process.stdout.readline() == "ready\n"

    def run(
        self,
        cwd: Path,
        arguments,
        *,
        number: int = 0,
        change: int | None = None,
        after: float | None = None,
        **environment,
    ) -> int:
        """Exit status of a command; signal ``number`` comes at its n-th ``change``, or ``after`` so many seconds."""
        order = {
            "cwd": str(cwd),
            "arguments": list(arguments),
            "environment": environment,
            "output": str(self.log),
        }
        self.process.stdin.write(json.dumps(order | {"change": change, "signal": number}) + "\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline())
        if after is not None:
            time.sleep(after)
            with suppress(ProcessLookupError):
                os.killpg(child, number)
        return int(self.process.stdout.readline())

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def changes(self) -> int:
        return int(self.log.with_name("output.changes").read_text() or 0)

    def stop(self) -> None:
        self.process.communicate()  # ends its input, and closes both pipes


def digest(path: Path) -> str:
    """Of a file, or of a folder with the names in it."""
    if path.is_dir():
        parts = [
            f"{p.relative_to(path)} {digest(p)}" for p in sorted(path.rglob("*")) if p.is_file()
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Scratch:
    """A copy of the tiny study without its tracking store, whose paths are those of the first folder."""

    def __init__(self, pristine: Path, folder: Path, *, cache: bool = False) -> None:
        left = {
            pristine / name for name in ("mlflow.db", "mlruns", *(() if cache else (".dvc/cache",)))
        }

        def ignored(parent: str, names: list[str]) -> set[str]:
            return {name for name in names if Path(parent, name) in left}

        shutil.copytree(pristine, folder, symlinks=True, dirs_exist_ok=True, ignore=ignored)
        self.pristine, self.folder, self.project = pristine, folder, Project(folder)

    def remove(self, stage: Stage) -> None:
        """As DVC does before it runs a stage."""
        for out in stage.outs:
            path = self.folder / out
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def forget_labels(self, share: float) -> None:
        """Leave no label file, and of the teacher's answers in each journal only the first ``share`` of the lines."""
        shutil.rmtree(self.folder / "data/teacher")
        for journal in (self.folder / "data/journal").glob("*.jsonl"):
            lines = journal.read_bytes().splitlines(keepends=True)
            journal.write_bytes(b"".join(lines[: 1 + int(share * (len(lines) - 1))]))

    def wrong(self, outs: tuple[str, ...], *, absent: bool) -> list[str]:
        """Outputs that are not, byte for byte, those of the unbroken run; one may be ``absent``."""
        return [
            out
            for out in outs
            if not (absent and not (self.folder / out).exists())
            and not (
                (self.folder / out).exists()
                and digest(self.folder / out) == digest(self.pristine / out)
            )
        ]

    def leavings(self) -> list[str]:
        """Temporary files that are still there."""
        return [str(path.relative_to(self.folder)) for path in self.folder.rglob(".*.part*")]

    def mend_dvc(self) -> None:
        """DVC writes two files in place; of halves of them, docs/fault_tolerance.md says to do this."""
        with suppress(FileNotFoundError):
            try:
                json.loads(self.folder.joinpath(".dvc/tmp/rwlock").read_bytes())
            except ValueError:
                self.folder.joinpath(".dvc/tmp/rwlock").unlink()
        if self.project.run(sys.executable, "-m", "dvc", "status", "--json").returncode:
            assert self.project.run("git", "checkout", "dvc.lock").returncode == 0

    def everything(self) -> tuple[str, ...]:
        """Every output of every stage."""
        lock = yaml.safe_load((self.pristine / "dvc.lock").read_text())["stages"]
        return tuple(out["path"] for stage in lock.values() for out in stage["outs"])

    def store_is_clean(self, systems: int) -> list[str]:
        """What is wrong in the tracking store after a publishing that went through."""
        import mlflow

        client = mlflow.MlflowClient(f"sqlite:///{self.folder}/mlflow.db")
        return unclean(client, systems)


def unclean(client, systems: int) -> list[str]:
    experiment = client.get_experiment_by_name("bias-transfer")
    runs = client.search_runs([experiment.experiment_id], max_results=1000)
    finished = sorted(run.info.run_name for run in runs if run.info.status == "FINISHED")
    wrong = [
        f"{run.info.run_name} is {run.info.status}" for run in runs if run.info.status == "RUNNING"
    ]
    if len(finished) != len(set(finished)) or len(finished) != systems + 2:
        wrong.append(f"finished: {finished}")
    for model in client.search_registered_models():
        versions = client.search_model_versions(f"name = '{model.name}'")
        if len(versions) != 1:
            wrong.append(f"{model.name} has {len(versions)} versions")
    return wrong


@contextmanager
def full_disk(folder: Path):
    """A file system of its own in ``folder``; give a function that leaves it so many bytes free (None: plenty)."""
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=1g", "tmpfs", str(folder))
    try:

        def leave(free: int | None) -> None:
            status = os.statvfs(folder)
            used = (status.f_blocks - status.f_bfree) * status.f_frsize
            size = "1g" if free is None else str(used + free // 4096 * 4096)
            mount("-o", f"remount,size={size}", str(folder))

        yield leave
    finally:
        subprocess.run(
            ["umount", "--lazy", str(folder)], check=True
        )  # this process may hold its database


@contextmanager
def read_only(folders: list[Path]):
    """Nothing can be written below these folders."""
    mounted = []
    try:
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
            mount("--bind", str(folder), str(folder))
            mounted.append(folder)
            mount("-o", "remount,ro,bind", str(folder))
        yield
    finally:
        for folder in reversed(mounted):
            subprocess.run(["umount", str(folder)], check=True)


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def may_mount(folder: Path) -> bool:
    """Whether this user may mount: a full or a read-only disk is tried with real ones."""
    try:
        with full_disk(folder):
            return True
    except (subprocess.CalledProcessError, FileNotFoundError):
        return False


SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "Ctrl-C": signal.SIGINT}
