"""Does MLflow say of a run what the files say? What can be is hashed or computed again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bias_transfer.bias import audit
from bias_transfer.bias.scores import match
from bias_transfer.io import committed, declared, provenance, rounding, schemas, tables
from bias_transfer.io.declared import Declared
from bias_transfer.io.errors import InputError
from bias_transfer.report import numbers
from bias_transfer.report.publications import params_of, study_note
from bias_transfer.students.evaluation import evaluate
from bias_transfer.study.params import Params
from bias_transfer.study.paths import COMMITTED, Layout
from bias_transfer.tracking import archive
from bias_transfer.tracking.archive import Kept
from bias_transfer.tracking.runs import EVIDENCE

MATCHES, DIFFERS, MISSING = "matches", "differs", "is not here"


@dataclass(frozen=True)
class Check:
    """One thing that was compared: of which run, its name, the outcome, and what was found."""

    system: str
    name: str
    outcome: str
    detail: str = ""


def verify(params: Params, references: tuple[str, ...]) -> list[Check]:
    """Compare published runs with the files in this checkout, and with what MLflow itself keeps.

    Parameters
    ----------
    references
        Run ids or model URIs (``models:/NAME/VERSION``); none for every current run of the study.

    Returns
    -------
    list of Check
        Of each run: the params that it was made with; every input and output file, here and as
        MLflow keeps it, by SHA-256; every metric and tag as the files have it, and its description;
        and its accuracy and gaps, computed again from its predictions. Without ``references``, also
        the answer in the description of the study's own run, and whether its hypotheses were
        changed after the fact.

    Raises
    ------
    InputError
        If a run is unknown or was not published by this project.
    """
    kept = [archive.find(reference) for reference in references] or archive.current(
        params.study.name
    )
    checks = [check for run in kept for check in _run(params, run)]
    if references:
        return checks
    return [*checks, *_answer(params), *declarations(params.study.name, _declared(params))]


def declarations(
    study: str, here: Declared | None = None, noted: Path = COMMITTED
) -> Iterator[Check]:
    """Whether each set of predictions of the study was tested under one declaration alone.

    What counts is what was published, what stands in the file ``noted`` (``io.committed``), and
    what this checkout has ``here``.
    """
    others = committed.read(noted)
    if here is not None:
        others.append((study, here.predictions, here.sha256))
    for predictions, found in archive.declarations(study, others).items():
        name = f"hypotheses of study {study}, predictions {predictions[:16]}"
        if len(found) == 1:
            yield Check("report", name, MATCHES)
        else:
            shown = ", ".join(sorted(sha[:16] for sha in found))
            detail = f"tested under {len(found)} declarations: {shown}"
            yield Check("report", name, DIFFERS, detail)


def _run(params: Params, run: Kept) -> Iterator[Check]:
    evidence = run.evidence
    for section, recorded in evidence["params"].items():
        yield from _params(params, run.name, section, recorded)
    files = evidence["inputs"] | evidence["outputs"]
    for path, recorded in files.items():
        found = provenance.sha256(Path(path)) if Path(path).is_file() else None
        yield _compare(run.name, path, recorded, found)
    model = {
        f"model/{Path(path).name}": sha
        for path, sha in evidence["outputs"].items()
        if path.startswith("models/")
    }
    if any(name.startswith("model/") for name in run.digests):
        evidence["artifacts"] |= model
    for name, recorded in evidence["artifacts"].items():
        yield _compare(run.name, f"{name} in MLflow", recorded, run.digests.get(name))
    yield from shown(run)
    if "predictions" in evidence:
        yield from _computed(
            run, {part: Path(path) for part, path in evidence["predictions"].items()}
        )


def _declared(params: Params) -> Declared | None:
    """What this checkout has; a file that cannot be read is named where files are compared."""
    try:
        return declared.read(Layout(params.study).report("hypotheses.json"))
    except InputError:
        return None


def _answer(params: Params) -> Iterator[Check]:
    """Whether the study's own run says what its tables say."""
    name = f"description of study {params.study.name} in MLflow"
    try:
        expected = study_note(params, Layout(params.study))
    except InputError as error:
        yield Check("report", name, DIFFERS, f"the answer cannot be made again: {error}")
        return
    if archive.note(params.study.name) == expected:
        yield Check("report", name, MATCHES)
    else:
        yield Check("report", name, DIFFERS, "it is not the answer that the tables give")


