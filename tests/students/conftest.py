"""Networks with weights far from 0, and plain arithmetic to hold them to."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from bias_transfer.students.tokenizer import PAD_ID


@pytest.fixture(scope="session")
def roughen() -> Callable[[torch.nn.Module], None]:
    """Put weights and biases far from 0, as after training: whatever leaks into a score shows."""

    def run(network: torch.nn.Module) -> None:
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator) / 2)
            network.embedding.weight[PAD_ID] = 0

    return run


@pytest.fixture(scope="session")
def logits() -> Callable[..., np.ndarray]:
    """Logits of one text, given as ids and padded."""

    def run(network: torch.nn.Module, ids: list[int], padding: int) -> np.ndarray:
        padded = torch.tensor([ids + [PAD_ID] * padding])
        mask = torch.tensor([[1] * len(ids) + [0] * padding])
        return network(padded, mask).detach().numpy()[0]

    return run


@pytest.fixture(scope="session")
def parameters() -> Callable[[torch.nn.Module], list[np.ndarray]]:
    """Weight and bias of a layer, in float64; an embedding has a weight alone."""

    def run(layer: torch.nn.Module) -> list[np.ndarray]:
        return [values.detach().double().numpy() for values in layer.parameters()]

    return run
