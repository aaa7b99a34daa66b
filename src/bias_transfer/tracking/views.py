"""How MLflow's pages show the experiment: a table of the current systems, best first, with their gaps beside them."""

import json

VIEW = "bias-transfer"
_COLUMNS = (
    "metrics.`accuracy`",
    *(
        f"metrics.`{axis}_gap{end}`"
        for axis in ("gender", "race")
        for end in ("", "_ci_low", "_ci_high")
    ),
    *(f"tags.`{tag}`" for tag in ("study", "target")),
)
# Sorted by a metric, MLflow lists runs side by side; sorted by date, it folds them under their
# study.
_STATE = {
    "searchFilter": "tags.current = 'true' and tags.stage != 'report'",
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
        "are those that were "
        "published last; the shared view `bias-transfer` shows them side by side."
    ),
    f"mlflow.sharedViewState.{VIEW}": json.dumps(_STATE),
}
