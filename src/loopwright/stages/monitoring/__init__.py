"""Live traffic watched in windows: what drifted, how good the answers are, and who has to know."""

from loopwright.stages.monitoring.steps import (
    Watched,
    acknowledge,
    alerts,
    find_alert,
    references_of,
    reports,
    silence,
    standings,
    watch,
)

__all__ = [
    "Watched", "acknowledge", "alerts", "find_alert", "references_of", "reports", "silence", "standings", "watch",
]
