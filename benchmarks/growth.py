"""Time and peak memory of the stages that see every review, as reviews grow.

python benchmarks/growth.py                          10,000 and 100,000
python benchmarks/growth.py 10000 100000 1000000

Each stage runs as DVC runs it, in a process of its own with one thread, on made-up reviews of about
30 words. The teacher is the tests' tiny Llama, so that `label` measures the project and not a
language model. The last column is the exponent with which time grows from one number of reviews to
the next, without the time that Python takes to start (that of `eec`, which sees no review): 1 is
linear.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np
import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

CORPORA = {"eec": "eec --out data/eec/eec.csv", "film": "film --out data/film/film.csv"}
STAGES = CORPORA | {
    "reviews": "reviews files",
    "label": "label files tiny",
    "swaps": "swaps files",
    "train": "train bow distilled",
    "predict": "predict bow-distilled",
}
WORDS, LENGTH = 20_000, 30


def write_study(folder: Path, model: Path, n: int) -> None:
    """Write params, teacher and reviews.

    For a process of its own, since what a parent holds counts towards its children's peak.
    """
    import tiny_models

    folder.mkdir()
    tiny_models.llama(model)
    write_params(folder, model)
    write_reviews(folder / "reviews.csv", n)


def write_reviews(path: Path, n: int) -> None:
    """Words by Zipf's law, and one in ten from a list of the label's own."""
    random = np.random.default_rng(0)
    words = np.array(
        [
            f"w{'abcdefghij'[i % 10]}{i}".translate(str.maketrans("0123456789", "klmnopqrst"))
            for i in range(WORDS)
        ]
    )
    labels = np.arange(n) % 2
    drawn = np.minimum(random.zipf(1.3, (n, LENGTH)), WORDS) - 1
    telling = random.random((n, LENGTH)) < 0.1
    drawn[telling] = (random.integers(0, 200, (n, LENGTH)) * 2 + labels[:, None] + 1000)[telling]
    texts = [" ".join(row) for row in words[drawn]]
    pd.DataFrame({"text": texts, "label": labels}).drop_duplicates("text").to_csv(path, index=False)


def write_params(folder: Path, model: Path) -> None:
    """The shipped params with a study of a bag of words, one epoch long."""
    values = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    values["study"] |= {
        "name": "growth",
        "reviews": "files",
        "teacher": "tiny",
        "students": ["bow"],
        "one_seed": [],
        "targets": ["distilled"],
        "seeds": [0],
        "arms": [],
    }
    values["teachers"]["tiny"] = values["teachers"]["smollm2"] | {
        "model": str(model),
        "variants": [],
    }
    values["students"]["bow"]["epochs"] = 1
    (folder / "params.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")


def measure(folder: Path, arguments: str) -> tuple[float, float]:
    """Seconds, and peak memory in GB, of one command."""
    start = time.monotonic()
    with (folder / "stderr").open("w+") as stderr:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            [sys.executable, "-m", "bias_transfer", *arguments.split()],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
            stderr=stderr,
        )
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            stderr.seek(0)
            said = (stderr.read().splitlines() or ["nothing was said"])[-1]
            raise click.ClickException(f"`{arguments}` failed: {said}")
    return time.monotonic() - start, usage.ru_maxrss / 1e6


@click.command()
@click.argument("sizes", type=click.IntRange(min=1000), nargs=-1)
def main(sizes: tuple[int, ...]) -> None:
    """Print a table of seconds and GB by stage and number of reviews."""
    sizes = sizes or (10_000, 100_000)
    found: dict[tuple[str, int], tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as parent:
        for size in sizes:
            folder = Path(parent, str(size))
            writer = multiprocessing.get_context("spawn").Process(
                target=write_study, args=(folder, folder / "model", size)
            )
            writer.start()
            writer.join()
            for stage, arguments in STAGES.items():
                found[stage, size] = measure(folder, arguments)
                seconds, memory = found[stage, size]
                click.echo(f"{stage} {size:,}: {seconds:.1f} s, {memory:.2f} GB", err=True)
    click.echo("| stage | " + " | ".join(f"{size:,}" for size in sizes) + " | exponent |")
    click.echo("| --- |" + " ---: |" * (len(sizes) + 1))
    for stage in list(STAGES)[len(CORPORA) :]:
        cells = [f"{found[stage, size][0]:.1f} s, {found[stage, size][1]:.2f} GB" for size in sizes]
        work = [max(found[stage, size][0] - found["eec", size][0], 1e-3) for size in sizes]
        growth = np.diff(np.log(work)) / np.diff(np.log(sizes))
        click.echo(
            f"| {stage} | " + " | ".join(cells) + f" | {', '.join(f'{g:.2f}' for g in growth)} |"
        )


if __name__ == "__main__":
    main()
