"""Why the project exists: the goal, the one optimizing metric and the limits that must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopwright.lazy import exports
from loopwright.stages.charter.steps import adopt

if TYPE_CHECKING:
    from loopwright.stages.charter.scaffold import Written, initialise

__all__ = ["Written", "adopt", "initialise"]

__getattr__, __dir__ = exports(
    __name__, {"Written": f"{__name__}.scaffold", "initialise": f"{__name__}.scaffold"}
)
