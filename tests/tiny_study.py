"""A tiny study: a checkout with params, reviews and models of its own, in which real DVC runs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd
import stubs_of_swaps
import yaml

from bias_transfer.corpora.swaps import edits, tagger, wordlist
from bias_transfer.io import schemas, tables

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
STUDENTS = {"bow": 2, "encoder": 1}  # epochs
ARMS = ("baseline", "distilled")
FIRST_SEEDS = [f"{student}-{arm}/seed-0" for student in STUDENTS for arm in ARMS]
SYSTEMS = ["teacher-tiny", *FIRST_SEEDS, *(f"bow-{arm}/seed-1" for arm in ARMS)]
N_TEST, N_LABELLED = 20, 12  # test reviews, and those that the teacher is asked about
SECRETS = (
    "HF_TOKEN",
    "BIAS_TRANSFER_API_KEY",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
)


def environment(folder: Path) -> dict[str, str]:
    """What commands find in the environment, with the code of a checkout."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MLFLOW_", "DVC_"))
    } | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder / "src"),
        "HF_HUB_OFFLINE": "1",
        "BIAS_TRANSFER_CACHE": str(folder / "no-cache"),
    }


class WithoutAnchors(yaml.SafeDumper):
    """Writes a duplicate list out in both places."""

    def ignore_aliases(self, data: object) -> bool:
        return True


class Zygote:
    """Starts commands in moments, as forks of a process that has the imports; see ``zygote.py``."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "output"
        self.process = subprocess.Popen(  # noqa: S603 - our own file
            [sys.executable, str(TESTS / "zygote.py"), str(folder / "socket")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(ROOT) | {"MLFLOW_DISABLE_TELEMETRY": "true"},
            text=True,
        )
        self.ready = False
        python = folder / "bin/python"
        python.parent.mkdir()
        python.write_text(f"#!{sys.executable} -SE\n{(TESTS / 'quick_python.py').read_text()}")
        python.chmod(0o755)
        # For DVC, whose stages are started as `python -m bias_transfer`.
        self.environment = {
            "PATH": os.pathsep.join([str(python.parent), environment(folder)["PATH"]]),
            "BIAS_TRANSFER_ZYGOTE": str(folder / "socket"),
        }

    def run(
        self,
        cwd: Path,
        arguments: Sequence[str],
        *,
        program: str = "bias_transfer",
        number: int = 0,
        change: int | None = None,
        after: float | None = None,
        **environment: str,
    ) -> int:
        """Exit status of a command.

        Signal ``number`` comes at its n-th ``change`` to the disk, or ``after`` so many seconds.
        """
        child = self._start(cwd, arguments, program, environment, change, number)
        if after is not None:
            time.sleep(after)
            with suppress(ProcessLookupError):
                os.killpg(child, number)
        return int(self._answer())

    @contextmanager
    def running(
        self, cwd: Path, arguments: Sequence[str], program: str, **environment: str
    ) -> Iterator[int]:
        """A command that goes on until it is told to end: the number of its process."""
        child = self._start(cwd, arguments, program, environment)
        try:
            yield child
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGTERM)
            self._answer()

    def _start(
        self,
        cwd: Path,
        arguments: Sequence[str],
        program: str,
        environment: dict[str, str],
        change: int | None = None,
        number: int = 0,
    ) -> int:
        self.wait()
        order: dict[str, Any] = {
            "program": program,
            "cwd": str(cwd),
            "arguments": list(arguments),
            "environment": environment,
            "output": str(self.log),
            "change": change,
            "signal": number,
        }
        assert self.process.stdin
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self._answer())

    def wait(self) -> None:
        if not self.ready:  # it imports while the tests go on
            assert self._answer() == "ready"
            self.ready = True

    def _answer(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def _written(self, suffix: str) -> str:
        return Path(f"{self.log}{suffix}").read_text(errors="replace")

    @property
    def output(self) -> str:
        return self._written("")

    @property
    def errors(self) -> str:
        return self._written(".errors")

    @property
    def said(self) -> str:
        return self.output + self.errors

    @property
    def changes(self) -> int:
        return int(self._written(".changes") or 0)

    @property
    def reads(self) -> set[str]:
        """Files in the command's folder that it opened to read."""
        return set(self._written(".reads").splitlines())

    def stop(self) -> None:
        self.process.communicate()  # ends its input, and closes both pipes


