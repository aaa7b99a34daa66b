"""The simulation of swapped reviews: what is drawn, and the shares it gives."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.validation import null_swaps
from bias_transfer.bias.validation.null_swaps import OF_SIDE, SHAPES, Cell


def test_sides_have_their_shares():
    sizes = np.bincount(Cell(1000).sides)
    assert sizes.tolist() == [280, 670, 50]
    assert len(Cell(851).sides) == 851


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_have_no_mean_and_spread_1(shape):
    drawn = SHAPES[shape](np.random.default_rng(0), 400_000)
    assert drawn.mean() == pytest.approx(0, abs=0.02)
    assert drawn.std() == pytest.approx(1, abs=0.12)


def test_what_sides_add_cancels_in_the_gap():
    assert all(sum(shift) == pytest.approx(0) for shift in OF_SIDE.values())
    cell = Cell(2000, of_side="opposite")
    drawn = pd.Series(cell.draw(np.random.default_rng(1)))
    assert drawn.groupby(cell.sides).mean().to_numpy() == pytest.approx([0.5, -0.5, 0], abs=0.25)


def test_the_test_keeps_its_size_where_the_naive_one_does_not():
    found = null_swaps._found(Cell(300, of_side="opposite"), 300, np.random.default_rng(2))
    assert found["p_clustered"] < 0.1
    assert found["coverage"] == 1 - found["p_clustered"]
    assert found["p_value"] > 0.8
    assert found["p_clustered"] < found["power_0.1"] < found["power_0.2"]


def test_the_spread_of_seeds_costs_power():
    powers = [
        null_swaps._found(Cell(300, n_seeds=3, seed_sd=sd), 200, np.random.default_rng(3))[
            "power_0.2"
        ]
        for sd in (0.0, 0.4)
    ]
    assert powers[1] < powers[0] - 0.1


def test_the_grid_has_a_row_for_each_cell_and_is_the_same_each_time():
    table = null_swaps.grid(2)
    assert len(table) == len(null_swaps.cells())
    assert not table.duplicated(list(Cell.__dataclass_fields__)).any()
    pd.testing.assert_frame_equal(table, null_swaps.grid(2))
