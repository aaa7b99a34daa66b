"""Does MLflow say of a run what the files say? What can be is hashed or computed again."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bias_transfer.bias import audit
from bias_transfer.bias.scores import match
from bias_transfer.io import provenance, rounding, schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.report.publications import params_of
from bias_transfer.students.evaluation import evaluate
from bias_transfer.study.params import Params
from bias_transfer.tracking import archive
from bias_transfer.tracking.archive import Kept

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
        MLflow keeps it, by SHA-256; and its accuracy and gaps, computed again from its predictions.
        Without ``references``, also whether the study's hypotheses were changed after the fact.

    Raises
    ------
    InputError
        If a run is unknown or was not published by this project.
    """
    kept = [archive.find(reference) for reference in references] or archive.current(
        params.study.name
    )
    checks = [check for run in kept for check in _run(params, run)]
    return checks if references else [*checks, *declarations(params.study.name)]


def declarations(study: str) -> Iterator[Check]:
    """Whether each set of predictions of the study was tested under one declaration alone."""
    for predictions, found in archive.declarations(study).items():
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
    if "predictions" in evidence:
        yield from _metrics(
            run, {part: Path(path) for part, path in evidence["predictions"].items()}
        )


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


def _metrics(run: Kept, predictions: dict[str, Path]) -> Iterator[Check]:
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
    for name, value in found.items():
        if math.isfinite(value):
            recorded = run.metrics.get(name)
            same = recorded is not None and rounding.same(name, recorded, value)
            yield Check(
                run.name,
                f"metric {name}",
                *((MATCHES,) if same else (DIFFERS, f"{recorded}, now {value}")),
            )


def _compare(system: str, name: str, recorded: Any, found: Any, *, missing: bool = True) -> Check:
    if found == recorded:
        return Check(system, name, MATCHES)
    if found is None and missing:
        return Check(system, name, MISSING)
    recorded, found = (str(value)[:16] for value in (recorded, found))
    return Check(system, name, DIFFERS, f"{recorded}, now {found}")
