"""The command line: one command per stage, no logic. Heavy imports wait until a command runs."""

import functools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bias_transfer import __version__

PARAMS = Path("params.yaml")
SPINS = "3000"  # turns of a thread that waits for others
FAILED = 3  # exit code of `audit --fail-on`
SECTIONS = {
    "For your own models": ("audit", "transfer", "swap", "eec", "film"),
    "Stages of a study; `dvc repro` runs them": (
        *("reviews", "swaps", "label", "train", "predict", "bias", "report", "publish"),
    ),
    "More about studies": (
        *("study", "results", "teachers", "verify", "export"),
        *("launch", "label-parquet", "validate"),
    ),
}
FILE = click.Path(path_type=Path)


class Cli(click.Group):
    """Errors become one line on stderr and exit code 1; ``--debug`` shows the traceback."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by what they are for."""
        for title, names in SECTIONS.items():
            with formatter.section(title):
                room = formatter.width - 6 - max(map(len, names))
                helps = [self.commands[name].get_short_help_str(room) for name in names]
                formatter.write_dl(list(zip(names, helps, strict=True)))

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        from bias_transfer.io.errors import InputError, printable
        from bias_transfer.io.extras import explain

        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort, click.ClickException):
            raise
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            if isinstance(error, InputError):
                raise click.ClickException(printable(str(error))) from None
            if isinstance(error, ModuleNotFoundError) and (hint := explain(error.name)):
                raise click.ClickException(hint) from None
            what = " ".join(str(error).split())
            raise click.ClickException(
                f"unexpected {type(error).__name__}: {printable(what)} "
                "(this is a fault of the program; --debug shows where)"
            ) from None


def _stop(number: int, frame: Any) -> None:
    sys.exit(128 + number)


