"""Copies of the tiny study to break, and what must hold of them afterwards."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import yaml
from tiny_study import Project, Zygote

STUDY = "tiny"


@dataclass(frozen=True)
class Stage:
    """A stage in ``dvc.lock``: its command's arguments, and the paths it reads and writes."""

    arguments: tuple[str, ...]
    deps: tuple[str, ...]
    outs: tuple[str, ...]

    @property
    def command(self) -> str:
        return self.arguments[0]


def stages(pristine: Path) -> dict[str, Stage]:
    """One stage of every kind by a short name, training by kind of student."""
    lock = yaml.safe_load((pristine / "dvc.lock").read_text())["stages"]
    wanted = {
        "reviews": "reviews@mine",
        "eec": "eec",
        "film": "film",
        "label": "data@mine-tiny",
        "swaps": "swaps@mine",
        "train (words)": f"train@{STUDY}-bow-distilled",
        "train (transformer)": f"train-once@{STUDY}-encoder-distilled",
        "predict": f"predict@{STUDY}-bow-distilled",
        "predict (teacher)": f"predict-teacher@{STUDY}-tiny",
        "bias": f"bias@{STUDY}",
        "report": f"report@{STUDY}",
        "publish": f"publish@{STUDY}",
    }
    return {
        short: Stage(
            tuple(lock[name]["cmd"].split()[3:]),
            tuple(sorted(dep["path"] for dep in lock[name].get("deps", []))),
            tuple(sorted(out["path"] for out in lock[name]["outs"])),
        )
        for short, name in wanted.items()
    }


def digest(path: Path) -> str:
    """SHA-256 of a file, or of a folder's files with their names."""
    if path.is_dir():
        parts = [
            f"{p.relative_to(path)} {digest(p)}" for p in sorted(path.rglob("*")) if p.is_file()
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return hashlib.sha256(path.read_bytes()).hexdigest()


def parts(path: Path) -> Iterable[Path]:
    """Parts of an output, each written whole or not at all: a model per seed, else files."""
    if not path.is_dir():
        return [path]
    if path.parts[-3] == "models":
        return sorted(path.iterdir())
    return sorted(file for file in path.rglob("*") if file.is_file())


class Scratch:
    """A copy of the tiny study without its tracking store, which knows the original's paths."""

    def __init__(
        self, pristine: Path, folder: Path, zygote: Zygote | None = None, *, cache: bool = False
    ) -> None:
        left = {
            pristine / name for name in ("mlflow.db", "mlruns", *(() if cache else (".dvc/cache",)))
        }

        def ignored(parent: str, names: list[str]) -> set[str]:
            return {name for name in names if Path(parent, name) in left}

        shutil.copytree(pristine, folder, symlinks=True, dirs_exist_ok=True, ignore=ignored)
        self.pristine, self.folder, self.project = pristine, folder, Project(folder, zygote)

    def remove(self, stage: Stage) -> None:
        """Remove a stage's outputs, as DVC does before it runs one."""
        for out in stage.outs:
            path = self.folder / out
            if path.name == "edits.csv":  # DVC keeps it too, and to make it anew takes a tagger
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def forget_labels(self, share: float) -> None:
        """Remove all label files, and all but the first ``share`` of the lines of each journal."""
        shutil.rmtree(self.folder / "data/teacher")
        for journal in (self.folder / "data/journal").glob("*.jsonl"):
            lines = journal.read_bytes().splitlines(keepends=True)
            journal.write_bytes(b"".join(lines[: 1 + int(share * (len(lines) - 1))]))

    def wrong(self, outs: tuple[str, ...], *, absent: bool) -> list[str]:
        """Outputs that differ from those of the unbroken run; parts of them may be ``absent``."""
        pairs = [(self.folder / out, self.pristine / out) for out in outs]
        if absent:
            pairs = [
                (self.folder / part.relative_to(self.pristine), part)
                for _, out in pairs
                for part in parts(out)
            ]
            pairs = [(part, expected) for part, expected in pairs if part.exists()]
        return [
            str(expected.relative_to(self.pristine))
            for found, expected in pairs
            if not (found.exists() and digest(found) == digest(expected))
        ]

    def leavings(self) -> list[str]:
        """Temporary files that are still there."""
        return [str(path.relative_to(self.folder)) for path in self.folder.rglob(".*.part*")]

    def mend_dvc(self) -> None:
        """Mend two files that DVC does not write whole, as docs/fault_tolerance.md says."""
        with suppress(FileNotFoundError):
            try:
                json.loads(self.folder.joinpath(".dvc/tmp/rwlock").read_bytes())
            except ValueError:
                self.folder.joinpath(".dvc/tmp/rwlock").unlink()
        if self.project.tried("dvc", "status", "--json").returncode:
            assert self.project.run("git", "checkout", "dvc.lock").returncode == 0

    def everything(self) -> tuple[str, ...]:
        """Every output of every stage."""
        lock = yaml.safe_load((self.pristine / "dvc.lock").read_text())["stages"]
        return tuple(out["path"] for stage in lock.values() for out in stage["outs"])

    def store_is_clean(self, systems: int) -> list[str]:
        """What is wrong in the tracking store after a finished publication."""
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
    """Mount a file system on ``folder``; gives a function that leaves so many bytes free on it.

    None leaves plenty.
    """
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
        umount("--lazy", str(folder))  # this process may hold its database


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
            umount(str(folder))


def mount(*arguments: str) -> None:
    command = [shutil.which("mount") or "mount", *arguments]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own folders


def umount(*arguments: str) -> None:
    command = [shutil.which("umount") or "umount", *arguments]
    subprocess.run(command, check=True)  # noqa: S603 - our own folders


def may_mount(folder: Path) -> bool:
    """Whether this user may mount, which a full or read-only disk needs."""
    try:
        with full_disk(folder):
            return True
    except (subprocess.CalledProcessError, FileNotFoundError):
        return False


SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "Ctrl-C": signal.SIGINT}
