"""CPU or GPU, one process or several."""

from bias_transfer.io.errors import InputError


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
        raise InputError(
            "device is 'cuda' but no GPU can be used here: set `device: auto` or `device: cpu`"
        )
    return "cuda" if device == "auto" and available else "cpu" if device == "auto" else device


def first_process() -> bool:
    """Whether this process writes: it is the only one, or the first that ``torchrun`` started."""
    from accelerate import PartialState

    return PartialState().is_main_process
