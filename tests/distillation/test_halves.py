"""A half of the training reviews is half of each class."""

import numpy as np

from bias_transfer.distillation.halves import half


def test_a_half_is_half_of_each_class_and_its_number_decides_it():
    labels = np.array([1, 0, 1, 1, 0, 1, 1, 0, 0, 1, 1])  # four of 0, seven of 1
    chosen = half(labels, 3)
    assert np.bincount(labels[chosen]).tolist() == [2, 3]
    np.testing.assert_array_equal(half(labels, 3), chosen)
    assert len({half(labels, number).tobytes() for number in range(20)}) > 10
