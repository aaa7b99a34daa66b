"""What schemas say of columns: complete, true to the code, and the one map of metrics."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
import swapped

from bias_transfer.bias import audit, breakdown, channel, estimates, pairs, swaps, transfer
from bias_transfer.bias.audit import (
    DIFFERENCE,
    NO_DIFFERENCE,
    NO_EVIDENCE,
    NOT_MEASURABLE,
    ONE_OF_SEVERAL,
)
from bias_transfer.bias.channel import simultaneous
from bias_transfer.bias.inference.halves import over_training_sets
from bias_transfer.corpora import eec
from bias_transfer.io import schemas
from bias_transfer.students.evaluation import evaluate

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {
    name: made for name, made in vars(schemas).items() if isinstance(made, pa.DataFrameSchema)
}


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_columns", ROOT / "docs/make_columns.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_page_of_columns_is_current(maker):
    """If not: python docs/make_columns.py."""
    assert (ROOT / "docs/columns.md").read_text(encoding="utf-8") == maker.page()


def test_page_has_every_table_once(maker):
    assert sorted(map(id, maker.TABLES)) == sorted(map(id, SCHEMAS.values()))


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_every_table_and_column_is_described(schema):
    assert schema.name
    assert schema.description.endswith(".")
    assert schema.strict
    for name, column in schema.columns.items():
        assert column.description.endswith("."), name
        assert "|" not in column.description + column.metadata["unit"] + column.metadata["sign"]
        if str(column.dtype).startswith("float") and name not in ("learning_rate", "temperature"):
            assert column.metadata["unit"] or name.startswith("df"), name
        if column.metadata["metric"]:
            assert not str(column.dtype).startswith("str"), name


@pytest.fixture(scope="module")
def scored():
    corpus, scores = eec.generate(), []
    for seed in range(3):
        noise = np.random.default_rng(seed).normal(0, 0.05, len(corpus))
        scores.append(corpus.assign(score=0.5 + noise, log_odds=4 * noise))
    return scores


def resampled(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table of a study whose seeds learnt from halves."""
    columns = {"BIAS": ("mean_difference", "se_clustered", "df_clustered"), "TRANSFER": ()}
    return over_training_sets(table, *columns[name])


def test_columns_are_those_that_are_measured_in_their_order(scored):
    made = {
        "BIAS": [gaps := audit({"a": scored[0]}), on_swaps(), resampled(gaps, "BIAS")],
        "BREAKDOWN": [breakdown.breakdown("a", scored[:1])],
        "TRANSFER": [
            changes := transfer.transfer("a", scored[0], scored[1:2], scored[2:]),
            resampled(changes, "TRANSFER"),
            simultaneous(changes.assign(corpus="eec")),
        ],
    }
    for name, tables in made.items():
        columns = {column for table in tables for column in table.columns}
        assert columns | {"corpus"} == set(SCHEMAS[name].columns), name
    first = [name for name in schemas.BIAS.columns if name != "corpus"]
    assert all(list(table.columns)[:14] == first[:14] for table in made["BIAS"])
    found = pairs.contrast(scored[0], "gender").pairs.columns
    assert [*found, "log_odds_difference"] == list(schemas.PAIRS.columns)[2:]
    quality = evaluate(np.array([0, 1]), np.array([0.25, 0.75]))
    assert ["system", *quality] == list(schemas.ACCURACY.columns)
    assert list(schemas.HISTORIES.columns) == ["system", *schemas.HISTORY.columns]


def on_swaps():
    design = swapped.pairs()
    placebo = swapped.pairs(start=120, prefix="n")
    scores = swapped.scored((design, 0.1), (placebo, 0.1))
    return swaps.audit({"a": scores}, design, placebo, 0.02)


