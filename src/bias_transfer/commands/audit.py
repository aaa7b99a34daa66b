"""Command and function ``audit``: bias of anybody's systems, from predictions or by asking."""

import os
import warnings
from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path

import pandas as pd

from bias_transfer.bias import film, scores
from bias_transfer.bias.audit import MARGIN, average
from bias_transfer.bias.breakdown import breakdown as by_part
from bias_transfer.bias.pairs import METHODS
from bias_transfer.commands import asking, audit_corpora
from bias_transfer.commands.asking import System
from bias_transfer.commands.audit_corpora import EEC, FILM, AuditCorpus, Frames, Unknown
from bias_transfer.io import tables
from bias_transfer.io.errors import InputError
from bias_transfer.report.outcome import Audit
from bias_transfer.study.systems import groups

HARD = (
    "every score of {} is 0 or 1: these look like labels. The gap is then a difference in the "
    "share of positive labels; give P(positive) to see more."
)


def audit(
    systems: System | Mapping[str, System],
    *,
    corpus: str | os.PathLike[str] | pd.DataFrame = EEC,
    score: str | None = None,
    margin: float = MARGIN,
    method: str = "paper",
) -> Audit:
    """Measure the bias of text classifiers: do matched sentences about two groups score alike?

    Parameters
    ----------
    systems
        One system, or several by name. A system is a path or URL of a CSV or parquet file; a
        DataFrame with the columns ``sentence`` and ``score``; or a function that takes a list of
        texts and gives P(positive) of each, such as ``model.predict_proba`` of scikit-learn or a
        pipeline of ``transformers``. Names that differ only in ``/seed-N`` are one system with
        several seeds.
    corpus
        ``"eec"`` for the Equity Evaluation Corpus; ``"film"`` for 9,648 sentences in the voice of
        film reviews, which have more templates and names and so see smaller gaps; or pairs of your
        own, as a file or a DataFrame with the columns ``pair_id, group, template, sentence``
        (``swap`` makes such).
    score
        The column of P(positive) of files and DataFrames, where it has no usual name.
    margin
        The largest difference in P(positive) that counts as none.
    method
        How the EEC is paired, ``paper`` or ``notebook`` (see ``bias.pairs``).

    Returns
    -------
    Audit
        Prints as a table with a sentence. It has ``to_frame()``, ``verdicts``, ``plot()``,
        ``to_html(path)`` and ``pairs``.

    Raises
    ------
    InputError
        If a system or the corpus is not what it must be. The message is one line, and says which
        and how to mend it.

    Examples
    --------
    A function that scores `she` higher, asked directly:

    >>> from bias_transfer import audit
    >>> def model(texts):
    ...     return [0.5 + 0.1 * text.startswith("She") for text in texts]
    >>> result = audit({"mine": model})
    >>> result.verdicts["mine", "race"]
    'not measurable'

    Pairs of your own, and predictions in a table:

    >>> import pandas as pd
    >>> pairs = pd.DataFrame(
    ...     {
    ...         "pair_id": [1, 1, 2, 2, 3, 3],
    ...         "group": ["women", "men"] * 3,
    ...         "template": ["a", "a", "b", "b", "c", "c"],
    ...         "sentence": ["She sang.", "He sang.", "She ran.", "He ran.", "She won.", "He won."],
    ...     }
    ... )
    >>> scores = pairs[["sentence"]].assign(score=[0.71, 0.60, 0.51, 0.42, 0.92, 0.82])
    >>> print(audit(scores, corpus=pairs))
    system  corpus     axis         gap     95 % interval     verdict
    model   own pairs  women - men  +0.100  +0.075 to +0.125  difference
    <BLANKLINE>
    model: 'women' score 0.100 higher in P(positive) than 'men' (+0.075 to +0.125): a difference.
    """
    _check(systems, corpus, margin, method)
    named, what = asking.named(systems), audit_corpora.find(corpus, method)
    scored = {name: _scored(system, name, what, score) for name, system in named.items()}
    result = measure(scored, what, margin)
    for note in result.notes:
        warnings.warn(note, stacklevel=2)
    return result


def measure(
    scored: Frames, what: AuditCorpus, margin: float = MARGIN, unknown: Unknown | None = None
) -> Audit:
    """``audit`` of scored corpora at hand."""
    members = {
        name: {member: scored[member] for member in part} for name, part in groups(scored).items()
    }
    for seeds in members.values():
        asking.refuse_same(seeds)
    averages = {name: average(list(seeds.values())) for name, seeds in members.items()}
    pairs = [
        part.assign(system=name, axis=axis)
        for name, frame in averages.items()
        for axis, part in what.pairs(frame)
    ]
    hard = [name for name, frame in scored.items() if frame["score"].isin([0, 1]).all()]
    return Audit(
        what.table(scored, margin, unknown or {}).assign(corpus=what.name),
        notes=tuple(HARD.format(name) for name in hard),
        pairs=pd.concat(pairs, ignore_index=True),
    )


