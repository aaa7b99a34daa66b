"""Faster linear layers for a model that runs on a CPU."""

from collections.abc import Callable

import torch
from torch import nn

_LARGEST_INT8 = 127


class PackedLinear(nn.Module):
    """A float32 linear layer whose weights are laid out once for oneDNN, not in every call."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.weight = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), 256)  # 256: rows to expect
        self.bias = layer.bias

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Same as ``nn.Linear``."""
        return torch.ops.mkldnn._linear_pointwise(inputs, self.weight, self.bias, "none", [], "")


class Int8Linear(nn.Module):
    """A linear layer in 8-bit integers: one scale for each output, and one for each token as it comes.

    A token's scale is its own, so its answer does not depend on what else is in the batch.
    """

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        weight = layer.weight.detach().float()
        self.scale = (weight.abs().amax(1) / _LARGEST_INT8).clamp_min(1e-12)
        self.weight = (weight / self.scale[:, None]).round().to(torch.int8).t().contiguous()
        self.bias = layer.bias

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Same as ``nn.Linear``, but for rounding."""
        rows = inputs.reshape(-1, inputs.shape[-1]).float()
        scale = rows.abs().amax(1, keepdim=True).div_(_LARGEST_INT8).clamp_min_(1e-12)
        outputs = torch._int_mm(rows.div(scale).round_().to(torch.int8), self.weight).float().mul_(scale)
        outputs = outputs.mul_(self.scale).to(inputs.dtype).view(*inputs.shape[:-1], -1)
        return outputs if self.bias is None else outputs + self.bias


def can_pack() -> bool:
    """Whether this build of torch has the operators that ``PackedLinear`` uses (they carry an underscore)."""
    operators = ("_reorder_linear_weight", "_linear_pointwise")
    return torch.backends.mkldnn.is_available() and all(hasattr(torch.ops.mkldnn, name) for name in operators)


@torch.no_grad()
def replace_linear(model: nn.Module, kind: Callable[[nn.Linear], nn.Module]) -> None:
    """Put ``kind`` in the place of every linear layer but the language head, which shares its weights."""
    head = model.get_output_embeddings()
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear) and child is not head:
                setattr(parent, name, kind(child))
