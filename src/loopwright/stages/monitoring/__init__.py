"""Live traffic watched in windows: what drifted, how good the answers are, and who has to know."""

from loopwright.stages.monitoring.steps import (
    Watched,
    acknowledge,
    alerts,
    answered_by,
    find_alert,
    passport,
    references_of,
    reports,
    silence,
    standings,
    touched,
    watch,
)

__all__ = [
    "Watched", "acknowledge", "alerts", "answered_by", "find_alert", "passport", "references_of", "reports", "silence",
    "standings", "touched", "watch",
]
