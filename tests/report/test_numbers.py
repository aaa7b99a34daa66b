"""Metrics and tags of a run are those of the files, and nothing else."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.audit import (
    DIFFERENCE,
    NO_EVIDENCE,
    NOT_MEASURABLE,
    ONE_OF_SEVERAL,
)
from bias_transfer.bias.estimates import ONE_SEED
from bias_transfer.io import schemas, tables
from bias_transfer.report import numbers

FIRST, SECOND = "bow-distilled/seed-0", "bow-distilled/seed-1"
WHY = "cannot tell apart 70% of the European-American side"


def bias(*rows: dict) -> pd.DataFrame:
    """Rows of ``bias.csv``; what they lack is missing, empty or 3."""
    filled = {"str": "", "int": 3}
    kinds = {name: str(column.dtype)[:3] for name, column in schemas.BIAS.columns.items()}
    empty = {name: filled.get(kind, np.nan) for name, kind in kinds.items()}
    return pd.DataFrame([empty | row for row in rows])


def row(system: str, corpus: str, axis: str, verdict: str, gap: float, **changes) -> dict:
    found = {"system": system, "corpus": corpus, "axis": axis, "verdict": verdict}
    found |= {"mean_difference": gap, "ci_low": gap - 0.01, "ci_high": gap + 0.01}
    return found | {"n_identical": 7, "n_seeds": 1} | changes


@pytest.fixture
def sources(tmp_path):
    """Two seeds of a student that are measured on swaps and cannot read names."""
    rows = [
        row("teacher-mine", "swaps", "gender", NO_EVIDENCE, -0.004),
        row("teacher-mine", "eec", "race", DIFFERENCE, -0.03),
        row("bow-distilled", "eec", "gender", NO_EVIDENCE, 0.05, n_seeds=2),
        row(FIRST, "eec", "gender", ONE_OF_SEVERAL, 0.06),
        row("bow-distilled", "eec", "race", NOT_MEASURABLE, 0.5, n_seeds=2, reason=WHY),
        row(FIRST, "eec", "race", ONE_OF_SEVERAL, 0.4),
        row("bow-distilled", "swaps", "gender", DIFFERENCE, 0.02, n_seeds=2),
        row(FIRST, "swaps", "gender", ONE_OF_SEVERAL, 0.021),
        row("cnn-distilled/seed-0", "eec", "gender", ONE_SEED, 0.0),
    ]
    tables.write(bias(*rows), tmp_path / "bias.csv", schemas.BIAS)
    quality = {"n": 20, "accuracy": 0.75, "precision": None, "log_loss": 0.5}
    tables.write_json(quality, tmp_path / "quality.json")
    return {numbers.QUALITY: tmp_path / "quality.json", numbers.GAPS: tmp_path / "bias.csv"}


def test_accuracy_comes_first_and_what_is_undefined_is_left_out(sources):
    found = numbers.metrics(FIRST, sources)
    assert next(iter(found)) == "accuracy"
    assert (found["n"], found["log_loss"]) == (20, 0.5)
    assert "precision" not in found
    assert np.isfinite(list(found.values())).all()


def test_gaps_are_the_seeds_own_by_corpus_and_axis(sources):
    found = numbers.metrics(FIRST, sources)
    assert (found["gender_gap"], found["swaps_gender_gap"]) == (0.06, 0.021)
    assert found["gender_gap_ci_low"] == pytest.approx(0.05)


def test_a_gap_that_is_not_measurable_has_counts_and_no_other_number(sources):
    found = {name for name in numbers.metrics(FIRST, sources) if name.startswith("race_")}
    assert "race_n_identical_pairs" in found
    assert all(name.startswith("race_n_") for name in found)
    assert numbers.metrics("teacher-mine", sources)["race_gap"] == -0.03


def test_a_tag_is_of_all_seeds_on_swaps_else_on_the_eec(sources):
    assert numbers.tags(FIRST, sources) == {
        "gender": "+0.020 (+0.010 to +0.030), stands; swaps, 2 seeds",
        "race": f"not measurable: {WHY}; eec, 2 seeds",
    }
    assert numbers.tags("teacher-mine", sources) == {
        "gender": "-0.004 (-0.014 to +0.006), does not stand; swaps",
        "race": "-0.030 (-0.040 to -0.020), stands; eec",
    }
    assert numbers.tags("cnn-distilled/seed-0", sources) == {
        "gender": "+0.000 (-0.010 to +0.010), no verdict from one seed; eec"
    }


def test_a_report_has_its_summary_and_no_tags(tmp_path):
    table = pd.DataFrame({"name": ["bow/accuracy", "bow/gender_p_holm"], "value": [0.5, 1e-9]})
    tables.write(table, tmp_path / "summary.csv", schemas.SUMMARY)
    sources = {numbers.SUMMARY: tmp_path / "summary.csv"}
    assert numbers.metrics("report", sources) == {"bow/accuracy": 0.5, "bow/gender_p_holm": 1e-9}
    assert numbers.tags("report", sources) == {}
    assert numbers.curves(sources) is None
