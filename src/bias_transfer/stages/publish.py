"""Stage ``publish``: what the other stages wrote goes into MLflow. If it fails, no result is lost."""

import sys
from pathlib import Path

from tqdm import tqdm

from bias_transfer import tables
from bias_transfer.layout import Layout
from bias_transfer.params import Params
from bias_transfer.records import REPORT, digest, records, study_note
from bias_transfer.tracking import registry, runs, store


def run(params: Params, root: Path = Path()) -> None:
    """Publish teacher, students and report, each once, and write ``published.json`` with what each digest was.

    A run's key is study, system and digest of its outputs, and under ``mlflow run`` the launching run too. A finished
    run with the same key is left alone, so publishing twice adds nothing; an unfinished one of a process that was
    killed is closed. All lie below one run of the study's name, and are marked as its current ones, whose students have
    the alias ``latest-STUDY``; runs that were launched leave both as they are, but take an alias that is free.

    Raises
    ------
    InputError
        If MLflow fails.
    """
    layout, study = Layout(params.study, root), params.study.name
    launched_by = runs.launching_run()
    made = records(params, layout)
    digests = {record.name: record.key for record in made}
    with store.clear_errors():
        experiment = runs.experiment_id()
        runs.close_dead(experiment)
        parent = runs.study_run(experiment, study)
        run_ids = []
        for record in tqdm(made, desc="publish", unit="run", file=sys.stderr):
            if launched_by:
                record.key = digest(record.key, launched_by)
                record.tags[runs.LAUNCH_TAG] = launched_by
            run_ids.append(runs.published(experiment, record.key) or runs.publish(experiment, parent, record))
        registry.mark_latest(study, run_ids, replace=not launched_by)
        if launched_by:
            runs.link(launched_by, run_ids, [layout.report(name) for name in REPORT])
        else:
            runs.mark_current(study, run_ids)
            runs.describe(parent, study_note(params, layout))
    tables.write_json(digests, layout.report("published.json"))