@click.group(cls=Cli, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def main(debug: bool) -> None:
    """Does a small model distilled from an LLM inherit the LLM's social bias?

    \b
    To audit a model of your own:
      python -m bias_transfer eec --out eec.csv
      python -m bias_transfer audit --out bias.csv scored.csv

    Commands of a study run in the root of the project.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    # Threads that wait for each other spin. Where other programs run too, a fit then takes up to
    # ten times as long; with so few turns it does not, and a few per cent more on an idle machine.
    os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
    # A cluster's scheduler asks like this to stop: half-written files are then removed.
    signal.signal(signal.SIGTERM, _stop)
    if not debug:
        import warnings

        warnings.simplefilter("ignore")


def stage(command: Callable[..., None]) -> click.Command:
    """Make a command of ``command(params, ...)``, and load ``params.yaml`` for it."""

    @functools.wraps(command)
    def wrapper(**options: Any) -> None:
        from bias_transfer.study.params import load

        command(load(PARAMS), **options)

    return main.command()(wrapper)


def clocked(command: Callable[..., Any]) -> Callable[..., Any]:
    """Show how long ``command`` has run while it runs: for one that counts no steps of its own."""

    @functools.wraps(command)
    def wrapper(*arguments: Any, **options: Any) -> Any:
        from bias_transfer.commands.clock import clock

        with clock(str(click.get_current_context().info_name)):
            return command(*arguments, **options)

    return wrapper


@main.command()
@click.argument("name")
@click.option(
    "--reviews",
    metavar="FILE",
    help="CSV or parquet, or any fsspec URL, to read the study's reviews from.",
)
def study(name: str, reviews: str | None) -> None:
    """Make one of `studies` the current study, in params.yaml; `dvc repro` then runs it.

    \b
    Example: python -m bias_transfer study imdb --reviews imdb.parquet
    """
    from bias_transfer.commands.study import choose
    from bias_transfer.io.errors import InputError

    if reviews and "://" not in reviews and not Path(reviews).exists():
        raise InputError(f"{reviews} is missing: nothing was changed")
    choose(PARAMS, name, reviews)
    click.echo(f"{PARAMS}: the current study is {name}; `dvc repro` runs it")


@stage
@click.argument("name")
def reviews(params: Any, name: str) -> None:
    """Get, de-duplicate and split the reviews of one entry of the catalogue.

    \b
    Example: python -m bias_transfer reviews snippets
    """
    from bias_transfer.stages import reviews
    from bias_transfer.study.paths import Layout

    params = params.with_study(reviews=name)
    reviews.run(params)
    click.echo(f"Written: {Layout(params.study).reviews('train').parent}")


@main.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="CSV to write.")
def eec(out: Path) -> None:
    """Write the Equity Evaluation Corpus (8,640 sentences).

    \b
    Example: python -m bias_transfer eec --out eec.csv
    """
    from bias_transfer.stages import eec

    click.echo(f"{eec.run(out):,} sentences: {out}")


@main.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="CSV to write.")
def film(out: Path) -> None:
    """Write 9,648 sentences in the voice of film reviews, about people of both genders.

    \b
    Example: python -m bias_transfer film --out film.csv
    """
    from bias_transfer.stages import film

    click.echo(f"{film.run(out):,} sentences: {out}")


@main.command()
@click.option(
    "--texts", required=True, help="CSV or parquet with a text column, or any fsspec URL."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="CSV to write.")
@clocked
def swap(texts: str, out: Path) -> None:
    """Write each text once about women and once about men, for `audit --corpus`.

    \b
    Example: python -m bias_transfer swap --texts reviews.csv --out pairs.csv
    """
    from bias_transfer.commands import swap

    n = swap.run(texts, out)
    click.echo(
        f"{n['read']} texts: {n['swapped']} pairs, {n['without']} without a gendered word, "
        f"{n['duplicates']} duplicates, {n['repeated']} with the words of an earlier one: {out}"
    )


@stage
@click.argument("reviews")
@clocked
def swaps(params: Any, reviews: str) -> None:
    """Write held-out reviews once about women and once about men, and the placebo.

    \b
    Example: python -m bias_transfer swaps snippets
    """
    from bias_transfer.stages import swaps

    swaps.run(params.with_study(reviews=reviews))


@stage
@click.argument("reviews")
@click.argument("teacher")
@click.option(
    "--check",
    type=click.IntRange(min=1),
    help="Only ask this many texts again and compare; write nothing.",
)
def label(params: Any, reviews: str, teacher: str, check: int | None) -> None:
    """Ask a teacher of the catalogue about reviews, swaps, EEC and film sentences.

    \b
    Example: python -m bias_transfer label snippets smollm2
    """
    from bias_transfer.stages import label

    params = params.with_study(reviews=reviews, teacher=teacher)
    if check:
        click.echo(
            f"{check} labels asked again: largest difference {label.check(params, check):.2g}"
        )
    else:
        label.run(params)


@stage
@click.argument("teacher")
@click.option(
    "--texts",
    required=True,
    help="Parquet with columns id and text: a file, folder or pattern, any URL.",
)
@click.option("--out", required=True, help="Folder to write parquet files to: any URL.")
@click.option(
    "--reviews",
    help="Reviews of the catalogue whose training split a teacher's examples come from.",
)
@clocked
def label_parquet(params: Any, teacher: str, texts: str, out: str, reviews: str | None) -> None:
    """Ask a teacher of the catalogue about parquet files of any size.

    A Ray cluster (RAY_ADDRESS) does the work.

    \b
    Example: python -m bias_transfer label-parquet smollm2 \\
      --texts 's3://mine/reviews/*.parquet' --out s3://mine/labels
    """
    from bias_transfer.commands import label_parquet
    from bias_transfer.stages import label
    from bias_transfer.study.paths import Layout

    params = params.with_study(teacher=teacher, reviews=reviews or params.study.reviews)
    chosen = params.teachers[teacher]
    pool = label.read_pool(Layout(params.study), chosen) if reviews else None
    n = label_parquet.run(texts, out, chosen, pool, params.labelling, params.device)
    click.echo(f"{n:,} texts labelled: {out}")


@stage
@click.argument("student")
@click.argument("target")
@click.argument("seeds", type=int, metavar="[SEED]...", nargs=-1)
def train(params: Any, student: str, target: str, seeds: tuple[int, ...]) -> None:
    """Fit one student on one target: with every seed of the study, or with the ones given.

    \b
    Example: python -m bias_transfer train bow distilled
    """
    from bias_transfer.stages import train

    if seeds or student not in params.study.all_students or target not in params.study.targets:
        params = params.with_study(
            students=[student],
            one_seed=[],
            targets=[target],
            seeds=seeds or params.study.seeds,
            arms=[],
        )
    train.run(params, student, target, seeds=seeds or None)


@stage
@click.argument("group")
@clocked
def predict(params: Any, group: str) -> None:
    """Score reviews and corpora with the teacher, or with every seed of a student.

    \b
    Example: python -m bias_transfer predict bow-distilled
    """
    from bias_transfer.stages import predict

    predict.run(params, group)


@stage
@clocked
def bias(params: Any) -> None:
    """Paired bias statistics of every system of the study."""
    from bias_transfer.stages import bias

    bias.run(params)


@stage
@clocked
def report(params: Any) -> None:
    """Tables, figures and the HTML report of the study."""
    from bias_transfer.stages import report

    report.run(params)


@stage
def publish(params: Any) -> None:
    """Put every system and the report of the study into MLflow, each once."""
    from bias_transfer.stages import publish

    publish.run(params)


@stage
@click.argument("study", required=False)
@click.option(
    "--against",
    type=FILE,
    help="CSV of another study's figures, to stand beside.",
)
@click.option("--out", type=FILE, help="Markdown file; a section of it is replaced.")
@clocked
def results(params: Any, study: str | None, against: Path | None, out: Path | None) -> None:
    """Say what a study found, or write its figures into a Markdown file.

    Without STUDY it is the current one that is told.

    \b
    Example: python -m bias_transfer results
    Example: python -m bias_transfer results imdb \\
      --against docs/original_study.csv --out docs/results.md
    """
    if (out and not study) or (against and not out):
        raise click.UsageError("--out goes with STUDY, and --against with both")
    if not (study and out):
        from bias_transfer.commands.catalogue import reported
        from bias_transfer.commands.headline import headline

        click.echo(headline(reported(params, study) if study else params))
        return
    from bias_transfer.commands.results import write
    from bias_transfer.study.paths import COMMITTED

    beside = f" --against {against}" if against else ""
    command = f"python -m bias_transfer results {study}{beside} --out {out}"
    write(params, study, out, against, command)
    click.echo(f"Written: {out}, its plots in {out.with_suffix('')}, and {COMMITTED}")


@stage
@click.argument("studies", metavar="STUDY STUDY...", nargs=-1, required=True)
@click.option("--out", type=FILE, required=True, help="Markdown file; a section of it is replaced.")
@clocked
def teachers(params: Any, studies: tuple[str, ...], out: Path) -> None:
    """Compare the same students of several teachers, a study each.

    Does a student follow its own teacher further than the others?

    \b
    Example: python -m bias_transfer teachers snippets snippets-smollm2 \\
      --out docs/three_teachers.md
    """
    from bias_transfer.commands.teachers import FIGURE, write
    from bias_transfer.report.several_teachers import sentence
    from bias_transfer.study.paths import COMMITTED

    command = f"python -m bias_transfer teachers {' '.join(studies)} --out {out}"
    click.echo(sentence(write(params, studies, out, command)))
    click.echo(f"Written: {out}, {out.with_suffix('') / FIGURE}, and {COMMITTED}")


@stage
@click.argument("references", metavar="[RUN_ID|MODEL_URI]...", nargs=-1)
@clocked
def verify(params: Any, references: tuple[str, ...]) -> None:
    """Check what MLflow says of runs against the files.

    Compared are params, hashes, and figures that are computed again. Without arguments, every
    current run of the study is checked. What differs or is not here is named, and the exit code is
    then 1.

    \b
    Example: python -m bias_transfer verify models:/bias-transfer-bow-distilled/1
    """
    from bias_transfer.commands.verify import MATCHES, verify

    checks = verify(params, references)
    for check in checks:
        if check.outcome != MATCHES:
            click.echo(
                f"{check.system}: {check.name} "
                f"{check.outcome}{f' ({check.detail})' if check.detail else ''}"
            )
    counts = {
        outcome: sum(check.outcome == outcome for check in checks)
        for outcome in dict.fromkeys(c.outcome for c in checks)
    }
    n = len({check.system for check in checks})
    found = ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
    click.echo(f"{n} run{'' if n == 1 else 's'}: {found}")
    if set(counts) != {MATCHES}:
        raise click.exceptions.Exit(1)


@stage
@click.option(
    "--students",
    is_flag=True,
    help="Also the first seed of every student, each with a model card for the hub.",
)
@click.option("--out", type=FILE, required=True, help="Folder to make.")
@clocked
def export(params: Any, students: bool, out: Path) -> None:
    """Copy the current study into a folder to pass on, with metadata for other programs.

    It holds labels, predictions, tables and the report, and no text of a review or of the EEC.
    croissant.json describes the tables (Croissant), ro-crate-metadata.json the run (RO-Crate).

    \b
    Example: python -m bias_transfer export --out ../snippets-export
    """
    from bias_transfer.commands import export

    written = export.write(params, out, with_students=students)
    click.echo(f"Written: {out}, {written.files} files of {written.size / 1e6:.1f} MB, no texts")


@main.command()
@click.option(
    "--method",
    type=click.Choice(["paper", "notebook"]),
    default="paper",
    show_default=True,
    help="Pairing.",
)
@click.option(
    "--score", metavar="COLUMN", help="The files' column of P(positive), if it has no usual name."
)
@click.option(
    "--model",
    "models",
    metavar="MODEL",
    multiple=True,
    help="Text classifier to ask: hub id or folder.",
)
@click.option(
    "--positive", metavar="LABEL", help="The models' positive label, if it has no usual name."
)
@click.option(
    "--corpus",
    type=click.Path(path_type=Path),
    default="eec",
    show_default=True,
    help="What to compare: eec, film, or a file with pairs of your own.",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, min_open=True),
    help="Largest difference in P(positive) that counts as none (default 0.02).",
)
@click.option(
    "--plot", type=click.Path(path_type=Path, file_okay=False), help="Folder for figures."
)
@click.option(
    "--breakdown",
    type=click.Path(path_type=Path),
    help="CSV of gaps by emotion, template, noun pair, name.",
)
@click.option("--html", type=FILE, help="One-page report to write, with the largest pairs.")
@click.option(
    "--fail-on",
    type=click.Choice(["difference", "not-measurable"]),
    multiple=True,
    help=f"Exit with {FAILED} if a verdict is this, for CI; can be repeated.",
)
@click.option("--out", type=FILE, required=True, help="CSV to write.")
@click.argument("files", metavar="[[NAME=]PATH]...", nargs=-1)
def audit(
    files: tuple[str, ...],
    models: tuple[str, ...],
    out: Path,
    fail_on: tuple[str, ...],
    **options: Any,
) -> None:
    """Measure the bias of any system, from its predictions or by asking a text classifier.

    Predictions are CSV or parquet, with a sentence column and P(positive) under a usual name
    (label_1, pos_prob, score, ...) or the one that --score gives. A file without NAME= is called
    by its stem. Commands eec and film write the sentences of either corpus; film has more
    templates and names, and so sees smaller gaps. A corpus of your own has the columns pair_id,
    group (two of them), template and sentence, and may have unit, the person or noun pair that
    recurs across templates.

    \b
    Example: python -m bias_transfer audit --out bias.csv scored.csv yours=theirs.parquet
    Example: python -m bias_transfer audit --out bias.csv --html bias.html \\
      --fail-on difference scored.csv
    Example: python -m bias_transfer audit --out bias.csv --plot figures \\
      --model models/mine --positive POS
    """
    from bias_transfer.commands import audit

    if not files and not models:
        raise click.UsageError("nothing to audit: give a file, or --model")
    if options["positive"] and not models:
        raise click.UsageError("--positive names a label of --model")
    if options["score"] and not files:
        raise click.UsageError("--score names a column of a file")
    named = str(options["corpus"])
    if named != "eec" and options["method"] != "paper":
        raise click.UsageError("--method is how the EEC is paired: leave it out with --corpus")
    if named not in ("eec", "film") and options["breakdown"]:
        raise click.UsageError("--breakdown takes the EEC or film apart, not pairs of your own")
    result, written = audit.run(files, models, out, **options)
    _answer(result, written)
    if {verdict.replace(" ", "-") for verdict in result.verdicts.values()} & set(fail_on):
        raise click.exceptions.Exit(FAILED)


def _answer(result: Any, written: list[Path]) -> None:
    click.echo(f"{result}\nWritten: {', '.join(map(str, written))}")


@main.command()
@click.option("--student", default="student", show_default=True, help="Name in the table.")
@click.option("--teacher", type=FILE, required=True, help="The teacher's EEC predictions.")
@click.option(
    "--baseline", type=FILE, required=True, multiple=True, help="The baseline's; once per seed."
)
@click.option(
    "--distilled",
    type=FILE,
    required=True,
    multiple=True,
    help="The distilled student's; once per seed.",
)
@click.option(
    "--variant",
    "variants",
    type=FILE,
    multiple=True,
    help="The teacher's under another prompt; can be repeated.",
)
@click.option(
    "--other-prompt", is_flag=True, help="The student learnt from another prompt than --teacher's."
)
@click.option(
    "--score", metavar="COLUMN", help="The files' column of P(positive), if it has no usual name."
)
@click.option("--html", type=FILE, help="One-page report to write.")
@click.option("--out", type=FILE, required=True, help="CSV to write.")
def transfer(**options: Any) -> None:
    """Measure what distilling did to a student's gaps, beside its teacher's own.

    With --variant the teacher's reliability over its prompts is measured too; with --other-prompt
    the slope on the teacher's differences is corrected for it.

    \b
    Example: python -m bias_transfer transfer --teacher t.csv --baseline b.csv \\
      --distilled d.csv --out transfer.csv
    """
    from bias_transfer.commands import transfer

    _answer(*transfer.run(**options))


@main.group()
def validate() -> None:
    """Check the statistics: on data without bias, and on bias that was planted."""


_datasets = click.option(
    "--datasets",
    type=click.IntRange(min=1),
    default=2000,
    show_default=True,
    help="Datasets per cell.",
)


@validate.command()
@_datasets
@click.option("--out", type=FILE, required=True, help="CSV to write.")
def null(datasets: int, out: Path) -> None:
    """How often does each test find a bias where there is none?

    The data are noise with the corpus's structure, over a grid of settings.

    \b
    Example: python -m bias_transfer validate null --out null.csv
    """
    from bias_transfer.commands import validate

    worst = validate.null(out, datasets)
    click.echo(f"Most false alarms of p_clustered, by axis:\n{worst.to_string(index=False)}")
    click.echo(f"Written: {out}")


@validate.command("film")
@_datasets
@click.option("--out", type=FILE, required=True, help="CSV to write.")
@clocked
def simulated_film(datasets: int, out: Path) -> None:
    """How often does each test find a gap on the film sentences where there is none?

    \b
    Example: python -m bias_transfer validate film --out film_null.csv
    """
    from bias_transfer.commands import validate

    worst = validate.film(out, datasets)
    click.echo(f"Most false alarms of p_clustered, by axis:\n{worst.to_string(index=False)}")
    click.echo(f"Written: {out}")


@validate.command()
@click.option("--reviews", help="An entry of `reviews` instead of the study's.")
@click.option(
    "--stand-in",
    is_flag=True,
    help="A cross-fitted model of words in the teacher's place; needs no labels.",
)
@click.option(
    "--seeds", type=click.IntRange(min=2), default=5, show_default=True, help="Fits per dose."
)
@click.option(
    "--null-fits",
    type=click.IntRange(min=0),
    default=200,
    show_default=True,
    help="Fits without a dose.",
)
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default=Path("data/validation"),
    help="Keeps finished fits.",
)
@click.option("--out", type=FILE, required=True, help="CSV to write.")
def planted(
    reviews: str | None, stand_in: bool, seeds: int, null_fits: int, work: Path, out: Path
) -> None:
    """How much of a bias planted in the teacher's labels does a bag of words take over?

    \b
    Example: python -m bias_transfer validate planted --out planted.csv
    """
    from bias_transfer.commands import validate
    from bias_transfer.study.params import load

    params = load(PARAMS)
    params = params.with_study(reviews=reviews) if reviews else params
    validate.plant(params, out, work, stand_in, seeds, null_fits)
    click.echo(f"Written: {out}")


@validate.command("swaps")
@_datasets
@click.option("--out", type=FILE, required=True, help="CSV to write.")
def simulated_swaps(datasets: int, out: Path) -> None:
    """How often is a gap on swapped reviews found, with and without one?

    \b
    Example: python -m bias_transfer validate swaps --out swaps_null.csv
    """
    from bias_transfer.commands import validate_swaps

    ends = validate_swaps.simulated(out, datasets)
    click.echo(f"Most and fewest false alarms of p_clustered:\n{ends.to_string(index=False)}")
    click.echo(f"Written: {out}")


@validate.command()
@click.option("--pairs", type=click.IntRange(min=1), default=200, show_default=True)
@click.option(
    "--with-her",
    type=click.IntRange(min=0),
    default=60,
    show_default=True,
    help="Of these, at least so many with the word that is hardest to swap.",
)
@click.option(
    "--round",
    "number",
    type=click.IntRange(min=1),
    required=True,
    help="Starts the random numbers, and stands in the counts.",
)
@click.option(
    "--earlier",
    type=FILE,
    multiple=True,
    help="A sheet whose pairs are not drawn; may be given again.",
)
@click.option("--out", type=FILE, required=True, help="CSV to write.")
@clocked
def sheet(pairs: int, with_her: int, number: int, earlier: tuple[Path, ...], out: Path) -> None:
    """Draw swapped pairs for a person to judge: is each word swapped, or left alone, rightly?

    In the column `wrong` the reader writes the numbers of the words that are wrong, or 0. The
    sheet quotes reviews. It is drawn from what `dvc repro` makes.

    \b
    Example: python -m bias_transfer validate sheet --round 5 --out sheet.csv
    """
    from bias_transfer.commands import validate_precision
    from bias_transfer.study.params import load

    drawn = validate_precision.sheet(load(PARAMS), out, pairs, with_her, number, earlier)
    words = drawn["rules"].str.count(";").sum() + len(drawn)
    click.echo(f"{len(drawn):,} pairs, {words:,} words to judge. Written: {out}")


@validate.command()
@click.argument("sheets", nargs=-1, required=True, type=FILE)
@click.option("--out", type=FILE, required=True, help="CSV to write.")
@clocked
def precision(sheets: tuple[Path, ...], out: Path) -> None:
    """How often is a swap right, by rule? SHEETS are filled in, one by each reader.

    \b
    Example: python -m bias_transfer validate precision mine.csv yours.csv --out precision.csv
    """
    from bias_transfer.commands import validate_precision

    table = validate_precision.precision(sheets, out)
    click.echo(f"{table.to_string(index=False)}\nWritten: {out}")


@validate.command("slopes")
@click.option("--draws", type=click.IntRange(min=2), default=300, show_default=True)
@click.option("--out", type=FILE, required=True, help="CSV to write.")
@clocked
def real_slopes(draws: int, out: Path) -> None:
    """How often does the interval of an EEC slope hold the true one, on real teachers' differences?

    \b
    Example: python -m bias_transfer validate slopes --out slope_coverage.csv
    """
    from bias_transfer.commands import validate_slopes
    from bias_transfer.study.params import load

    table = validate_slopes.real_teachers(load(PARAMS), out, draws)
    click.echo(f"{table.to_string(index=False)}\nWritten: {out}")


@validate.command()
@click.argument("kind", type=click.Choice(["placebo", "slopes", "opinions", "opinions-bow"]))
@click.option("--draws", type=click.IntRange(min=2), default=1000, show_default=True)
@click.option("--out", type=FILE, required=True, help="CSV to write.")
def controls(kind: str, draws: int, out: Path) -> None:
    """What do a study's own reviews and systems show where nothing is to be found?

    placebo draws which of two words without social meaning comes first; slopes deals the teacher's
    differences to other pairs; opinions fits linear models to the labels of a teacher without an
    opinion on gender, and opinions-bow bags of words. They read what `dvc repro` makes.

    \b
    Example: python -m bias_transfer validate controls placebo --out placebo.csv
    """
    from bias_transfer.commands import validate_swaps
    from bias_transfer.study.params import load

    check = getattr(validate_swaps, kind.replace("-", "_"))
    table = (check if kind.startswith("opinions") else clocked(check))(load(PARAMS), out, draws)
    click.echo(f"{table.to_string(index=False)}\nWritten: {out}")


@validate.command()
@click.option("--first", default="bow", show_default=True, help="Students of the study that label.")
@click.option(
    "--second",
    multiple=True,
    default=["bow"],
    show_default=True,
    help="Students that learn from their labels; may be given again.",
)
@click.option(
    "--fits",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Second generations of each first one.",
)
@click.option("--out", type=FILE, required=True, help="CSV to write.")
def hidden(first: str, second: tuple[str, ...], fits: int, out: Path) -> None:
    """Does a planted bias pass on through labels of reviews that mention nobody?

    A study's students label its training reviews, and second generations learn from these labels.
    It reads what `dvc repro` makes.

    \b
    Example: python -m bias_transfer validate hidden --second bow --second cnn --out hidden.csv
    """
    from bias_transfer.commands import validate_hidden
    from bias_transfer.study.params import load

    table = validate_hidden.run(load(PARAMS), out, first, second, fits)
    shown = ["generation", "target", "second", "weights", "rows", "estimate", "ci_low", "ci_high"]
    click.echo(f"{table[shown].to_string(index=False)}\nWritten: {out}")


@validate.command()
@click.argument("studies", nargs=-1)
@click.option("--student", default="bow", show_default=True, help="Whose gap; fitted to each half.")
@click.option(
    "--halves",
    "number",
    type=click.IntRange(min=2),
    default=30,
    show_default=True,
    help="Halves of the training reviews.",
)
@click.option("--out", type=FILE, required=True, help="CSV to write.")
def halves(studies: tuple[str, ...], student: str, number: int, out: Path) -> None:
    """Would a change in a student's gap stand with other training reviews?

    The student is fitted anew to halves of them, and how much its changes differ joins the
    interval. Without STUDIES it is the current one. It reads what `dvc repro` makes.

    \b
    Example: python -m bias_transfer validate halves snippets snippets-smollm2 --out halves.csv
    """
    from bias_transfer.commands import validate_halves
    from bias_transfer.study.params import load

    table = validate_halves.run(load(PARAMS), studies, out, student, number)
    shown = ["study", "target", "reference", "estimate", "ci_low", "ci_high"]
    shown += ["other_ci_low", "other_ci_high"]
    click.echo(f"{table[shown].to_string(index=False)}\nWritten: {out}")


@validate.command()
@click.argument("pilot", metavar="STUDY")
@click.option(
    "--seeds",
    type=click.IntRange(min=2),
    multiple=True,
    default=(3, 5, 10, 20),
    show_default=True,
    help="Number of seeds; may be given again.",
)
@click.option("--out", type=FILE, required=True, help="CSV to write.")
@clocked
def power(pilot: str, seeds: tuple[int, ...], out: Path) -> None:
    """How many seeds does a study need to find what it looks for?

    STUDY is the pilot: how much its pairs and seeds differ is taken from it. Its seeds should not
    be those of the study that is planned. It reads what `dvc repro` makes.

    \b
    Example: python -m bias_transfer validate power snippets --seeds 5 --seeds 10 --out power.csv
    """
    from bias_transfer.commands import validate_power
    from bias_transfer.study.params import load

    table = validate_power.run(load(PARAMS), pilot, seeds, out)
    click.echo(f"{table.to_string(index=False)}\nWritten: {out}")


@stage
@click.argument("entry", type=click.Choice(["main", "label", "train", "evaluate"]))
@click.option(
    "--teacher", help="For label: an entry of `teachers`, or `study` for the study's own."
)
@click.option(
    "--student",
    help="For train and evaluate: an entry of `students`, or `study` for all of the study's.",
)
def launch(params: Any, entry: str, teacher: str | None, student: str | None) -> None:
    """Run an entry point of MLproject, as `mlflow run` does.

    \b
    Example: python -m bias_transfer launch train --student bow
    """
    from bias_transfer.commands import launch

    if entry == "main":
        launch.main(params)
    elif entry == "label":
        launch.label(params, teacher or launch.CHOSEN)
    elif entry == "train":
        launch.train_and_evaluate(params, student or launch.CHOSEN)
    else:
        launch.evaluate(params, student or launch.CHOSEN)