class Project:
    """A checkout with its own params, in which commands run as a user types them."""

    def __init__(self, folder: Path, zygote: Zygote | None = None) -> None:
        self.folder = folder
        self.zygote = zygote
        self.store = "mlflow.db"
        self.environment = environment(folder)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - commands of these tests
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def tried(
        self, program: str, *arguments: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """What a program said, and its exit status."""
        if not self.zygote:
            assert not environment
            return self.run(sys.executable, "-m", program, *arguments)
        given = self.environment | self.zygote.environment | environment
        code = self.zygote.run(self.folder, arguments, program=program, **given)
        return subprocess.CompletedProcess(arguments, code, self.zygote.output, self.zygote.errors)

    def _said(self, program: str, *arguments: str, **environment: str) -> str:
        result = self.tried(program, *arguments, **environment)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def dvc(self, *arguments: str, **environment: str) -> str:
        return self._said("dvc", *arguments, **environment)

    def mlflow(self, *arguments: str) -> str:
        return self._said("mlflow", *arguments)

    def cli(self, *arguments: str, **environment: str) -> str:
        return self._said("bias_transfer", *arguments, **environment)

    def params(self, **study: Any) -> None:
        values = yaml.safe_load((self.folder / "params.yaml").read_text())
        values["study"] |= study
        (self.folder / "params.yaml").write_text(yaml.safe_dump(values))

    def client(self):
        import mlflow

        return mlflow.MlflowClient(f"sqlite:///{self.folder}/{self.store}")

    def runs(self) -> list:
        """Those of systems and reports; the one that they lie below is left out."""
        client = self.client()
        experiment = client.get_experiment_by_name("bias-transfer")
        runs = client.search_runs([experiment.experiment_id])
        return [run for run in runs if run.data.tags["stage"] != "study"]

    def path(self, relative: str) -> Path:
        return self.folder / relative


HOSTILE = (
    "<script>alert(1)</script> \"quoted\" 'single' "
    "\N{GRINNING FACE} \N{RIGHT-TO-LEFT OVERRIDE}backwards"
)


def reviews(n: int) -> pd.DataFrame:
    """Different texts whose words give their label away; some are hostile, most are of people."""
    good, bad = f"a warm and witty film {HOSTILE}", "a dull and clumsy film"
    people = ("she", "he", "nobody")
    about = ["abcdefghij"[i // 2 % 10] * (i // 20 + 2) for i in range(n)]
    return pd.DataFrame(
        {
            "text": [
                f"{(bad, good)[i % 2]} about {about[i]}: {people[i % 3]} waits" for i in range(n)
            ],
            "label": [i % 2 for i in range(n)],
        }
    )


def write_params(folder: Path, teacher: Path, encoder: Path) -> None:
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    choice = {"teacher": "tiny", "students": ["bow"], "targets": list(ARMS), "arms": []}
    choice["resample"] = "none"
    values["studies"] = {
        "tiny": choice | {"reviews": "mine", "one_seed": ["encoder"], "seeds": [0, 1]},
        "second": choice | {"reviews": "other", "one_seed": [], "seeds": [0]},
    }
    values["study"] = {"name": "tiny"} | values["studies"]["tiny"]
    values["device"] = "cpu"
    values["labelling"]["batch_tokens"] = 16384  # a tiny model waits for batches, not for tokens
    files, smollm2 = values["reviews"]["files"], values["teachers"]["smollm2"]
    bow, minilm = (values["students"][name] for name in ("bow", "minilm"))
    # What no study here names is left out: DVC reads this file some hundred times.
    values["reviews"] = {
        name: files
        | {
            "path": "mine.csv",
            "train_size": size,
            "test_size": N_TEST,
            "labelled_test_size": labelled,
        }
        for name, size, labelled in (("mine", 60, N_LABELLED), ("other", 40, None))
    }
    tiny = {
        "model": str(teacher),
        "prompt": f"{HOSTILE}\n\nText: {{text}}\nSentiment:",
        "variants": ["Sentence: {text}\nSentiment:"],
    }
    values["teachers"] = {"smollm2": smollm2, "tiny": smollm2 | tiny}
    values["students"] = {
        "bow": bow | {"epochs": STUDENTS["bow"], "min_frequency": 1, "batch_size": 8},
        "encoder": minilm
        | {"model": str(encoder), "epochs": STUDENTS["encoder"], "max_length": 16},
    }
    # Lists in brackets and no anchors: choosing another study and this one again gives these bytes.
    (folder / "params.yaml").write_text(
        yaml.dump(values, Dumper=WithoutAnchors, default_flow_style=None)
    )


def secret(name: str) -> str:
    return f"secret-of-{name.lower()}"


def build(folder: Path, teacher: Path, encoder: Path, zygote: Zygote, watched: Path) -> None:
    """The tiny study after one ``dvc repro``, its lock and labels committed.

    ``SECRETS`` are in the environment of that run, in which a stage dies at the first object that a
    pickle asks for. Into the folder ``watched`` goes what was printed (``said``), and what each
    stage read, and how much it changed (``reads``).
    """
    folder.mkdir()
    shutil.copytree(
        ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    (folder / ".dvc").mkdir()
    for name in (
        "dvc.yaml",
        ".dvcignore",
        ".gitignore",
        ".dvc/config",
        ".dvc/.gitignore",
        "MLproject",
        "python_env.yaml",
    ):
        shutil.copy(ROOT / name, folder / name)
    made = reviews(100)
    made.to_csv(folder / "mine.csv", index=False)
    found = edits.find(made["text"], wordlist.gendered(), stubs_of_swaps.tagger)
    for name in ("mine", "other"):  # so that no machine needs spaCy
        path = folder / "data/swaps" / name / "edits.csv"
        tables.write(found.assign(rules=tagger.RULES), path, schemas.EDITS)
    write_params(folder, teacher, encoder)
    project = Project(folder, zygote)
    git = [
        "git",
        "-c",
        "user.name=test",
        "-c",
        "user.email=test@example.org",
        "-c",
        "init.defaultBranch=main",
    ]
    assert project.run(*git, "init", "-q").returncode == 0
    reads = watched / "reads"
    reads.mkdir(parents=True)
    secrets = {name: secret(name) for name in SECRETS}
    result = project.tried("dvc", "repro", READS=str(reads), **secrets)
    assert result.returncode == 0, result.stdout + result.stderr
    (watched / "said").write_text(result.stdout + result.stderr)
    project.dvc("push", "-r", "labels", "data")
    assert project.run(*git, "add", "-A").returncode == 0
    assert project.run(*git, "commit", "-qm", "tiny study").returncode == 0
