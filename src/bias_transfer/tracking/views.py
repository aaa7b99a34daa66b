"""How MLflow's pages show the experiment: the current systems, best first, beside their gaps."""

import json

from bias_transfer.io import schemas

VIEW = "bias-transfer"
_GAPS = schemas.metric_names(schemas.BIAS)
_COLUMNS = (
    "metrics.`accuracy`",
    *(
        f"metrics.`{_GAPS[column].format(axis=axis)}`"
        for axis in ("gender", "race")
        for column in ("mean_difference", "ci_low", "ci_high")
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
        "are those that were published last; the shared view `bias-transfer` shows them side by "
        "side."
    ),
    f"mlflow.sharedViewState.{VIEW}": json.dumps(_STATE),
}
