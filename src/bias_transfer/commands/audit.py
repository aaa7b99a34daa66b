"""Command ``audit``: bias of anybody's systems, from their predictions or by asking them."""

from pathlib import Path

import numpy as np
import pandas as pd

from bias_transfer.bias import custom, scores
from bias_transfer.bias.audit import MARGIN, ByScale, audit, summarise
from bias_transfer.bias.breakdown import breakdown as by_part
from bias_transfer.bias.pairs import AXES
from bias_transfer.corpora import eec
from bias_transfer.io import tables
from bias_transfer.io.errors import InputError
from bias_transfer.students.tokenizer import unknown_words
from bias_transfer.study.systems import groups


def run(
    files: tuple[str, ...],
    models: tuple[str, ...],
    out: Path,
    *,
    method: str,
    score: str | None,
    positive: str | None,
    corpus: Path | None,
    margin: float | None,
    plot: Path | None,
    breakdown: Path | None,
) -> pd.DataFrame:
    """Write one row per system and axis to ``out``, and return the table.

    Parameters
    ----------
    files, models
        Systems: predictions as ``NAME=PATH``, and classifiers to be asked (see
        ``classifier.score``), each named by the end of its path.
    method
        How the EEC is paired (see ``bias.pairs``).
    score, positive
        The files' column of P(positive) and the models' positive label, where they have no usual
        name.
    corpus
        Pairs to compare in place of the EEC's (see ``bias.custom.read``).
    margin
        Largest difference that counts as none; ``bias.audit.MARGIN`` where it is None.
    plot
        Folder for one figure per axis, and the figure of the placebo.
    breakdown
        CSV of the gaps by parts of the EEC (see ``bias.breakdown``).

    Raises
    ------
    InputError
        If an argument is malformed, a name is duplicate, or the corpus, a file or a model is not
        what it must be.
    """
    names = _names(models)
    paths = _paths(files, set(names.values()))
    margin = MARGIN if margin is None else margin
    own = None if corpus is None else custom.read(corpus)
    scored = {name: scores.read(path, score, own) for name, path in paths.items()}
    sentences = eec.generate() if own is None else own
    scored |= {name: _ask(model, sentences, positive, own) for model, name in names.items()}
    if own is None:
        known = {
            name: unknown_words(Path(model), sentences["person"].unique())
            for model, name in names.items()
        }
        unknown = {name: words for name, words in known.items() if words is not None}
        table = audit(scored, method, margin, unknown)
    else:
        table = _audit(scored, own, margin)
    if breakdown is not None:
        parts = [
            by_part(name, [scored[system] for system in systems])
            for name, systems in groups(scored).items()
        ]
        tables.write(pd.concat(parts), breakdown)
    tables.write(table, out)
    if plot is not None:
        _plot(
            table,
            plot,
            {f"{axis}_bias": axis for axis in AXES} if own is None else {"bias": custom.axis(own)},
        )
    return table


def _paths(files: tuple[str, ...], taken: set[str]) -> dict[str, Path]:
    paths = {}
    for file in files:
        name, separator, path = file.partition("=")
        if not (name and separator and path):
            raise InputError(f"{file!r} is not NAME=PATH, as in mine=predictions.csv")
        if name in paths or name in taken:
            whose = "the name of a model" if name in taken else "there"
            raise InputError(
                f"the name {name!r} stands twice: it is already {whose}, so give the file its own"
            )
        paths[name] = Path(path)
    return paths


def _names(models: tuple[str, ...]) -> dict[str, str]:
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


def _ask(
    model: str, sentences: pd.DataFrame, positive: str | None, own: pd.DataFrame | None
) -> pd.DataFrame:
    from bias_transfer.pretrained import classifier

    asked = sentences[["sentence"]].assign(
        score=classifier.score(model, sentences["sentence"].tolist(), positive)
    )
    return scores.match(asked, model, corpus=own)


def _audit(scored: dict[str, pd.DataFrame], own: pd.DataFrame, margin: float) -> pd.DataFrame:
    contrasts: dict[tuple[str, str], ByScale] = {}
    for name, frame in scored.items():
        contrasts[name, custom.axis(own)] = {
            "probability": custom.contrast(own, frame["score"]),
            "log-odds": custom.contrast(own, frame["log_odds"])
            if np.isfinite(frame["log_odds"]).all()
            else None,
        }
    return summarise(contrasts, margin)


def _plot(table: pd.DataFrame, folder: Path, axes: dict[str, str]) -> None:
    from bias_transfer.report import figures

    if "noise_floor" in table.columns:
        figures.save(figures.placebo(table), folder / "placebo.png")
    for file, axis in axes.items():
        figures.save(figures.gaps(table, axis), folder / f"{file}.png")
