"""Models with numbers, aliases with a history, and where everything came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopwright.lazy import exports
from loopwright.stages.registry.steps import (
    CHAMPION,
    applied,
    champion,
    final_run,
    find,
    lineage,
    material,
    model_number,
    predict,
    promote,
    register,
    rival,
    withdraw,
)

if TYPE_CHECKING:
    from loopwright.stages.registry.applying import Applied
    from loopwright.stages.registry.tracing import Node, trace

__all__ = [
    "CHAMPION",
    "Applied",
    "Node",
    "applied",
    "champion",
    "final_run",
    "find",
    "lineage",
    "material",
    "model_number",
    "predict",
    "promote",
    "register",
    "rival",
    "trace",
    "withdraw",
]

__getattr__, __dir__ = exports(
    __name__, {"Applied": f"{__name__}.applying", "Node": f"{__name__}.tracing", "trace": f"{__name__}.tracing"}
)
