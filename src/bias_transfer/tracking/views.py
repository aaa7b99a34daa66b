"""How MLflow's pages show the experiment: a view per study, its systems best first."""

import json

_COLUMNS = (
    "metrics.`accuracy`",
    *(f"tags.`{tag}`" for tag in ("gender", "race", "target")),
)
# Sorted by a metric, MLflow lists runs side by side; sorted by date, it folds them under their
# study.
_STATE = {
    "orderByKey": "metrics.`accuracy`",
    "orderByAsc": False,
    "selectedColumns": _COLUMNS,
    "startTime": "ALL",
    "lifecycleFilter": "Active",
    "datasetsFilter": [],
    "modelVersionFilter": "All Runs",
    "runsPinned": [],
    "runsExpanded": {},
    "runsHidden": [],
    "runListHidden": False,
    "groupBy": None,
    "groupsExpanded": {},
}
EXPERIMENT_TAGS = {
    "mlflow.experimentKind": "custom_model_development",
    "mlflow.note.content": (
        "Teachers, students and reports, each below the run of its study. `tags.current = 'true'` "
        "are those that were published last. The shared view with the name of a study shows its "
        "systems side by side, with their gaps in words."
    ),
}


def shared_view(study: str) -> dict[str, str]:
    """Tag of the experiment that holds the view of a study: its current systems and no others."""
    chosen = f"tags.current = 'true' and tags.stage != 'report' and tags.study = '{study}'"
    return {
        f"mlflow.sharedViewState.{study}": json.dumps({"searchFilter": chosen} | _STATE),
    }
