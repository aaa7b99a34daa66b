"""The work of a causal language model, beside what the device can multiply."""

import time

import torch


class Meter:
    """Counts the tokens that a model is fed, and the pairs of tokens that attend."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.config = model.config
        self.reset()
        model.register_forward_pre_hook(self._count, with_kwargs=True)

    def reset(self) -> None:
        """Begin anew."""
        self.tokens = self.pairs = 0

    def _count(self, _: torch.nn.Module, args: tuple, options: dict) -> None:
        rows, width = options["input_ids"].shape
        cache = options.get("past_key_values")
        before = cache.get_seq_length() if cache is not None else 0
        self.tokens += rows * width
        self.pairs += rows * width * before + rows * width * (width + 1) // 2

    @property
    def flops(self) -> float:
        """Floating point operations of the layers' matrices and of attention.

        One multiplication counts as two. The language head is left out.
        """
        c = self.config
        head = getattr(c, "head_dim", None) or c.hidden_size // c.num_attention_heads
        width = head * c.num_attention_heads
        matrices = c.hidden_size * (
            2 * width + 2 * head * c.num_key_value_heads + 3 * c.intermediate_size
        )
        return 2 * c.num_hidden_layers * (matrices * self.tokens + 2 * width * self.pairs)


def matmul_flops(
    rows: int, hidden: int, intermediate: int, dtype: torch.dtype, device: torch.device
) -> float:
    """Floating point operations per second of one large multiplication, the best of five."""
    left = torch.randn(rows, hidden, device=device).to(dtype)
    right = torch.randn(hidden, intermediate, device=device).to(dtype)
    seconds = []
    for _ in range(6):
        started = clock(device)
        left @ right
        seconds.append(clock(device) - started)
    return 2 * rows * hidden * intermediate / min(seconds[1:])


def clock(device: torch.device) -> float:
    """Seconds, once the device is done with what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
