"""A fit beside other work: threads that wait may spin, or leave the core to whoever computes.

python benchmarks/busy.py            one epoch of the CNN on the default study's sentences
python benchmarks/busy.py --epochs 3

`spin` is what OpenMP does by itself, `wait` what the command line sets (GOMP_SPINCOUNT, cli.py).
Each is timed alone, beside one busy process and beside one a core, in a process of its own.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import click

from bias_transfer.cli import SPINS

SETTINGS = {"spin": {}, "wait": {"GOMP_SPINCOUNT": SPINS}}
FIT = "import busy; print(busy.fit({epochs}))"
BUSY = "while True: pass"


def fit(epochs: int) -> float:
    """Seconds that fitting and scoring take in this process."""
    from students import PARAMS, ours

    from bias_transfer.corpora import sources
    from bias_transfer.corpora.splits import split

    frame = sources.load(PARAMS.reviews["snippets"]).frame
    train, test, _ = split(frame, None, None, 0, "refuse")
    start = time.perf_counter()
    ours("cnn", train, test, epochs)
    return time.perf_counter() - start


def seconds(epochs: int, setting: dict[str, str]) -> float:
    """The same in a process of its own, with other environment variables."""
    ran = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", FIT.format(epochs=epochs)],
        cwd=Path(__file__).parent,
        env={k: v for k, v in os.environ.items() if k != "GOMP_SPINCOUNT"} | setting,
        check=True,
        capture_output=True,
        text=True,
    )
    return float(ran.stdout.split()[-1])


@click.command()
@click.option("--epochs", default=1, show_default=True)
@click.option("--rounds", default=3, show_default=True)
def main(epochs: int, rounds: int) -> None:
    """Time fits alone and beside busy processes."""
    print(f"{os.cpu_count()} cores\n{'beside':16}{'spin, s':>10}{'wait, s':>10}{'spin / wait':>14}")
    for beside in (0, 1, os.cpu_count() or 1):
        for _ in range(rounds):
            others = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(beside)]  # noqa: S603
            try:
                time.sleep(1)
                spin, wait = (seconds(epochs, setting) for setting in SETTINGS.values())
            finally:
                for other in others:
                    other.kill()
            print(
                f"{f'{beside} busy':16}{spin:>10.1f}{wait:>10.1f}{spin / wait:>14.2f}", flush=True
            )


if __name__ == "__main__":
    main()
