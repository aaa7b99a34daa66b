"""How well systems tell positive from negative, how they were trained, and a study's figures."""

import pandera.pandas as pa

from bias_transfer.io.schemas.columns import (
    CHOSEN,
    IN_SUMMARY,
    UNCALIBRATED,
    column,
    count,
    number,
    share,
    size,
    text,
)
from bias_transfer.io.schemas.data import HISTORY

_SYSTEM = text("System: the teacher, or a student with its seed.")
_SUMMARISED = (IN_SUMMARY,)


def _cell(name: str, about: str) -> pa.Column:
    return count(f"Test reviews that are {about}.", metric=name)


ACCURACY = pa.DataFrameSchema(
    {
        "system": _SYSTEM,
        "n": count("Number of test reviews.", metric="n", marks=_SUMMARISED),
        "accuracy": share(
            "Share of reviews whose label is predicted; a score above 0.5 is predicted positive.",
            sign="0.5: a coin's",
            metric="accuracy",
            marks=_SUMMARISED,
        ),
        **{
            f"accuracy_ci_{end}": share(
                f"The {word} end of the 95 % interval of the accuracy (Wilson) over test reviews; "
                "training noise is not in it.",
                metric=f"accuracy_ci_{end}",
            )
            for end, word in (("low", "lower"), ("high", "upper"))
        },
        "precision": share(
            "Share of positive reviews among those predicted positive. Missing where none is.",
            metric="precision",
            marks=_SUMMARISED,
        ),
        "recall": share(
            "Share of the positive reviews that are predicted positive.",
            metric="recall",
            marks=_SUMMARISED,
        ),
        "f1": share("Harmonic mean of precision and recall.", metric="f1", marks=_SUMMARISED),
        "log_loss": size(
            "Mean of -log P(true label). Missing where a score is certain and wrong: it is then "
            "infinite.",
            unit="nats",
            sign="0: perfect; 0.693: a coin's",
            metric="log_loss",
            marks=_SUMMARISED,
        ),
        "brier": share(
            "Mean squared error of P(positive).",
            sign="0: perfect",
            metric="brier",
            marks=_SUMMARISED,
        ),
        "auc": share(
            "Area under the ROC curve. Missing where all reviews have one label.",
            sign="0.5: chance",
            metric="auc",
            marks=_SUMMARISED,
        ),
        "ece": share(
            "Expected calibration error: mean absolute difference between a bin's mean score and "
            "its share of positive reviews, over 15 equally filled bins.",
            sign="0: perfect",
            metric="ece",
            marks=_SUMMARISED,
        ),
        "true_negative": _cell("true_negative", "negative and predicted negative"),
        "false_positive": _cell("false_positive", "negative and predicted positive"),
        "false_negative": _cell("false_negative", "positive and predicted negative"),
        "true_positive": _cell("true_positive", "positive and predicted positive"),
    },
    name="reports/<study>/accuracy.csv",
    description="One row per system: how well it tells positive from negative test reviews.",
    strict=True,
)


def _quality(name: str) -> pa.Column:
    """A column of ``ACCURACY``, of the teacher under one calibration."""
    known = ACCURACY.columns[name]
    meaning = known.metadata or {}
    kinds = {"unit": meaning["unit"], "sign": meaning["sign"]}
    metric = {"metric": f"uncalibrated_{name}", "marks": (UNCALIBRATED,)}
    return number(str(known.description), *known.checks, **kinds, **metric)


CALIBRATION = pa.DataFrameSchema(
    {
        "method": text("The calibration, as `distillation.calibration` in the params names it."),
        "chosen": column(bool, about="Whether it is the study's."),
        "offset": number(
            "What is taken from the teacher's log-odds.",
            unit="log-odds",
            sign="above 0: as asked, the teacher leans to positive",
        ),
        "temperature": size(
            "What the log-odds are then divided by.",
            sign="above 1: as asked, the teacher is too sure; 1: nothing changes",
        ),
        "n": count("Number of test reviews that the teacher was asked about.", missing=True),
        "accuracy": _quality("accuracy"),
        "log_loss": _quality("log_loss"),
        "brier": _quality("brier"),
        "ece": _quality("ece"),
        "ece_floor": share(
            "Calibration error that perfect calibration would show on so many reviews.",
            metric="ece_floor",
            marks=(CHOSEN,),
        ),
        "reason": text("Why the calibration cannot be estimated; else empty."),
    },
    name="reports/<study>/calibration.csv",
    description="The teacher's quality on the test reviews: one row per calibration. Of its "
    "metrics, those called `uncalibrated_…` are of the row `none`, and `ece_floor` of the study's.",
    strict=True,
)
HISTORIES = pa.DataFrameSchema(
    {"system": text("The student with its seed.")} | HISTORY.columns,
    name="reports/<study>/history.csv",
    description="One row per student and epoch.",
    strict=True,
)
SUMMARY = pa.DataFrameSchema(
    {
        "name": column(
            str,
            about="Name of the figure. `bow-distilled/accuracy`: mean over seeds, with `_sd` their "
            "standard deviation (where there are two or more) and `/n_seeds` their number. "
            "`bow-distilled/gender_gap`: of all seeds together. "
            "`bow/distilled-baseline/gender/log-odds/change_in_gap`: an estimate of "
            "`transfer.csv`.",
            unique=True,
        ),
        "value": column(
            float,
            about="The figure; in MLflow a metric of the run `report`, by its name.",
            unit="that of its column",
            coerce=True,
        ),
    },
    name="reports/<study>/summary.csv",
    description="One row per figure of the study. One that is missing has no row.",
    strict=True,
)
