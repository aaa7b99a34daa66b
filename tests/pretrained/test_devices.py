"""Which device is used, and which process writes."""

import pytest
import torch

from bias_transfer.io.errors import InputError
from bias_transfer.pretrained import devices


@pytest.mark.parametrize("gpu", [False, True])
def test_auto_is_the_gpu_where_there_is_one(monkeypatch, gpu):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    assert devices.resolve("auto") == ("cuda" if gpu else "cpu")
    assert devices.resolve("cpu") == "cpu"


def test_cuda_with_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert devices.resolve("cuda") == "cuda"


def test_cuda_without_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="no GPU can be used here: set `device: auto`"):
        devices.resolve("cuda")


def test_process_that_is_alone_writes():
    """tests/stages/test_torchrun.py has two."""
    assert devices.first_process() is True
