"""How we calculate: pure functions on arrays, each with units, edge cases, a reference and an example.

Nothing here knows a project, a store or a frame. Names are loaded when first used, so that looking into
`loopwright.measures.catalogue` costs no import of NumPy. The function that measures a single feature is
`loopwright.measures.strength.strength`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loopwright.measures.calibration import Reliability, reliability
    from loopwright.measures.comparisons import Comparison, compare, holm
    from loopwright.measures.confusion import confusion_matrix
    from loopwright.measures.curves import (
        PrecisionRecallCurve,
        RocCurve,
        best_threshold,
        precision_recall_curve,
        roc_curve,
    )
    from loopwright.measures.detectors import Detection, calibrated, cusum, detect, noncentral_e_value, shiryaev_roberts
    from loopwright.measures.distances import (
        MinimumEffect,
        jensen_shannon,
        l_infinity,
        minimum_effect_test,
        population_stability,
        surplus_test,
    )
    from loopwright.measures.estimation import Calibrator, Estimate, estimate, fit_calibrator, recalibrate
    from loopwright.measures.evalues import (
        arm_differences,
        attribution_evalues,
        betting_evalues,
        confidence_sequence,
        rows_to_reach,
    )
    from loopwright.measures.identities import linear_identity
    from loopwright.measures.intervals import Interval, bootstrap
    from loopwright.measures.metrics import METRICS, Metric, metric, score
    from loopwright.measures.samples import TASKS, Task
    from loopwright.measures.strength import Strength

__all__ = [
    "METRICS",
    "TASKS",
    "Calibrator",
    "Comparison",
    "Detection",
    "Estimate",
    "Interval",
    "Metric",
    "MinimumEffect",
    "PrecisionRecallCurve",
    "Reliability",
    "RocCurve",
    "Strength",
    "Task",
    "arm_differences",
    "attribution_evalues",
    "best_threshold",
    "betting_evalues",
    "bootstrap",
    "calibrated",
    "compare",
    "confidence_sequence",
    "confusion_matrix",
    "cusum",
    "detect",
    "estimate",
    "fit_calibrator",
    "holm",
    "jensen_shannon",
    "l_infinity",
    "linear_identity",
    "metric",
    "minimum_effect_test",
    "noncentral_e_value",
    "population_stability",
    "precision_recall_curve",
    "recalibrate",
    "reliability",
    "roc_curve",
    "rows_to_reach",
    "score",
    "shiryaev_roberts",
    "surplus_test",
]

_PLACES = {
    "calibration": ("Reliability", "reliability"),
    "comparisons": ("Comparison", "compare", "holm"),
    "confusion": ("confusion_matrix",),
    "curves": ("PrecisionRecallCurve", "RocCurve", "best_threshold", "precision_recall_curve", "roc_curve"),
    "detectors": (
        "Detection", "calibrated", "cusum", "detect", "noncentral_e_value", "shiryaev_roberts",
    ),
    "distances": (
        "MinimumEffect", "jensen_shannon", "l_infinity", "minimum_effect_test", "population_stability",
        "surplus_test",
    ),
    "estimation": ("Calibrator", "Estimate", "estimate", "fit_calibrator", "recalibrate"),
    "evalues": (
        "arm_differences", "attribution_evalues", "betting_evalues", "confidence_sequence", "rows_to_reach",
    ),
    "identities": ("linear_identity",),
    "intervals": ("Interval", "bootstrap"),
    "metrics": ("METRICS", "Metric", "metric", "score"),
    "samples": ("TASKS", "Task"),
    "strength": ("Strength",),
}
_PLACE_OF = {name: place for place, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _PLACE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_PLACE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
