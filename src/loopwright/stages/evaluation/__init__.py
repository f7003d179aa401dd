"""How good a model is, how sure that is, and whether it may become champion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopwright.lazy import exports
from loopwright.stages.evaluation.steps import attest, evaluate, judge, score, witness

if TYPE_CHECKING:
    from loopwright.measures import bootstrap, compare
    from loopwright.stages.evaluation.exhibits import (
        Confusion,
        Counts,
        Exhibit,
        ImportanceBars,
        PrecisionRecall,
        ReliabilityDiagram,
        Residuals,
        Roc,
        ScoreHistogram,
        decode_exhibit,
    )
    from loopwright.stages.evaluation.expectations import directional, expects, invariant
    from loopwright.stages.evaluation.maturity import NextPoint, ScoreCard, SectionScore, TestScore
    from loopwright.stages.evaluation.slicing import slices_of, worst_rows

__all__ = [
    "Confusion",
    "Counts",
    "Exhibit",
    "ImportanceBars",
    "NextPoint",
    "PrecisionRecall",
    "ReliabilityDiagram",
    "Residuals",
    "Roc",
    "ScoreCard",
    "ScoreHistogram",
    "SectionScore",
    "TestScore",
    "attest",
    "bootstrap",
    "compare",
    "decode_exhibit",
    "directional",
    "evaluate",
    "expects",
    "invariant",
    "judge",
    "score",
    "slices_of",
    "witness",
    "worst_rows",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "Exhibit": f"{__name__}.exhibits",
        "Confusion": f"{__name__}.exhibits",
        "Counts": f"{__name__}.exhibits",
        "ImportanceBars": f"{__name__}.exhibits",
        "PrecisionRecall": f"{__name__}.exhibits",
        "ReliabilityDiagram": f"{__name__}.exhibits",
        "Residuals": f"{__name__}.exhibits",
        "Roc": f"{__name__}.exhibits",
        "ScoreHistogram": f"{__name__}.exhibits",
        "NextPoint": f"{__name__}.maturity",
        "ScoreCard": f"{__name__}.maturity",
        "SectionScore": f"{__name__}.maturity",
        "TestScore": f"{__name__}.maturity",
        "bootstrap": "loopwright.measures",
        "compare": "loopwright.measures",
        "decode_exhibit": f"{__name__}.exhibits",
        "directional": f"{__name__}.expectations",
        "expects": f"{__name__}.expectations",
        "invariant": f"{__name__}.expectations",
        "slices_of": f"{__name__}.slicing",
        "worst_rows": f"{__name__}.slicing",
    },
)
