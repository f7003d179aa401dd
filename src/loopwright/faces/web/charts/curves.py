"""Curves of a classifier, how sure it is, and how far a regression is off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from loopwright.faces.web.charts.vega import Spec, draw

if TYPE_CHECKING:
    from loopwright.stages.evaluation import (
        PrecisionRecall,
        ReliabilityDiagram,
        Residuals,
        Roc,
        ScoreHistogram,
    )

__all__ = ["precision_recall", "reliability", "residuals", "roc", "score_histogram"]

_SIDE = 240
_LINE: Spec = {"type": "line", "color": "var(--accent)", "strokeWidth": 2}
_DOT: Spec = {"type": "point", "filled": True, "size": 40, "color": "var(--accent)", "opacity": 1}
_DASHED: Spec = {"type": "line", "color": "var(--muted)", "strokeDash": [4, 4], "strokeWidth": 1}
_SAYS: Spec = {"field": "says", "type": "nominal"}


def roc(shown: Roc) -> Markup:
    """Return the ROC curve over the diagonal of chance."""
    values = _points(shown.curve.false_positive_rate, shown.curve.true_positive_rate)
    x, y = _share("x", "false positive rate"), _share("y", "true positive rate")
    line: Spec = {"mark": _LINE, "encoding": {"x": x, "y": y, "order": {"field": "order"}}}
    label = "ROC curve: true positive rate against false positive rate."
    return draw(_square(values, [_through(((0, 0), (1, 1))), line]), label=label)


def precision_recall(shown: PrecisionRecall) -> Markup:
    """Return precision over recall, above the share of positive rows that guessing reaches."""
    values = _points(shown.curve.recall, shown.curve.precision)
    x, y = _share("x", "recall"), _share("y", "precision")
    chance = _through(((0, shown.positive_share), (1, shown.positive_share)))
    line: Spec = {"mark": _LINE, "encoding": {"x": x, "y": y, "order": {"field": "order"}}}
    return draw(_square(values, [chance, line]), label="Precision-recall curve: precision against recall.")


def reliability(shown: ReliabilityDiagram) -> Markup:
    """Return how often the thing happened among rows that were given about that probability."""
    bins = shown.bins
    values: list[Spec] = [
        {
            "x": predicted,
            "y": observed,
            "low": low,
            "high": high,
            "says": f"predicted {predicted:.3f}, observed {observed:.3f}, {rows:,} rows",
        }
        for predicted, observed, low, high, rows in zip(
            bins.predicted, bins.observed, bins.low, bins.high, bins.rows, strict=True
        )
    ]
    x, y = _share("x", "mean predicted probability"), _share("y", "observed share")
    ends = {"y": {**y, "field": "low"}, "y2": {"field": "high"}}
    layers: list[Spec] = [
        _through(((0, 0), (1, 1))),
        {"mark": {"type": "rule", "color": "var(--accent)", "opacity": 0.5}, "encoding": {"x": x, **ends}},
        {"mark": _LINE, "encoding": {"x": x, "y": y}},
        {"mark": _DOT, "encoding": {"x": x, "y": y, "description": _SAYS}},
    ]
    label = f"Calibration in {len(values)} bins: observed share against predicted probability."
    return draw(_square(values, layers), label=label)


def score_histogram(shown: ScoreHistogram) -> Markup:
    """Return how sure the model is, for each true class, or for right and wrong answers."""
    names = [series.name for series in shown.series]
    values: list[Spec] = [
        {
            "from": low,
            "to": high,
            "share": rows / max(1, sum(series.rows)),
            "series": series.name,
            "says": f"{series.name}, {low:g} to {high:g}: {rows:,} rows",
        }
        for series in shown.series
        for low, high, rows in zip(shown.edges, shown.edges[1:], series.rows, strict=False)
    ]
    colour: Spec = {
        "field": "series",
        "type": "nominal",
        "title": None,
        "scale": {
            "domain": names,
            "range": [f"var(--series-{number % 6 + 1})" for number in range(len(names))],
        },
        "legend": {"orient": "top"},
    }
    bars: Spec = {
        "mark": {"type": "bar", "opacity": 0.55},
        "encoding": {
            "x": {**_share("from", "probability"), "bin": "binned"},
            "x2": {"field": "to"},
            "y": {
                "field": "share",
                "type": "quantitative",
                "title": "share of rows",
                "stack": None,
                "axis": {"tickCount": 5},
            },
            "color": colour,
            "description": _SAYS,
        },
    }
    label = f"How sure the model is, by {' and '.join(names)}."
    return draw(_square(values, [bars]), label=label)


def residuals(shown: Residuals) -> Markup:
    """Return the errors along the prediction, with the band that holds four fifths of them."""
    dots = [
        {"x": x, "y": y, "says": f"predicted {x:.4g}, {abs(y):.4g} too {'high' if y > 0 else 'low'}"}
        for x, y in zip(shown.predicted, shown.residual, strict=True)
    ]
    bands = [
        {"x": x, "low": low, "middle": middle, "high": high}
        for x, low, middle, high in zip(
            shown.band_predicted, shown.band_low, shown.band_middle, shown.band_high, strict=True
        )
    ]
    x: Spec = {
        "field": "x",
        "type": "quantitative",
        "title": "predicted value",
        "scale": {"zero": False},
        "axis": {"tickCount": 5},
    }
    y: Spec = {"type": "quantitative", "title": "predicted minus true value", "axis": {"tickCount": 5}}
    layers: list[Spec] = [
        {
            "data": {"values": bands},
            "mark": {"type": "area", "color": "var(--accent)", "opacity": 0.15},
            "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
        },
        {
            "data": {"values": dots},
            "mark": {**_DOT, "size": 14, "opacity": 0.4},
            "encoding": {"x": x, "y": {**y, "field": "y"}, "description": _SAYS},
        },
        {"data": {"values": bands}, "mark": _LINE, "encoding": {"x": x, "y": {**y, "field": "middle"}}},
        {
            "mark": {"type": "rule", "color": "var(--muted)", "strokeDash": [4, 4]},
            "encoding": {"y": {"datum": 0, "type": "quantitative"}},
        },
    ]
    return draw(
        {"width": 320, "height": _SIDE, "layer": layers},
        label=f"Errors of {len(dots)} rows along the predicted value; a band holds four fifths of them.",
    )


def _points(x: Sequence[float], y: Sequence[float]) -> list[Spec]:
    return [
        {"x": here, "y": there, "order": order} for order, (here, there) in enumerate(zip(x, y, strict=True))
    ]


def _square(values: list[Spec], layers: list[Spec]) -> Spec:
    return {"width": _SIDE, "height": _SIDE, "data": {"values": values}, "layer": layers}


def _share(field: str, title: str) -> Spec:
    """Return an axis from 0 to 1."""
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": {"domain": [0, 1]},
        "axis": {"tickCount": 5},
    }


def _through(points: tuple[tuple[float, float], tuple[float, float]]) -> Spec:
    """Return a dashed line of reference."""
    return {
        "data": {"values": [{"x": x, "y": y} for x, y in points]},
        "mark": _DASHED,
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": "y", "type": "quantitative"},
        },
    }
