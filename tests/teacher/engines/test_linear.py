"""Linear layers of our own against ``nn.Linear``."""

import numpy as np
import pytest
import torch
from torch import nn

from bias_transfer.teacher import model
from bias_transfer.teacher.engines import linear

needs_packing = pytest.mark.skipif(
    not linear.can_pack(), reason="this build of torch has no packed layers"
)


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
    torch.testing.assert_close(linear.PackedLinear(layer)(inputs), layer(inputs), atol=1e-5, rtol=0)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 48), (7, 48), (3, 5, 48)])
def test_wide_layer_is_the_exact_product_rounded_once(bias, shape):
    layer, inputs = nn.Linear(48, 20, bias=bias).bfloat16(), torch.randn(shape).bfloat16()
    found = linear.WideLinear(layer)(inputs)
    assert found.dtype == torch.bfloat16
    exact = nn.functional.linear(
        inputs.double(), layer.weight.double(), layer.bias.double() if bias else None
    )
    assert ((found.double() - exact).abs() <= exact.abs() * 2**-8 + 1e-6).all()


@pytest.mark.parametrize(
    ("dtype", "native", "kind"),
    [
        ("bfloat16", False, linear.WideLinear),
        ("bfloat16", True, nn.Linear),
        ("float16", False, nn.Linear),
    ],
)
def test_teacher_in_bfloat16_is_multiplied_in_float32_where_the_processor_cannot(
    tiny_teacher, labelling, monkeypatch, dtype, native, kind
):
    monkeypatch.setattr(linear, "multiplies_bfloat16", lambda: native)
    network = model.load(tiny_teacher(dtype=dtype), None, labelling, "cpu").engine.model
    inside = kinds(network)
    inside[nn.Linear] = inside.get(nn.Linear, 0) - 1  # the language head
    assert {found for found, n in inside.items() if n} == {kind}


INT8 = pytest.mark.parametrize("kind", [linear.Int8Linear, linear.Int8WeightLinear])


@INT8
@pytest.mark.parametrize("bias", [True, False])
def test_int8_layer_is_exact_where_nothing_is_rounded(kind, bias):
    """Whole numbers up to 127, the largest in every row: all scales are 1."""
    layer = nn.Linear(48, 20, bias=bias)
    inputs = torch.randint(-127, 128, (3, 5, 48)).float()
    layer.weight.copy_(torch.randint(-127, 128, (20, 48)))
    layer.weight[:, 7], inputs[..., 9] = -127, 127
    torch.testing.assert_close(kind(layer)(inputs), layer(inputs), rtol=1e-6, atol=0)


@INT8
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(1, 48), (7, 48), (3, 5, 48)])
def test_int8_layer_is_off_by_a_percent_of_what_it_multiplies(kind, dtype, shape):
    """With tokens and outputs of very different size, each of which has its own scale."""
    layer = nn.Linear(48, 20)
    layer.weight.mul_(torch.logspace(-2, 2, 20)[:, None])
    inputs = torch.randn(shape) * torch.logspace(-2, 2, shape[-2])[:, None]
    expected, sizes = (
        layer(inputs),
        inputs.norm(dim=-1)[..., None] * layer.weight.norm(dim=1) + layer.bias.abs(),
    )
    found = kind(layer.to(dtype))(inputs.to(dtype))
    assert found.dtype == dtype
    assert ((found.float() - expected).abs() / sizes).max() < 0.01


@INT8
def test_int8_layer_takes_a_token_of_zeros(kind):
    layer = nn.Linear(48, 20)
    assert kind(layer)(torch.zeros(2, 48)).equal(layer.bias.expand(2, 20))


def test_int8_weights_do_not_overflow_in_float16():
    layer, inputs = nn.Linear(4096, 20, bias=False), torch.full((1, 4096), 3.0)
    layer.weight.fill_(0.1)
    expected = layer(inputs)
    found = linear.Int8WeightLinear(layer.half())(inputs.half())
    torch.testing.assert_close(found.float(), expected, rtol=2e-3, atol=0)


def test_layer_with_int8_weights_takes_a_quarter_of_the_memory_wherever_it_is_moved():
    layer = linear.Int8WeightLinear(nn.Linear(480, 200, bias=False)).to(torch.device("meta"))
    size = sum(tensor.nbytes for tensor in layer.state_dict().values())
    assert size == 480 * 200 + 4 * 200
    assert all(tensor.device.type == "meta" for tensor in layer.state_dict().values())


def test_int8_answer_to_a_token_does_not_depend_on_its_neighbours():
    layer = linear.Int8Linear(nn.Linear(48, 20))
    inputs = torch.randn(9, 48)
    inputs[3] *= 1000
    for i, row in enumerate(layer(inputs)):
        assert row.equal(layer(inputs[i : i + 1])[0])


@pytest.mark.parametrize(
    ("quantization", "kind"),
    [
        ("int8", linear.Int8WeightLinear),
        ("cpu-int8", linear.Int8Linear),
        pytest.param(None, linear.PackedLinear, marks=needs_packing),
    ],
)
def test_language_head_is_left_alone(tiny_teacher, labelling, quantization, kind):
    network = model.load(
        tiny_teacher(quantization=quantization), None, labelling, "cpu"
    ).engine.model
    assert kinds(network) == {kind: 14, nn.Linear: 1}  # seven in each of two layers
    assert type(network.lm_head) is nn.Linear


@pytest.mark.parametrize("quantization", ["int8", "cpu-int8"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_int8_teacher_answers_much_as_the_whole_one_does(
    tiny_teacher, labelling, texts, dtype, quantization
):
    """Of the spread of the answers, int8 keeps all but a small part; and it does something."""
    load = lambda **changes: model.load(tiny_teacher(**changes), None, labelling, "cpu")  # noqa: E731
    whole = log_probabilities(load(), texts)
    int8 = log_probabilities(load(dtype=dtype, quantization=quantization), texts)
    error = np.abs(int8 - whole)
    assert error.max() > 1e-4
    assert error.mean() < 0.1 * whole.std()


@pytest.mark.parametrize("batch_tokens", [1, 8 * 100, 64 * 100])
def test_int8_weights_answer_alike_in_any_batch(tiny_teacher, labelling, texts, batch_tokens):
    load = lambda n: model.load(  # noqa: E731
        tiny_teacher(quantization="int8"),
        None,
        labelling.model_copy(update={"batch_tokens": n}),
        "cpu",
    )
    alone = log_probabilities(load(None), texts)
    backwards = dict(reversed(texts.items()))
    np.testing.assert_allclose(
        log_probabilities(load(batch_tokens), backwards)[::-1], alone, atol=1e-5, rtol=0
    )
