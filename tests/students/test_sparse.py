"""The sparse product is the dense one, and adds up what shares a place."""

import pytest
import torch

from bias_transfer.students import sparse


def product(rows, columns, values, n_rows, dense) -> torch.Tensor:
    return sparse.product(
        torch.tensor(rows), torch.tensor(columns), torch.tensor(values), n_rows, dense
    )


def test_product_by_hand():
    """[[0, 2], [0, 0], [3, 4]] times [[1, 10], [2, 20]]; entries in no order."""
    dense = torch.tensor([[1.0, 10.0], [2.0, 20.0]])
    found = product([2, 0, 2], [1, 1, 0], [4.0, 2.0, 3.0], 3, dense)
    assert found.tolist() == [[4, 40], [0, 0], [11, 110]]


def test_entries_that_share_a_place_add_up():
    dense = torch.tensor([[1.0, 10.0]])
    assert product([1, 1, 1], [0, 0, 0], [1.0, 2.0, 0.5], 2, dense).tolist() == [[0, 0], [3.5, 35]]


@pytest.mark.parametrize("n_rows", [50, 2**16 - 1, 2**16, 2**16 + 1])
def test_product_is_that_of_the_dense_matrix_however_many_rows(n_rows):
    """Row numbers are sorted in another way where they fit 16 bits; the last row is one of them."""
    random = torch.Generator().manual_seed(0)
    rows = torch.cat(
        [torch.randint(0, n_rows, (300,), generator=random), torch.tensor([n_rows - 1])]
    )
    columns = torch.randint(0, 7, (301,), generator=random)
    values = torch.randn(301, generator=random, dtype=torch.float64)
    dense = torch.randn(7, 4, generator=random, dtype=torch.float64)
    matrix = torch.zeros(n_rows, 7, dtype=torch.float64)
    matrix.index_put_((rows, columns), values, accumulate=True)
    found = sparse.product(rows, columns, values, n_rows, dense)
    torch.testing.assert_close(found, matrix @ dense)


def test_no_entries_give_zeros():
    none = torch.empty(0, dtype=torch.long)
    found = sparse.product(none, none, torch.empty(0), 3, torch.ones(2, 4))
    assert found.tolist() == [[0] * 4] * 3
