"""Requests answered by registered models: checked at the door, routed, logged, and released step by step."""

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
    server,
    steer,
    verdicts,
    was_deployed,
)

__all__ = [
    "Server", "add_consumer", "approve", "clock_column", "compact", "current", "declared_consumers", "deploy",
    "history", "live_rows", "offer", "promote", "reject", "report_outcomes", "revoke_consumer", "roll_back", "server",
    "steer", "verdicts", "was_deployed",
]
