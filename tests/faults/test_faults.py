"""The tiny study, broken at every stage: outputs are whole or absent, and recover.

A few faults by default; ``pytest tests/faults --faults 204`` draws two of every kind, and prints a
table.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import mlflow
import pytest
from faults.scratch import SIGNALS, Scratch, full_disk, may_mount, read_only, stages, unclean
from tiny_study import SYSTEMS, Zygote
from tracking_server import Server

STAGES = (
    "reviews", "eec", "film", "label", "swaps", "train (words)", "train (transformer)", "predict",
    "predict (teacher)", "bias", "report", "publish",
)  # fmt: skip
AT_A_CHANGE, AT_A_MOMENT = "{} at a change to the disk", "{} at a moment"
FULL, READ_ONLY, TRUNCATED, FLIPPED = "disk full", "disk read-only", "file cut short", "bit turned"
KILLED_DVC, TWO_REPRO, TWO_RUNS = "`dvc repro`: {}", "two `dvc repro`", "two `mlflow run`"
NO_SERVER = "tracking server gone"
DAMAGED = (
    "data/reviews",
    "data/eec",
    "data/film",
    "data/swaps",
    "data/teacher",
    "models",
    "predictions",
    "metrics",
    "reports",
    "data/journal",
)

ROUND = [
    *((AT_A_CHANGE.format(name), stage) for name in SIGNALS for stage in STAGES),
    *((AT_A_MOMENT.format(name), stage) for name in SIGNALS for stage in STAGES),
    *((kind, stage) for kind in (FULL, READ_ONLY) for stage in STAGES),
    *((kind, place) for kind in (TRUNCATED, FLIPPED) for place in DAMAGED),
    *((KILLED_DVC.format(name), "all") for name in SIGNALS),
    (TWO_REPRO, "all"),
    (TWO_RUNS, "train"),
    (NO_SERVER, "publish"),
]
SHORT = [
    (AT_A_CHANGE.format("SIGKILL"), "label"),
    (AT_A_CHANGE.format("SIGKILL"), "train (words)"),
    (AT_A_CHANGE.format("SIGTERM"), "predict (teacher)"),
    (AT_A_CHANGE.format("Ctrl-C"), "predict"),
    (AT_A_CHANGE.format("SIGKILL"), "publish"),
    (FULL, "label"),
    (READ_ONLY, "predict"),
    (FLIPPED, "data/teacher"),
    (TRUNCATED, "models"),
    (KILLED_DVC.format("SIGKILL"), "all"),
]
RETRIES = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}
MOMENTS = 15.0  # seconds of a repro in which it is killed


def pytest_generate_tests(metafunc):
    if "kind" not in metafunc.fixturenames:
        return
    number = metafunc.config.getoption("faults")
    faults = SHORT if number is None else list(islice(cycle(ROUND), number))
    metafunc.parametrize("number, kind, place", [(i, *fault) for i, fault in enumerate(faults)])


@pytest.fixture(scope="module")
def mountable(tmp_path_factory):
    return may_mount(tmp_path_factory.mktemp("mount") / "disk")


class Broken:
    """One fault: where it strikes, and what it may leave."""

    def __init__(self, study: Any, folder: Path, zygote: Zygote, seed: int) -> None:
        self.study, self.folder, self.zygote = study, folder, zygote
        self.pristine = study.pristine
        self.random = random.Random(seed)  # noqa: S311 - faults, no secrets
        self.stages = stages(self.pristine)

    def scratch(self, *, cache: bool = False) -> Scratch:
        return Scratch(self.pristine, self.folder, self.zygote, cache=cache)

    def clear(self, scratch: Scratch, stage, share: float) -> None:
        if stage.command == "label":
            scratch.forget_labels(share)
        else:
            scratch.remove(stage)

    def unbroken(self, stage, share: float) -> tuple[int, float]:
        """How many changes a stage makes, and how long it takes."""
        scratch = self.scratch()
        self.clear(scratch, stage, share)
        start = time.monotonic()
        assert self.zygote.run(self.folder, stage.arguments) == 0, self.zygote.said
        took = time.monotonic() - start
        shutil.rmtree(self.folder)
        return self.zygote.changes, took

    def when(self, stage, share: float, *, at_a_change: bool) -> dict[str, float]:
        """A change of those that a stage makes, or a moment of the time that it takes."""
        if at_a_change and stage.command != "label":  # which asks but for some of the labels
            changes, took = self.study.changes(stage.arguments), 0.0
        else:
            changes, took = self.unbroken(stage, share)
        change, after = self.random.randint(1, changes), self.random.uniform(0, took)
        return {"change": change} if at_a_change else {"after": after}

    def recovers(self, scratch: Scratch, stage) -> None:
        """Started again, the stage ends as if nothing had been."""
        assert self.zygote.run(self.folder, stage.arguments) == 0, self.zygote.said
        assert not scratch.wrong(stage.outs, absent=False)
        assert not scratch.leavings()
        if stage.command == "publish":
            assert not scratch.store_is_clean(len(SYSTEMS))

    def says_why(self) -> None:
        last = self.zygote.said.strip().splitlines()[-1]
        assert last.startswith("Error: "), self.zygote.said
        assert "fault of the program" not in last

    def signalled(self, name: str, place: str, *, at_a_change: bool) -> None:
        stage, share, number = self.stages[place], self.random.uniform(0.8, 1), SIGNALS[name]
        when = self.when(stage, share, at_a_change=at_a_change)
        scratch = self.scratch()
        self.clear(scratch, stage, share)
        status = self.zygote.run(self.folder, stage.arguments, number=number, **when)
        assert status in (0, 1, 128 + number, -number), self.zygote.said
        assert not at_a_change or status != 0
        assert not scratch.wrong(stage.outs, absent=True)
        if name != "SIGKILL":
            assert not scratch.leavings()
        self.recovers(scratch, stage)

    def full(self, place: str) -> None:
        stage, share = self.stages[place], self.random.uniform(0.8, 1)
        paths = [self.pristine / out for out in stage.outs]
        size = sum(
            p.stat().st_size for path in paths for p in (path, *path.rglob("*")) if p.is_file()
        )
        with full_disk(self.folder) as leave:
            scratch = self.scratch()
            self.clear(scratch, stage, share)
            leave(self.random.randint(0, size))
            status = self.zygote.run(self.folder, stage.arguments)
            if status:
                assert status == 1
                self.says_why()
            assert not scratch.wrong(stage.outs, absent=True)
            assert not scratch.leavings()
            leave(None)
            self.recovers(scratch, stage)

    def read_only(self, place: str) -> None:
        stage, scratch = self.stages[place], self.scratch()
        self.clear(scratch, stage, 0.9)
        tops = (
            [self.folder]
            if place == "publish"
            else sorted({self.folder / Path(out).parts[0] for out in stage.outs})
        )
        with read_only(tops):
            assert self.zygote.run(self.folder, stage.arguments) == 1, self.zygote.said
            self.says_why()
            assert not scratch.wrong(stage.outs, absent=True)
        self.recovers(scratch, stage)

    def damaged(self, kind: str, place: str) -> None:
        """DVC makes the file anew, or the error names it and a remedy, which works."""
        scratch = self.scratch(cache=True)
        files = sorted(
            p for p in (self.folder / place).rglob("*") if p.is_file() and p.stat().st_size
        )
        path = self.random.choice(files)
        content = path.read_bytes()
        where = self.random.randrange(len(content))
        if kind == TRUNCATED:
            content = content[:where]
        else:
            content = (
                content[:where]
                + bytes([content[where] ^ 1 << self.random.randrange(8)])
                + content[where + 1 :]
            )
        path.unlink()
        path.write_bytes(content)
        if place == "data/journal":
            shutil.rmtree(self.folder / "data/teacher")
        if self.random.random() < 0.5:  # else DVC may restore outputs without running the stage
            shutil.rmtree(self.folder / ".dvc/cache/runs")
        self.mended(scratch, path, content)
        assert not scratch.wrong(scratch.everything(), absent=False)

    def mended(self, scratch: Scratch, path: Path, content: bytes) -> None:
        result = scratch.project.tried("dvc", "repro")
        if result.returncode == 0:
            return
        relative = path.relative_to(self.folder)
        error = next(line for line in result.stderr.splitlines() if line.startswith("Error: "))
        assert str(relative) in error
        if f"dvc checkout --force {relative}" in error:
            assert path.read_bytes() == content
            scratch.project.dvc("checkout", "--force", str(relative))
        else:
            assert "remove that line" in error or "move it away" in error
            path.unlink()
        scratch.project.dvc("repro")

    def interrupted_repro(self, name: str) -> None:
        scratch = self.scratch(cache=True)
        shutil.rmtree(self.folder / ".dvc/cache/runs")
        for stage in ("train (words)", "train (transformer)", "predict", "report"):
            scratch.remove(self.stages[stage])
        process = start(scratch)
        time.sleep(self.random.uniform(0.5, MOMENTS))
        stop(process, SIGNALS[name])
        assert not scratch.wrong(scratch.everything(), absent=True)
        scratch.mend_dvc()
        scratch.project.dvc("repro")
        assert not scratch.wrong(scratch.everything(), absent=False)
        assert not scratch.leavings()

    def two_repros(self) -> None:
        scratch = self.scratch(cache=True)
        shutil.rmtree(self.folder / ".dvc/cache/runs")
        for stage in ("train (words)", "predict", "report"):
            scratch.remove(self.stages[stage])
        both = [start(scratch), start(scratch)]
        said = [process.communicate()[0] for process in both]
        codes = [process.returncode for process in both]
        assert 0 in codes, said
        for code, output in zip(codes, said, strict=True):
            assert code == 0 or "lock" in output, output
        scratch.project.dvc("repro")
        assert not scratch.wrong(scratch.everything(), absent=False)

    def two_runs(self) -> None:
        scratch = self.scratch(cache=True)
        # MLflow cannot make one new database from two processes at once.
        assert self.zygote.run(self.folder, self.stages["publish"].arguments) == 0, self.zygote.said
        command = "-m mlflow run . -e train -P student=bow --env-manager local".split()
        both = [start(scratch, *command), start(scratch, *command)]
        for process in both:
            output = process.communicate()[0]
            assert process.returncode == 0, output
        client = mlflow.MlflowClient(f"sqlite:///{self.folder}/mlflow.db")
        runs = client.search_runs(
            ["0", client.get_experiment_by_name("bias-transfer").experiment_id]
        )
        assert {run.info.status for run in runs} == {"FINISHED"}
        assert len(list((self.folder / "runs").glob("*/reports/tiny/report.html"))) == 2
        assert not scratch.wrong(scratch.everything(), absent=False)

    def server_gone(self) -> None:
        stage, scratch = self.stages["publish"], self.scratch()
        (self.folder / "server").mkdir()
        server = Server(self.folder / "server")
        server.start()
        uri = {"MLFLOW_TRACKING_URI": server.uri} | RETRIES
        try:
            publishing = start(scratch, "-m", "bias_transfer", *stage.arguments, **uri)
            time.sleep(self.random.uniform(4, 20))
            server.stop()
            publishing.communicate()
            assert publishing.returncode in (0, 1)
            server.start()
            assert self.zygote.run(self.folder, stage.arguments, **uri) == 0, self.zygote.said
            assert not unclean(mlflow.MlflowClient(server.uri), len(SYSTEMS))
        finally:
            server.stop()
        assert not scratch.wrong(stage.outs, absent=False)


def start(scratch: Scratch, *command: str, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(  # noqa: S603 - our own commands
        [sys.executable, *(command or ("-m", "dvc", "repro"))],
        cwd=scratch.folder,
        env=scratch.project.environment | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )


def stop(process: subprocess.Popen, number: int) -> None:
    """A signal to the whole group, as a terminal or a cluster gives it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    process.communicate()


