"""The command line: one command per stage, no logic. Heavy imports wait until a command runs."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bias_transfer import __version__


class Cli(click.Group):
    """Errors become one line on stderr and exit code 1; ``--debug`` shows the traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        from bias_transfer.errors import InputError

        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort, click.ClickException):
            raise
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            if isinstance(error, InputError):
                raise click.ClickException(str(error)) from None
            what = " ".join(str(error).split())
            raise click.ClickException(
                f"unexpected {type(error).__name__}: {what} (this is a fault of the program; --debug shows where)"
            ) from None


@click.group(cls=Cli, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def main(debug: bool) -> None:
    """Does a small model distilled from an LLM inherit the LLM's social bias?

    `dvc repro` runs the stages in order; each can also be run by itself, from the root of the project:

    \b
      python -m bias_transfer label snippets smollm2
      python -m bias_transfer audit --out bias.csv mine=predictions.csv
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    if not debug:
        import warnings

        warnings.simplefilter("ignore")


def stage(command: Callable) -> click.Command:
    """Make a command of ``command(params, ...)``, which gets what ``params.yaml`` says."""

    @functools.wraps(command)
    def wrapper(**options: Any) -> None:
        from bias_transfer.params import load

        command(load(Path("params.yaml")), **options)

    return main.command()(wrapper)


@stage
@click.argument("name")
def reviews(params: Any, name: str) -> None:
    """Get, de-duplicate and split the reviews of one entry of the catalogue.

    \b
    Example: python -m bias_transfer reviews snippets
    """
    from bias_transfer.stages import reviews

    reviews.run(params.with_study(reviews=name))


@main.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="CSV to write.")
def eec(out: Path) -> None:
    """Write the Equity Evaluation Corpus (8,640 sentences).

    \b
    Example: python -m bias_transfer eec --out eec.csv
    """
    from bias_transfer.stages import eec

    eec.run(out)


@stage
@click.argument("reviews")
@click.argument("teacher")
@click.option("--check", type=click.IntRange(min=1), help="Only ask this many texts again and compare; write nothing.")
def label(params: Any, reviews: str, teacher: str, check: int | None) -> None:
    """Ask a teacher of the catalogue about train, test and EEC.

    \b
    Example: python -m bias_transfer label snippets smollm2
    """
    from bias_transfer.stages import label

    params = params.with_study(reviews=reviews, teacher=teacher)
    if check:
        click.echo(f"{check} labels asked again: largest difference {label.check(params, check):.2g}")
    else:
        label.run(params)


@stage
@click.argument("student")
@click.argument("target")
@click.argument("seed", type=int)
def train(params: Any, student: str, target: str, seed: int) -> None:
    """Fit one student on one target with one seed.

    \b
    Example: python -m bias_transfer train bow distilled 0
    """
    from bias_transfer.layout import Arm
    from bias_transfer.stages import train

    train.run(params.with_study(students=[student], targets=[target], seeds=[seed]), Arm(student, target, seed))


@stage
@click.argument("system")
def predict(params: Any, system: str) -> None:
    """Score the test reviews and the EEC with one system of the study.

    \b
    Example: python -m bias_transfer predict bow-distilled/seed-0
    """
    from bias_transfer.stages import predict

    predict.run(params, system)


@stage
def bias(params: Any) -> None:
    """Paired bias statistics of every system of the study."""
    from bias_transfer.stages import bias

    bias.run(params)


@stage
def report(params: Any) -> None:
    """Tables, figures and the HTML report of the study."""
    from bias_transfer.stages import report

    report.run(params)


@stage
def publish(params: Any) -> None:
    """Put every system and the report of the study into MLflow; what is there already is left alone."""
    from bias_transfer.stages import publish

    publish.run(params)


@main.command()
@click.option("--method", type=click.Choice(["paper", "notebook"]), default="paper", show_default=True, help="Pairing.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="CSV to write.")
@click.argument("files", metavar="NAME=PATH...", nargs=-1, required=True)
def audit(method: str, out: Path, files: tuple[str, ...]) -> None:
    """Measure the bias of any system from its EEC predictions (CSV or parquet).

    A file needs a sentence column and P(positive) under a usual name (label_1, pos_prob, score, ...).

    \b
    Example: python -m bias_transfer audit --out bias.csv mine=predictions.csv yours=theirs.parquet
    """
    from bias_transfer.stages import audit

    audit.run(files, method, out)


FILE = click.Path(path_type=Path, dir_okay=False)


@main.command()
@click.option("--student", default="student", show_default=True, help="Name in the table.")
@click.option("--teacher", type=FILE, required=True, help="The teacher's EEC predictions.")
@click.option("--baseline", type=FILE, required=True, multiple=True, help="The baseline's; once a seed.")
@click.option("--distilled", type=FILE, required=True, multiple=True, help="The distilled student's; once a seed.")
@click.option("--out", type=FILE, required=True, help="CSV to write.")
def transfer(student: str, teacher: Path, baseline: tuple[Path, ...], distilled: tuple[Path, ...], out: Path) -> None:
    """Measure how distilling changed a student's gaps, beside its teacher's own.

    \b
    Example: python -m bias_transfer transfer --teacher t.csv --baseline b.csv --distilled d.csv --out transfer.csv
    """
    from bias_transfer.stages import transfer

    transfer.run(student, teacher, baseline, distilled, out)


@stage
@click.argument("entry", type=click.Choice(["main", "label", "train", "evaluate"]))
@click.option("--teacher", help="For label: an entry of `teachers`, or `study` for the study's own.")
@click.option("--student", help="For train and evaluate: an entry of `students`, or `study` for all of the study's.")
def launch(params: Any, entry: str, teacher: str | None, student: str | None) -> None:
    """Run an entry point of MLproject, as `mlflow run` does.

    \b
    Example: python -m bias_transfer launch train --student bow
    """
    from bias_transfer import launch

    if entry == "main":
        launch.main(params)
    elif entry == "label":
        launch.label(params, teacher or launch.CHOSEN)
    elif entry == "train":
        launch.train_and_evaluate(params, student or launch.CHOSEN)
    else:
        launch.evaluate(params, student or launch.CHOSEN)