def test_values_that_are_explained_are_those_that_the_code_writes(scored):
    def explained(schema: pa.DataFrameSchema, column: str) -> set[str]:
        return set(schema.columns[column].metadata["values"])

    assert explained(schemas.BIAS, "axis") == set(pairs.AXES)
    assert explained(schemas.BIAS, "verdict") == {
        *(DIFFERENCE, NO_DIFFERENCE, NO_EVIDENCE),
        *(NOT_MEASURABLE, ONE_OF_SEVERAL, estimates.ONE_SEED),
    }
    parts = {*breakdown.breakdown("a", scored[:1])["by"], "original", "named", "valence", "people"}
    assert explained(schemas.BREAKDOWN, "by") == parts
    assert explained(schemas.TRANSFER, "estimand") == {
        *(transfer.CHANGE, transfer.SHARE, transfer.ALONE.format("…"), transfer.SLOPE),
        *(transfer.INTERCEPT, transfer.CORRECTED, transfer.WORDING.format("…")),
        *(transfer.RELIABILITY, channel.COEFFICIENT, channel.PARTIAL, channel.PARTIAL_CHANGE),
    }
    said = "".join(column.description for column in schemas.TRANSFER.columns.values())
    assert estimates.NO_CHANGE in said
    assert transfer.SMALL in said
    assert transfer.NO_TEACHER_GAP in said
    assert estimates.NO_EVIDENCE in said


def test_metrics_of_gaps_keep_their_names():
    row = {name: number for number, name in enumerate(schemas.BIAS.columns)}
    row |= {"axis": "race", "corpus": "eec"}
    found = schemas.metrics(schemas.BIAS, row)
    assert {name.removeprefix("race_"): row_of(row, value) for name, value in found.items()} == {
        "gap": "mean_difference",
        "gap_ci_low": "ci_low",
        "gap_ci_high": "ci_high",
        "p_clustered": "p_clustered",
        "p_holm": "p_holm",
        "p_equivalence": "p_equivalence",
        "minimum_detectable": "minimum_detectable",
        "gap_sd": "seed_sd",
        "gap_ci_low_training_sets": "ci_low_training_sets",
        "gap_ci_high_training_sets": "ci_high_training_sets",
        "log_odds_gap": "log_odds_difference",
        "log_odds_gap_ci_low": "log_odds_ci_low",
        "log_odds_gap_ci_high": "log_odds_ci_high",
        "noise_floor": "noise_floor",
        "names_gap": "names_difference",
        "p_permutation": "p_permutation",
        "n_identical_pairs": "n_identical",
        "n_unknown_persons": "n_unknown_persons",
        "n_alike_persons": "n_alike_persons",
        "standardised_gap": "standardised_gap",
        "placebo_sd": "placebo_sd",
        "placebo_floor": "placebo_floor",
        "placebo_word_floor": "placebo_word_floor",
    }
    assert all(name.startswith("race_") for name in found)
    on_film = schemas.metrics(schemas.BIAS, row | {"corpus": "film"})
    assert list(on_film) == [f"film_{name}" for name in found]


def row_of(row: dict, value: object) -> str:
    """Name of the column that holds this value."""
    (name,) = (name for name, other in row.items() if other == value)
    return name


def test_metrics_of_one_system_leave_out_what_rests_on_others():
    names = schemas.metric_names(schemas.BIAS, schemas.OWN_SCORES)
    assert {"mean_difference", "ci_low", "ci_high", "p_clustered", "log_odds_difference"} <= set(
        names
    )
    assert not {"p_holm", "p_equivalence", "seed_sd", "n_unknown_persons"} & set(names)


def test_quality_goes_by_its_own_name_and_uncalibrated_by_another():
    row = {name: number for number, name in enumerate(schemas.ACCURACY.columns)}
    found = schemas.metrics(schemas.ACCURACY, row)
    assert found == {name: value for name, value in row.items() if name != "system"}
    names = schemas.metric_names(schemas.CALIBRATION, schemas.UNCALIBRATED)
    assert names == {
        name: f"uncalibrated_{name}" for name in ("accuracy", "log_loss", "brier", "ece")
    }
    assert schemas.metric_names(schemas.CALIBRATION, schemas.CHOSEN) == {"ece_floor": "ece_floor"}
