"""Do the stages `bias` and `report` write the same bytes on other processors?

python benchmarks/bytes.py .                            every setting
python benchmarks/bytes.py . --only Haswell --threads 1

The study of CHECKOUT must have run. From its predictions both stages run again, in a scratch copy
that takes its code from CHECKOUT too, with libraries told to use another processor's instructions.
Each file that they write is compared with the one in CHECKOUT by SHA-256.

OpenBLAS, which adds up for NumPy and SciPy, is told by OPENBLAS_CORETYPE; NumPy's own loops by
NPY_DISABLE_CPU_FEATURES; torch by ATEN_CPU_CAPABILITY and oneDNN by ONEDNN_MAX_CPU_ISA. `as here`
leaves the environment as it is, and each other setting starts without these variables. What this
processor cannot run is left out, and said. Each setting runs with one thread and with two. A row of
the table names what OpenBLAS took, which may be another's: it has no instructions of Zen's own.

Exit status 1 if a file differs, is missing or is one too many.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np
import yaml

from bias_transfer.io import provenance

CPU = "OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES", "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA"
THREADS = "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"
NEEDS = {"Haswell": "X86_V3", "SkylakeX": "X86_V4", "Zen": "X86_V3", "avx2": "X86_V3"}
NOT_COMPARED = {"published.json"}  # of the stage `publish`
TELL = (
    "import scipy.linalg, threadpoolctl as t;"
    "print(' '.join(sorted({i['architecture'] for i in t.threadpool_info()})))"
)


def settings() -> dict[str, dict[str, str] | None]:
    """Environment of each setting by its name; None for the one of this shell."""
    return {
        "as here": None,
        "OpenBLAS's own choice": {},
        **{
            f"OpenBLAS {core}": {CPU[0]: core} for core in ("Nehalem", "Haswell", "SkylakeX", "Zen")
        },
        "NumPy without AVX-512": {CPU[1]: " ".join(_dispatched("X86_V4", "AVX512"))},
        "NumPy without AVX2": {CPU[1]: " ".join(_dispatched(""))},
        "torch avx2, oneDNN AVX2": {CPU[2]: "avx2", CPU[3]: "AVX2"},
        "torch default, oneDNN SSE41": {CPU[2]: "default", CPU[3]: "SSE41"},
    }


def _dispatched(*starts: str) -> list[str]:
    """NumPy's optional instruction sets that this processor has and whose names start so."""
    from numpy._core import _multiarray_umath as numpy_core

    has = numpy_core.__cpu_features__
    return [n for n in numpy_core.__cpu_dispatch__ if has.get(n) and n.startswith(starts)]


def cannot(environment: dict[str, str] | None) -> str:
    """Why this processor cannot run a setting; empty where it can."""
    from numpy._core import _multiarray_umath as numpy_core

    for name, value in (environment or {}).items():
        if not value:
            return "this processor has none to leave out"
        need = NEEDS.get(value)
        if name != CPU[3] and need and not numpy_core.__cpu_features__.get(need):
            return f"this processor lacks {need}"
    return ""


def outputs(folder: Path, study: str) -> dict[str, str]:
    """SHA-256 of every file that the two stages write, by its path."""
    reports = folder / "reports" / study
    files = [file for file in reports.rglob("*") if file.is_file()]
    files = [file for file in files if file.name not in NOT_COMPARED]
    files.append(folder / "metrics" / study / "bias.json")
    return {str(f.relative_to(folder)): provenance.sha256(f) for f in files if f.is_file()}


def lay_out(checkout: Path, folder: Path) -> None:
    """A copy in which the stages find their inputs; the large ones are links."""
    (folder / "params.yaml").write_bytes((checkout / "params.yaml").read_bytes())
    for name in ("data", "models", "predictions"):
        (folder / name).symlink_to(checkout / name)
    for file in (checkout / "metrics").rglob("*.json"):
        if file.name != "bias.json":
            copy = folder / file.relative_to(checkout)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.symlink_to(file)


def run(checkout: Path, folder: Path, given: dict[str, str] | None, threads: int) -> str:
    """Run both stages, and say which instructions OpenBLAS took."""
    environment = os.environ | {"PYTHONPATH": str(checkout / "src"), "HF_HUB_OFFLINE": "1"}
    environment |= dict.fromkeys(THREADS, str(threads))
    if given is not None:
        environment = {n: v for n, v in environment.items() if n not in CPU} | given

    def python(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(  # noqa: S603 - this project's own stages
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise click.ClickException(f"{' '.join(arguments)} failed:\n{done.stderr}")
        return done.stdout

    for stage in ("bias", "report"):
        python("-m", "bias_transfer", stage)
    return python("-c", TELL).strip()


def row(*cells: object) -> None:
    """A line of the table."""
    click.echo(f"| {' | '.join(map(str, cells))} |")


@click.command(help=__doc__.split("\n\n")[0])
@click.argument(
    "checkout", type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path)
)
@click.option(
    "--only", multiple=True, metavar="TEXT", help="Settings that have TEXT in their name."
)
@click.option("--threads", multiple=True, type=int, default=(1, 2), help="Numbers of threads.")
def main(checkout: Path, only: tuple[str, ...], threads: tuple[int, ...]) -> None:
    """Run the settings and print a table."""
    study = yaml.safe_load((checkout / "params.yaml").read_text(encoding="utf-8"))["study"]["name"]
    expected = outputs(checkout, study)
    if not expected:
        raise click.ClickException(f"study {study!r} has not run in {checkout}")
    click.echo(f"study {study}, {len(expected)} files; NumPy {np.__version__}\n")
    row("setting", "threads", "OpenBLAS", "seconds", "files that differ")
    row(*["---"] * 5)
    failed = False
    for name, environment in settings().items():
        if only and not any(text in name for text in only):
            continue
        if reason := cannot(environment):
            row(name, "-", "-", "-", f"left out: {reason}")
            continue
        for number in threads:
            with tempfile.TemporaryDirectory() as scratch:
                lay_out(checkout, Path(scratch))
                start = time.monotonic()
                took = run(checkout, Path(scratch), environment, number)
                seconds = time.monotonic() - start
                found = outputs(Path(scratch), study)
            paths = sorted(expected.keys() | found.keys())
            differ = [path for path in paths if expected.get(path) != found.get(path)]
            failed |= bool(differ)
            row(name, number, took, f"{seconds:.0f}", ", ".join(differ) or "none")
    sys.exit(failed)


if __name__ == "__main__":
    main()
