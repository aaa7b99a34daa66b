"""The distillation loss against its formula, and at its edges."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from bias_transfer.distillation.loss import distillation_loss

BATCH = 6


@pytest.fixture
def logits() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(0, 2, (BATCH, 2)))


@pytest.fixture
def teacher() -> torch.Tensor:
    positive = np.random.default_rng(1).beta(0.7, 0.7, BATCH)
    return torch.from_numpy(np.stack([1 - positive, positive], 1))


@pytest.fixture
def labels() -> torch.Tensor:
    return torch.tensor([0, 1, 1, 0, 1, 0])


def softmax(values: np.ndarray) -> np.ndarray:
    powers = np.exp(values - values.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def written_out(logits, teacher, labels, alpha: float, temperature: float) -> float:
    """alpha T² KL(teacher_T || student_T) + (1 - alpha) CE, row by row.

    teacher_T is proportional to teacher^(1/T).
    """
    logits, teacher, labels = (tensor.numpy() for tensor in (logits, teacher, labels))
    student_t = softmax(logits / temperature)
    teacher_t = teacher ** (1 / temperature)
    teacher_t /= teacher_t.sum(1, keepdims=True)
    soft = (teacher_t * np.log(teacher_t / student_t)).sum(1)
    hard = -np.log(softmax(logits)[np.arange(len(labels)), labels])
    return float((alpha * temperature**2 * soft + (1 - alpha) * hard).mean())


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 10.0])
@pytest.mark.parametrize("alpha", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_loss_is_the_formula(logits, teacher, labels, alpha, temperature):
    loss = distillation_loss(logits, teacher, labels, alpha, temperature).item()
    assert loss == pytest.approx(
        written_out(logits, teacher, labels, alpha, temperature), rel=1e-10
    )


def test_value_by_hand():
    """Student even, teacher (1/4, 3/4), label positive.

    KL is 1/4 log 1/2 + 3/4 log 3/2, CE log 2.
    """
    even, target, label = torch.zeros(1, 2), torch.tensor([[0.25, 0.75]]), torch.tensor([1])
    soft = 0.25 * np.log(0.5) + 0.75 * np.log(1.5)
    assert distillation_loss(even, target, label, 1.0, 1.0).item() == pytest.approx(soft, rel=1e-6)
    both = distillation_loss(even, target, label, 0.4, 1.0).item()
    assert both == pytest.approx(0.4 * soft + 0.6 * np.log(2), rel=1e-6)


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_alpha_0_is_plain_cross_entropy_whatever_the_teacher_and_temperature(
    logits, teacher, labels, temperature
):
    expected = functional.cross_entropy(logits, labels)
    assert torch.equal(distillation_loss(logits, teacher, labels, 0.0, temperature), expected)
    assert torch.equal(distillation_loss(logits, 1 - teacher, labels, 0.0, temperature), expected)
    assert torch.equal(
        distillation_loss(logits, teacher * float("nan"), labels, 0.0, temperature), expected
    )


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_alpha_1_leaves_the_hard_labels_out(logits, teacher, labels, temperature):
    one, other = (
        distillation_loss(logits, teacher, hard, 1.0, temperature) for hard in (labels, 1 - labels)
    )
    assert torch.equal(one, other)
    assert one.item() > 0.01


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 20.0])
def test_loss_is_zero_when_the_student_is_the_teacher(logits, labels, temperature):
    """Both sides are tempered. The original study tempered the student alone: that is not 0."""
    logits = logits.clone().requires_grad_()
    loss = distillation_loss(logits, logits.detach().softmax(-1), labels, 1.0, temperature)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-12)
    assert logits.grad.abs().max().item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_student_unlike_the_teacher_loses(logits, teacher, labels, temperature):
    for row in range(BATCH):
        one = slice(row, row + 1)
        assert (
            distillation_loss(logits[one], teacher[one], labels[one], 1.0, temperature).item() > 0
        )


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("alpha", [0.5, 1.0])
def test_teacher_probability_of_exactly_0_is_finite(labels, alpha, temperature):
    logits = torch.tensor([[1.5, -0.5], [0.0, 0.0]], requires_grad=True)
    loss = distillation_loss(
        logits, torch.tensor([[0.0, 1.0], [1.0, 0.0]]), labels[:2], alpha, temperature
    )
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


def test_sure_teacher_at_temperature_1_is_a_hard_label(logits, labels):
    sure = functional.one_hot(labels, 2).double()
    assert distillation_loss(logits, sure, labels, 1.0, 1.0).item() == pytest.approx(
        functional.cross_entropy(logits, labels).item(), rel=1e-12
    )


def gradient(logits, teacher, labels, temperature: float) -> torch.Tensor:
    logits = logits.clone().requires_grad_()
    distillation_loss(logits, teacher, labels, 1.0, temperature).backward()
    return logits.grad


def test_gradient_keeps_its_scale_at_high_temperature(logits, teacher, labels):
    """Hinton et al., equation 4: towards 1/N (z - v), both centred, over the rows of the batch."""
    teacher_logits = teacher.log()
    centred = [values - values.mean(1, keepdim=True) for values in (logits, teacher_logits)]
    limit = (centred[0] - centred[1]) / 2 / BATCH
    cool, hot = (gradient(logits, teacher, labels, temperature) for temperature in (10.0, 100.0))
    assert (cool.norm() / hot.norm()).item() == pytest.approx(1, abs=0.05)
    np.testing.assert_allclose(hot, limit, rtol=5e-3)


def test_teacher_gets_no_gradient_where_it_is_data(logits, teacher, labels):
    assert not distillation_loss(logits, teacher, labels, 0.5, 2.0).requires_grad


@pytest.mark.parametrize(("edge", "near"), [(0.0, 1e-9), (1.0, 1 - 1e-9)])
@pytest.mark.parametrize("temperature", [1.0, 5.0])
def test_loss_and_gradient_are_continuous_at_the_edges(
    logits, teacher, labels, edge, near, temperature
):
    values, gradients = [], []
    for alpha in (edge, near):
        student = logits.clone().requires_grad_()
        loss = distillation_loss(student, teacher, labels, alpha, temperature)
        loss.backward()
        values.append(loss.item())
        gradients.append(student.grad)
    assert values[0] == pytest.approx(values[1], abs=1e-6)
    torch.testing.assert_close(*gradients, atol=1e-6, rtol=0)


def test_repeating_the_batch_leaves_the_mean_alone(logits, teacher, labels):
    twice = [torch.cat([tensor, tensor]) for tensor in (logits, teacher, labels)]
    once = distillation_loss(logits, teacher, labels, 0.7, 2.0).item()
    assert distillation_loss(*twice, 0.7, 2.0).item() == pytest.approx(once, rel=1e-12)
