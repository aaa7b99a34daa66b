"""What a remedy brings and costs, by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.transfer import CHANGE
from bias_transfer.report import figures
from bias_transfer.report.remedies import remedies
from bias_transfer.study import params
from bias_transfer.study.systems import arms

TARGETS = ["baseline", "distilled", "permuted", "swap-averaged"]
STUDY = (
    params.load(Path(__file__).resolve().parents[2] / "params.yaml")
    .with_study(students=["bow", "cnn"], one_seed=[], arms=[], targets=TARGETS, seeds=[0, 1])
    .study
)


@pytest.fixture
def accuracy() -> pd.DataFrame:
    """The remedy costs .01 and .03 in the two seeds."""
    right = {("swap-averaged", 0): 0.79, ("swap-averaged", 1): 0.77}
    return pd.DataFrame(
        {"system": arm.system, "accuracy": right.get((arm.target, arm.seed), 0.8)}
        for arm in arms(STUDY)
    )


@pytest.fixture
def transfer() -> pd.DataFrame:
    shared = {"corpus": "swaps", "scale": "log-odds", "estimand": CHANGE, "target": "distilled"}
    shared |= {"ci_low": 0.1, "ci_high": 0.3, "verdict": "changed", "reason": "", "n_seeds": 2}
    shared |= {"ci_low_training_sets": 0.0, "ci_high_training_sets": 0.4}
    rows = [
        {"student": "bow", "reference": "swap-averaged", "estimate": 0.2},
        {"student": "bow", "reference": "permuted", "estimate": 0.3},
        {"student": "bow", "reference": "swap-averaged", "estimate": 0.4, "scale": "probability"},
        {"student": "bow", "reference": "swap-averaged", "estimate": 0.5, "corpus": "eec"},
        {"student": "bow", "reference": "swap-averaged", "estimate": 0.6, "estimand": "slope"},
    ]
    return pd.DataFrame([shared | row for row in rows])


def test_a_remedy_has_the_gap_that_it_takes_away_and_what_it_costs(accuracy, transfer):
    (row,) = remedies(STUDY, accuracy, transfer).to_dict("records")
    assert (row["student"], row["remedy"], row["without"]) == ("bow", "swap-averaged", "distilled")
    assert (row["estimate"], row["ci_low"], row["ci_high"]) == (0.2, 0.1, 0.3)
    assert (row["ci_low_training_sets"], row["ci_high_training_sets"]) == (0.0, 0.4)
    assert row["accuracy_change"] == pytest.approx(-0.02)
    half = 12.706 * np.std([-0.01, -0.03], ddof=1) / np.sqrt(2)
    assert row["accuracy_ci_low"] == pytest.approx(-0.02 - half, abs=1e-5)
    assert row["accuracy_ci_high"] == pytest.approx(-0.02 + half, abs=1e-5)


def test_one_seed_gives_no_interval_of_the_cost(accuracy, transfer):
    study = STUDY.model_copy(update={"seeds": (0,)})
    (row,) = remedies(study, accuracy, transfer).to_dict("records")
    assert row["accuracy_change"] == pytest.approx(-0.01)
    assert np.isnan(row["accuracy_ci_low"])
    assert np.isnan(row["accuracy_ci_high"])


def test_a_study_without_remedies_has_no_rows(accuracy, transfer):
    rows = transfer[transfer["reference"] == "permuted"]
    assert remedies(STUDY, accuracy, rows).empty


def test_the_figure_has_a_panel_per_student_and_a_mark_per_seed_and_mean(accuracy):
    systems = [*accuracy["system"], "teacher-tiny"]
    gaps = np.linspace(-1, 1, len(systems))
    bias = pd.DataFrame({"system": systems, "corpus": "swaps", "log_odds_difference": gaps})
    teacher = pd.DataFrame({"system": ["teacher-tiny"], "accuracy": [0.9]})
    figure = figures.pareto(pd.concat([accuracy, teacher]), bias)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["bow", "cnn"]
    for ax in figure.axes:
        seeds, means = ax.lines[::2], ax.lines[1::2]
        assert [line.get_label() for line in means] == TARGETS
        assert {len(line.get_xdata()) for line in seeds} == {2}
        of_student = bias[bias["system"].str.startswith(ax.get_title(loc="left"))]
        by_target = of_student["log_odds_difference"].to_numpy().reshape(len(TARGETS), 2)
        for mean, both in zip(means, by_target, strict=True):
            assert mean.get_xdata()[0] == pytest.approx(abs(both.mean()))
        assert (np.concatenate([line.get_xdata() for line in seeds]) >= 0).all()