def test_nothing_is_lost(
    tiny_study, tmp_path, zygote, mountable, record_property, number, kind, place
):
    broken = Broken(tiny_study, tmp_path / "study", zygote, number)
    name = kind.split()[0]
    if kind in (FULL, READ_ONLY) and not mountable:
        pytest.skip("mounting a file system is not allowed here")
    if kind == FULL:
        broken.full(place)
    elif kind == READ_ONLY:
        broken.read_only(place)
    elif kind in (TRUNCATED, FLIPPED):
        broken.damaged(kind, place)
    elif kind == TWO_REPRO:
        broken.two_repros()
    elif kind == TWO_RUNS:
        broken.two_runs()
    elif kind == NO_SERVER:
        broken.server_gone()
    elif name in SIGNALS:
        broken.signalled(name, place, at_a_change=kind == AT_A_CHANGE.format(name))
    else:
        broken.interrupted_repro(kind.removeprefix(KILLED_DVC.format("")))
    record_property("fault", (number, kind, place))


def inodes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in folder.glob("seed-*")}


def test_repro_killed_between_seeds_goes_on_and_keeps_the_earlier_ones(
    tiny_study, tmp_path, zygote
):
    """Further seeds of a study cost their own fits alone, also where ``dvc repro`` was killed."""
    scratch = Scratch(tiny_study.pristine, tmp_path / "study", zygote, cache=True)
    folder = scratch.folder / "models/tiny/bow-distilled"
    stage, before, n = "train@tiny-bow-distilled", inodes(folder), 12
    assert set(before) == {"seed-0", "seed-1"}
    scratch.project.params(seeds=list(range(n)))
    process = start(scratch, "-m", "dvc", "repro", stage)
    while process.poll() is None and not (folder / "seed-2").exists():
        time.sleep(0.01)
    stop(process, signal.SIGKILL)
    made = inodes(folder)
    assert len(before) < len(made) < n
    scratch.mend_dvc()
    said = scratch.project.dvc("repro", stage)
    assert f"{folder.relative_to(scratch.folder)}: {n - len(made)} fitted, {len(made)} kept" in said
    after = inodes(folder)
    assert len(after) == n
    assert before.items() <= made.items() <= after.items()

    scratch.project.params(seeds=[0, 1])
    assert "0 fitted, 2 kept" in scratch.project.dvc("repro", stage)
    assert inodes(folder) == before
    assert not scratch.wrong(("models/tiny/bow-distilled",), absent=False)
