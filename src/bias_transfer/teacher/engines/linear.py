"""Linear layers that take the place of ``nn.Linear``: faster on a CPU, or smaller."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_LARGEST_INT8 = 127
_POWER = 128


class PackedLinear(nn.Module):
    """A float32 linear layer whose weights are laid out once for oneDNN, not in every call."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        rows = 256  # to expect in a call
        reorder = torch.ops.mkldnn._reorder_linear_weight
        self.weight = reorder(layer.weight.detach(), rows)
        self.bias = layer.bias

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Same as ``nn.Linear``."""
        return torch.ops.mkldnn._linear_pointwise(inputs, self.weight, self.bias, "none", [], "")


class WideLinear(nn.Module):
    """A bfloat16 linear layer that multiplies in float32 and rounds the sums to bfloat16.

    That is what processors with bfloat16 do. On others torch multiplies one number at a time, in
    ten times the time. Weights stay bfloat16 in memory.
    """

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = layer.weight, layer.bias

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Same as ``nn.Linear``."""
        bias = None if self.bias is None else self.bias.float()
        return nn.functional.linear(inputs.float(), self.weight.float(), bias).to(inputs.dtype)


class Int8WeightLinear(nn.Module):
    """A linear layer with weights in 8-bit integers, a scale per output, that multiplies in floats.

    Its inputs are not rounded, so other texts of the batch change an answer by float error alone.
    """

    weight: torch.Tensor
    scale: torch.Tensor

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        weight, scale = _int8(layer)
        self.register_buffer("weight", weight)
        self.register_buffer("scale", (scale * _POWER).to(layer.weight.dtype))
        self.bias = layer.bias

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Same as ``nn.Linear``, but for the weights' rounding."""
        small = inputs / _POWER  # exact, and keeps a sum of products with integers within float16
        outputs = nn.functional.linear(small, self.weight.to(inputs.dtype)) * self.scale
        return outputs if self.bias is None else outputs + self.bias


class Int8Linear(nn.Module):
    """A linear layer in 8-bit integers, weights and inputs: a scale per output and one per token.

    A token's scale does not depend on its batch. Yet another batch brings other float errors, which
    may round an input to the next integer; over many layers this grows as large as the error of the
    integers themselves.
    """

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        weight, self.scale = _int8(layer)
        self.weight = weight.t().contiguous()
        self.bias = layer.bias

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Same as ``nn.Linear``, but for rounding."""
        rows = inputs.reshape(-1, inputs.shape[-1]).float()
        scale = rows.abs().amax(1, keepdim=True).div_(_LARGEST_INT8).clamp_min_(1e-12)
        outputs = (
            torch._int_mm(rows.div(scale).round_().to(torch.int8), self.weight).float().mul_(scale)
        )
        outputs = outputs.mul_(self.scale).to(inputs.dtype).view(*inputs.shape[:-1], -1)
        return outputs if self.bias is None else outputs + self.bias


def _int8(layer: nn.Linear) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights as integers, shape (outputs, inputs), and each output's scale."""
    weight = layer.weight.detach().float()
    scale = (weight.abs().amax(1) / _LARGEST_INT8).clamp_min(1e-12)
    return (weight / scale[:, None]).round().to(torch.int8), scale


def can_pack() -> bool:
    """Whether this build of torch has the operators of ``PackedLinear``, which are not public."""
    operators = ("_reorder_linear_weight", "_linear_pointwise")
    return torch.backends.mkldnn.is_available() and all(
        hasattr(torch.ops.mkldnn, name) for name in operators
    )


def multiplies_bfloat16() -> bool:
    """Whether torch has this processor multiply matrices of bfloat16."""
    known = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    return known is None or bool(known())


@torch.no_grad()
def replace_linear(model: "PreTrainedModel", kind: Callable[[nn.Linear], nn.Module]) -> None:
    """Replace every linear layer by ``kind``, but for the language head, which shares weights."""
    head = model.get_output_embeddings()
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear) and child is not head:
                setattr(parent, name, kind(child))
