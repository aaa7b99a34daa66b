"""Does a small model distilled from an LLM inherit the LLM's social bias?

Three functions measure anybody's models: `audit` their bias, `transfer` what distilling did to it,
and `swap` texts into pairs to measure with. `BiasCallback` audits a model while it is trained.
They are imported when they are first asked for.
"""

from importlib import import_module
from typing import Any

__version__ = "0.2.0"
_HOMES = {"BiasCallback": "callback", "audit": "audit", "swap": "swap", "transfer": "transfer"}
__all__ = ["BiasCallback", "audit", "swap", "transfer"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"bias_transfer.commands.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
