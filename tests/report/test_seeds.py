"""Accuracy for readers: means over seeds, and no seed in the name of what has one."""

import pandas as pd
import pytest
from answers import PARAMS

from bias_transfer.report import seeds

TABLE = pd.DataFrame(
    {
        "system": [
            "teacher-t",
            "bow-baseline/seed-0",
            "bow-baseline/seed-1",
            "cnn-baseline/seed-3",
        ],
        "n": [50, 200, 200, 200],
        "accuracy": [0.9, 0.7, 0.8, 0.6],
        "f1": [0.9, 0.6, 0.7, 0.5],
    }
)


def test_means_over_seeds_in_the_order_of_the_table():
    found = seeds.average(TABLE)
    assert list(found["system"]) == ["teacher-t", "bow-baseline", "cnn-baseline"]
    assert found["accuracy"].tolist() == pytest.approx([0.9, 0.75, 0.6])
    assert found["f1"].tolist() == pytest.approx([0.9, 0.65, 0.5])
    assert found["n"].tolist() == [50, 200, 200]
    row = found.iloc[1]  # Wilson, of 150 of 200
    assert row["accuracy_ci_low"] == pytest.approx(0.6857, abs=1e-4)
    assert row["accuracy_ci_high"] == pytest.approx(0.8050, abs=1e-4)


def test_a_single_seed_is_not_named():
    names = seeds.without_single(TABLE)["system"].tolist()
    assert names == ["teacher-t", "bow-baseline/seed-0", "bow-baseline/seed-1", "cnn-baseline"]


def test_seeds_are_those_of_each_target():
    arms = [
        {"seeds": [3], "students": ["bow"], "targets": ["permuted"]},
        {"seeds": [], "students": ["cnn"], "targets": ["permuted"]},
    ]
    names = {"students": ["bow", "cnn"], "targets": ["baseline", "distilled", "permuted"]}
    study = PARAMS.with_study(**names, one_seed=[], seeds=[0, 1], arms=arms).study
    assert seeds.trained(study) == [
        "bow on baseline, distilled (seeds 0, 1)",
        "bow on permuted (seeds 3)",
        "cnn on baseline, distilled (seeds 0, 1)",
    ]
