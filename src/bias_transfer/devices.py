"""CPU or GPU, one process or several."""

from bias_transfer.errors import InputError


def resolve(device: str) -> str:
    """Turn ``auto`` into ``cuda`` where there is a GPU and into ``cpu`` elsewhere.

    Raises
    ------
    InputError
        If ``cuda`` is asked for and there is none.
    """
    import torch

    available = torch.cuda.is_available()
    if device == "cuda" and not available:
        raise InputError("device is 'cuda' but no GPU can be used here: set `device: auto` or `device: cpu`")
    return "cuda" if device == "auto" and available else "cpu" if device == "auto" else device


def fastest_precision(device: str) -> str:
    """``bfloat16`` where the device multiplies it natively, as every GPU and newer CPUs do; else ``float32``."""
    import torch

    native = device == "cuda" or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bfloat16" if native else "float32"


def first_process() -> bool:
    """Whether this process is the only one or the first that ``torchrun`` started: the one that writes."""
    from accelerate import PartialState

    return PartialState().is_main_process
