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
from loopwright.faces.web.charts.heat import heat
from loopwright.faces.web.charts.intervals import Interval, forest
from loopwright.faces.web.charts.loop import loop
from loopwright.faces.web.charts.search import objective, parallel
from loopwright.faces.web.charts.timelines import drift, evidence_path, latency, quality, traffic
from loopwright.faces.web.charts.versus import shares, versus

__all__ = [
    "Interval",
    "bar",
    "drift",
    "evidence_path",
    "forest",
    "heat",
    "histogram",
    "latency",
    "lineage",
    "loop",
    "objective",
    "parallel",
    "precision_recall",
    "quality",
    "reliability",
    "residuals",
    "roc",
    "score_histogram",
    "shares",
    "traffic",
    "versus",
]
