"""Live traffic watched in windows: what drifted, how good the answers are, and who has to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopwright.lazy import exports
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

if TYPE_CHECKING:
    from loopwright.stages.monitoring.grouping import by_explanation
    from loopwright.stages.monitoring.standing import Standing
    from loopwright.stages.monitoring.standing import standing as standing_of
    from loopwright.stages.monitoring.windows import (
        ColumnReading,
        DoorReading,
        Histogram,
        QualityReading,
        TrafficReading,
        WindowReport,
        decoded,
    )

__all__ = [
    "ColumnReading",
    "DoorReading",
    "Histogram",
    "QualityReading",
    "Standing",
    "TrafficReading",
    "Watched",
    "WindowReport",
    "acknowledge",
    "alerts",
    "answered_by",
    "by_explanation",
    "decoded",
    "find_alert",
    "passport",
    "references_of",
    "reports",
    "silence",
    "standing_of",
    "standings",
    "touched",
    "watch",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "Standing": f"{__name__}.standing",
        "by_explanation": f"{__name__}.grouping",
        "standing_of": f"{__name__}.standing:standing",
        **dict.fromkeys(
            (
                "ColumnReading", "DoorReading", "Histogram", "QualityReading", "TrafficReading", "WindowReport",
                "decoded",
            ),
            f"{__name__}.windows",
        ),
    },
)
