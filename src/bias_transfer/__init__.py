"""Does a small model distilled from an LLM inherit the LLM's social bias?

Three functions measure anybody's models: `audit` their bias, `transfer` what distilling did to it,
and `swap` texts into pairs to measure with. They are imported when they are first asked for.
"""

from importlib import import_module
from typing import Any

__version__ = "0.2.0"
__all__ = ["audit", "swap", "transfer"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(f"bias_transfer.commands.{name}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
