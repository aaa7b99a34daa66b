"""Linear layers for the CPU against ``nn.Linear``."""

import numpy as np
import pytest
import torch
from torch import nn

from bias_transfer.teacher import model
from bias_transfer.teacher.engines import cpu

needs_packing = pytest.mark.skipif(not cpu.can_pack(), reason="this build of torch has no packed layers")


@pytest.fixture(autouse=True)
def no_gradients():
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(0)
        yield


def log_probabilities(teacher, texts) -> np.ndarray:
    answers = {name: answer for batch in teacher.score(texts) for name, answer in batch.items()}
    return np.array([answers[name][:2] for name in texts])


def kinds(network) -> dict[type, int]:
    found = [type(module) for module in network.modules() if "Linear" in type(module).__name__]
    return {kind: found.count(kind) for kind in found}


@needs_packing
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 48), (7, 48), (3, 5, 48), (1, 300, 48)])
def test_packed_layer_is_a_linear_layer(bias, shape):
    layer, inputs = nn.Linear(48, 20, bias=bias), torch.randn(shape)
    torch.testing.assert_close(cpu.PackedLinear(layer)(inputs), layer(inputs), atol=1e-5, rtol=0)


@pytest.mark.parametrize("bias", [True, False])
def test_int8_layer_is_exact_where_nothing_is_rounded(bias):
    """Whole numbers up to 127, the largest in every row: all scales are 1."""
    layer = nn.Linear(48, 20, bias=bias)
    inputs = torch.randint(-127, 128, (3, 5, 48)).float()
    layer.weight.copy_(torch.randint(-127, 128, (20, 48)))
    layer.weight[:, 7], inputs[..., 9] = -127, 127
    torch.testing.assert_close(cpu.Int8Linear(layer)(inputs), layer(inputs), rtol=1e-6, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(1, 48), (7, 48), (3, 5, 48)])
def test_int8_layer_is_off_by_a_percent_of_what_it_multiplies(dtype, shape):
    """With tokens and outputs of very different size, each of which has its own scale."""
    layer = nn.Linear(48, 20)
    layer.weight.mul_(torch.logspace(-2, 2, 20)[:, None])
    inputs = torch.randn(shape) * torch.logspace(-2, 2, shape[-2])[:, None]
    expected, sizes = layer(inputs), inputs.norm(dim=-1)[..., None] * layer.weight.norm(dim=1) + layer.bias.abs()
    found = cpu.Int8Linear(layer.to(dtype))(inputs.to(dtype))
    assert found.dtype == dtype
    assert ((found.float() - expected).abs() / sizes).max() < 0.01


def test_int8_layer_takes_a_token_of_zeros():
    layer = nn.Linear(48, 20)
    assert cpu.Int8Linear(layer)(torch.zeros(2, 48)).equal(layer.bias.expand(2, 20))


def test_int8_answer_to_a_token_does_not_depend_on_its_neighbours():
    layer = cpu.Int8Linear(nn.Linear(48, 20))
    inputs = torch.randn(9, 48)
    inputs[3] *= 1000
    for i, row in enumerate(layer(inputs)):
        assert row.equal(layer(inputs[i : i + 1])[0])


@pytest.mark.parametrize("kind", [cpu.Int8Linear, pytest.param(cpu.PackedLinear, marks=needs_packing)])
def test_language_head_is_left_alone(tiny_teacher, labelling, kind):
    quantization = "cpu-int8" if kind is cpu.Int8Linear else None
    network = model.load(tiny_teacher(quantization=quantization), None, labelling, "cpu").engine.model
    assert kinds(network) == {kind: 14, nn.Linear: 1}  # seven in each of two layers
    assert type(network.lm_head) is nn.Linear


def test_bfloat16_is_not_packed(tiny_teacher, labelling):
    network = model.load(tiny_teacher(dtype="bfloat16"), None, labelling, "cpu").engine.model
    assert kinds(network) == {nn.Linear: 15}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_int8_teacher_answers_much_as_the_whole_one_does(tiny_teacher, labelling, texts, dtype):
    """Of the spread of the answers, int8 keeps all but a small part; and it does something."""
    load = lambda **changes: model.load(tiny_teacher(**changes), None, labelling, "cpu")  # noqa: E731
    whole = log_probabilities(load(), texts)
    int8 = log_probabilities(load(dtype=dtype, quantization="cpu-int8"), texts)
    error = np.abs(int8 - whole)
    assert error.max() > 1e-4
    assert error.mean() < 0.1 * whole.std()
