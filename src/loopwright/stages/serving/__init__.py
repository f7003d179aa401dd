"""Requests answered by registered models: checked at the door, routed, logged, and released step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopwright.lazy import exports
from loopwright.stages.serving.steps import (
    Server,
    add_consumer,
    approve,
    clock_column,
    compact,
    current,
    declared_consumers,
    deploy,
    history,
    live_rows,
    offer,
    promote,
    reject,
    report_outcomes,
    revoke_consumer,
    roll_back,
    schema,
    server,
    steer,
    verdicts,
    was_deployed,
)

if TYPE_CHECKING:
    from loopwright.stages.serving.listening import serve

__all__ = [
    "Server",
    "add_consumer",
    "approve",
    "clock_column",
    "compact",
    "current",
    "declared_consumers",
    "deploy",
    "history",
    "live_rows",
    "offer",
    "promote",
    "reject",
    "report_outcomes",
    "revoke_consumer",
    "roll_back",
    "schema",
    "serve",
    "server",
    "steer",
    "verdicts",
    "was_deployed",
]

__getattr__, __dir__ = exports(__name__, {"serve": f"{__name__}.listening"})
