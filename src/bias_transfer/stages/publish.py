"""Stage ``publish``: what the other stages wrote goes into MLflow.

If it fails, no result is lost.
"""

import sys
from functools import partial
from pathlib import Path

from tqdm import tqdm

from bias_transfer.io import tables
from bias_transfer.report.publications import digest, publications, report_files, study_note
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout
from bias_transfer.tracking import registry, runs, store


def run(params: Params, root: Path = Path()) -> None:
    """Publish teacher, students and report, each once; ``published.json`` holds their digests.

    A run's key is the digest of its study, system and outputs, and under ``mlflow run`` of the
    launching run too. A finished run with the same key is left alone, so publishing twice adds
    nothing. An unfinished one of a process that was killed is closed.

    All runs lie below one run of the study's name. They are marked as current, and their students'
    models get the alias ``latest-STUDY``. Runs that were launched change neither, but take an alias
    that is free.

    Raises
    ------
    InputError
        If MLflow fails.
    """
    layout, study = Layout(params.study, root), params.study.name
    launched_by = runs.launching_run()
    made = publications(params, layout)
    digests = {publication.name: publication.key for publication in made}
    with store.clear_errors():
        experiment = runs.experiment_id(study)
        runs.close_dead(experiment)
        parent = runs.study_run(experiment, study)
        run_ids, new = [], 0
        bar = partial(tqdm, unit="run", file=sys.stderr)
        for publication in bar(made, desc="publish"):
            if launched_by:
                publication.key = digest(publication.key, launched_by)
                publication.tags[runs.LAUNCH_TAG] = launched_by
            run_id = runs.published(experiment, publication.key)
            new += run_id is None
            run_ids.append(run_id or runs.publish(experiment, parent, publication))
        registry.mark_latest(study, bar(run_ids, desc="mark the latest"), replace=not launched_by)
        if launched_by:
            runs.link(launched_by, run_ids, report_files(layout))
        else:
            runs.mark_current(study, run_ids)
            runs.describe(parent, study_note(params, layout))
    tables.write_json(digests, layout.report("published.json"))
    print(f"MLflow: {len(run_ids)} runs of {study}, {new} of them new")