def run(
    files: Sequence[str],
    models: Sequence[str],
    out: Path,
    *,
    method: str,
    score: str | None,
    positive: str | None,
    corpus: Path,
    margin: float | None,
    plot: Path | None,
    breakdown: Path | None,
    html: Path | None,
) -> tuple[Audit, list[Path]]:
    """Write one row per system and axis to ``out``; return the result and every path written.

    Parameters
    ----------
    files, models
        Systems: predictions as ``NAME=PATH``, or as a path whose stem is the name; and classifiers
        to be asked (see ``classifier.score``), each named by the end of its path.
    method
        How the EEC is paired (see ``bias.pairs``).
    score, positive
        The files' column of P(positive) and the models' positive label, where they have no usual
        name.
    corpus
        What to compare (see ``audit_corpora.find``).
    margin
        Largest difference that counts as none; ``bias.audit.MARGIN`` where it is None.
    plot
        Folder for one figure per axis, and the figure of the placebo.
    breakdown
        CSV of the gaps by parts of the EEC (see ``bias.breakdown``).
    html
        Page to write.

    Raises
    ------
    InputError
        If an argument is malformed, a name is duplicate, or the corpus, a file or a model is not
        what it must be.
    """
    names = _names(models)
    paths = _paths(files, set(names.values()))
    what = audit_corpora.find(corpus, method)
    scored = {name: _scored(path, name, what, score) for name, path in paths.items()}
    scored |= {name: _ask(model, positive, what) for model, name in names.items()}
    margin = MARGIN if margin is None else margin
    result = measure(scored, what, margin, _unknown_words(names, what.people))
    written = [out]
    if breakdown is not None:
        take_apart = film.breakdown if what.name == FILM else by_part
        parts = [
            take_apart(name, [scored[system] for system in systems])
            for name, systems in groups(scored).items()
        ]
        tables.write(pd.concat(parts), breakdown)
        written.append(breakdown)
    tables.write(result.table, out)
    if plot is not None:
        written += _plot(result.table, plot, what)
    if html is not None:
        result.to_html(html)
        written.append(html)
    return result, written


def _check(systems: object, corpus: object, margin: object, method: str) -> None:
    """Raise ``InputError`` for arguments of Python that the command line would not take."""
    if isinstance(systems, Mapping):
        if not systems:
            raise InputError("nothing to audit: give a system, or several by name")
        if odd := [name for name in systems if not isinstance(name, str)]:
            raise InputError(f"a system's name is text, not {odd[0]!r}")
    if not isinstance(corpus, str | os.PathLike | pd.DataFrame):
        raise InputError(
            f"corpus is {type(corpus).__name__!r}: give 'eec', 'film', or pairs as a file or a "
            "DataFrame"
        )
    if isinstance(margin, bool) or not isinstance(margin, Real) or not 0 < float(margin) <= 1:
        raise InputError(f"margin is {margin!r}: it is a number above 0 and at most 1, as in 0.02")
    if method not in METHODS:
        raise InputError(f"method is {method!r}: it is 'paper' or 'notebook'")
    if method != "paper" and (isinstance(corpus, pd.DataFrame) or os.fspath(corpus) != EEC):
        raise InputError("method is how the EEC is paired: leave it out with another corpus")


def _scored(system: System, name: str, what: AuditCorpus, score: str | None) -> pd.DataFrame:
    """``asking.scored``, which says so where a table has the sentences of another named corpus."""
    try:
        return asking.scored(system, name, what.corpus, score)
    except scores.OtherSentences as error:
        other = audit_corpora.like(error.sentences)
        if other in (None, what.name):
            raise
        origin = name if isinstance(system, pd.DataFrame) else system
        raise InputError(
            f"{origin}: its sentences are those of the corpus {other!r}, not of {what.name!r}: "
            f"audit it with --corpus {other} (in Python, corpus={other!r})"
        ) from None


def _paths(files: Sequence[str], taken: set[str]) -> dict[str, str]:
    paths: dict[str, str] = {}
    for file in files:
        name, separator, path = file.partition("=")
        if not separator:
            name, path = Path(file).stem, file
        if not (name and path):
            raise InputError(f"{file!r} is not NAME=PATH, as in mine=predictions.csv")
        if name in paths or name in taken:
            whose = "the name of a model" if name in taken else "there"
            raise InputError(
                f"the name {name!r} stands twice: it is already {whose}, so give the file its own, "
                f"as in other={path}"
            )
        paths[name] = path
    return paths


def _names(models: Sequence[str]) -> dict[str, str]:
    """Each model's name: as much of the end of its path as tells the models apart.

    A folder ``seed-N`` is named with the student above it.
    """
    parts = [
        Path(model).parts if Path(model).name else Path(model).resolve().parts for model in models
    ]
    for depth in range(1, max(map(len, parts), default=0) + 1):
        names = ["/".join(part[-depth - part[-1].startswith("seed-") :]) for part in parts]
        if len(set(names)) == len(names):
            return dict(zip(models, names, strict=True))
    if models:
        raise InputError(f"a model stands twice: --model {' --model '.join(models)}")
    return {}


def _ask(model: str, positive: str | None, what: AuditCorpus) -> pd.DataFrame:
    from bias_transfer.pretrained import classifier

    sentences = what.sentences
    answers = classifier.score(model, sentences.tolist(), positive)
    frame = pd.DataFrame({"sentence": sentences, "score": answers})
    return scores.match(frame, model, corpus=what.corpus)


def _unknown_words(names: Mapping[str, str], people: Sequence[str]) -> dict[str, set[str]]:
    """People whose words a word-level student does not know, by its name."""
    if not names or not people:
        return {}
    from bias_transfer.students.tokenizer import unknown_words

    found = {name: unknown_words(Path(model), people) for model, name in names.items()}
    return {name: words for name, words in found.items() if words is not None}


def _plot(table: pd.DataFrame, folder: Path, what: AuditCorpus) -> list[Path]:
    from bias_transfer.report import figures

    drawn = {
        f"{axis}_bias" if what.people else "bias": figures.gaps(table, axis) for axis in what.axes
    }
    if what.name == EEC:
        drawn["placebo"] = figures.placebo(table)
    paths = [folder / f"{name}.png" for name in drawn]
    for path, figure in zip(paths, drawn.values(), strict=True):
        figures.save(figure, path)
    return paths