def shown(run: Kept) -> Iterator[Check]:
    """Every metric that MLflow shows of a run, its tags and its description."""
    recorded = run.evidence.get("numbers")
    if recorded is None:
        detail = "an earlier version published it: `dvc repro` publishes it anew"
        yield Check(run.name, f"files of its metrics in {EVIDENCE}", MISSING, detail)
        return
    sources = {kind: Path(path) for kind, path in recorded.items()}
    try:
        metrics, curves = numbers.metrics(run.name, sources), numbers.curves(sources)
        tags = run.evidence["tags"] | numbers.tags(run.name, sources)
    except InputError as error:
        yield Check(run.name, "its metrics", DIFFERS, f"they cannot be read: {error}")
        return
    by_step: dict[str, dict[int, float]] = {}
    if curves is not None:
        table = curves.set_index("epoch")
        by_step = {str(name): column.dropna().to_dict() for name, column in table.items()}
    scalars = {name: value for name, value in run.metrics.items() if name not in by_step}
    yield from _figures(run.name, "metric", metrics, scalars)
    for name, values in by_step.items():
        points = {f"{name}, epoch {step}": value for step, value in values.items()}
        found = run.curves.get(name, {})
        kept = {f"{name}, epoch {step}": value for step, value in found.items()}
        yield from _figures(run.name, "metric", points, kept)
    if run.of_models:
        yield from _figures(run.name, "metric of its model", metrics, run.of_models)
    for name in tags.keys() | (set(numbers.AXES) & run.tags.keys()):
        yield _compare(run.name, f"tag {name}", run.tags.get(name), tags.get(name), missing=False)
    described = run.evidence["description"]
    yield _compare(run.name, "description in MLflow", described, run.note, missing=False)


def _figures(
    system: str, kind: str, expected: dict[str, float], recorded: dict[str, float]
) -> Iterator[Check]:
    """Each number of MLflow beside that of the files; one that only one side has differs."""
    for name in expected | recorded:
        now, before = expected.get(name), recorded.get(name)
        if now is not None and before is not None and rounding.same(name, before, now):
            yield Check(system, f"{kind} {name}", MATCHES)
        else:
            yield Check(system, f"{kind} {name}", DIFFERS, f"{before}, now {now}")


def _params(params: Params, system: str, section: str, recorded: dict[str, Any]) -> Iterator[Check]:
    try:
        found = params_of(params, section)
    except KeyError:
        yield Check(system, f"params.yaml: {section}", MISSING)
        return
    for key in recorded | found:
        yield _compare(
            system,
            f"params.yaml: {section}.{key}",
            recorded.get(key),
            found.get(key),
            missing=False,
        )


def _computed(run: Kept, predictions: dict[str, Path]) -> Iterator[Check]:
    """Accuracy and the like from the scores of test reviews; gaps from those of the corpus."""
    tests = [
        Path(path) for path in run.evidence["inputs"] if Path(path).match("data/reviews/*/test.csv")
    ]
    if not all(path.is_file() for path in (*tests, *predictions.values())):
        return
    try:
        reviews = tables.read(tests[0], schemas.REVIEWS).set_index("id")["label"]
        scores = tables.read(predictions["reviews"], schemas.PREDICTIONS)
        corpus = match(
            tables.read(predictions["eec"], schemas.PREDICTIONS), str(predictions["eec"])
        )
        labels = reviews.loc[scores["id"]]
    except (InputError, KeyError) as error:
        yield Check(run.name, "metrics", DIFFERS, f"they cannot be computed again: {error}")
        return
    found: dict[str, Any] = rounding.values(
        evaluate(labels.to_numpy(), scores["label_1"].to_numpy())
    )
    for row in rounding.table(audit({run.name: corpus})).to_dict("records"):
        found |= schemas.metrics(schemas.BIAS, row, schemas.OWN_SCORES)
    recorded = {name: value for name, value in run.metrics.items() if name in found}
    expected = {name: value for name, value in found.items() if name in recorded}
    yield from _figures(run.name, "computed again:", expected, recorded)


def _compare(system: str, name: str, recorded: Any, found: Any, *, missing: bool = True) -> Check:
    if found == recorded:
        return Check(system, name, MATCHES)
    if found is None and missing:
        return Check(system, name, MISSING)
    recorded, found = (str(value)[:16] for value in (recorded, found))
    return Check(system, name, DIFFERS, f"{recorded}, now {found}")
