"""Where heavy work runs: on the threads of this machine."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loopwright.engines.local import LocalEngine

__all__ = ["LocalEngine"]


def __getattr__(name: str) -> object:
    if name != "LocalEngine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.local"), name)
