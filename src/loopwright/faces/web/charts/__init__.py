"""Pictures as SVG that follows the page's colours: real charts by Vega-Lite, tiny ones written directly."""

from loopwright.faces.web.charts.bars import bar, histogram
from loopwright.faces.web.charts.curves import (
    precision_recall,
    reliability,
    residuals,
    roc,
    score_histogram,
)
from loopwright.faces.web.charts.graph import lineage
from loopwright.faces.web.charts.intervals import Interval, forest
from loopwright.faces.web.charts.loop import loop
from loopwright.faces.web.charts.search import objective, parallel

__all__ = [
    "Interval",
    "bar",
    "forest",
    "histogram",
    "lineage",
    "loop",
    "objective",
    "parallel",
    "precision_recall",
    "reliability",
    "residuals",
    "roc",
    "score_histogram",
]
