"""What was watched over time: drift, quality, traffic, answer times, and the path of a canary's evidence."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from loopwright.faces.web.charts.vega import Spec, draw, link
from loopwright.faces.web.numbers import UNKNOWN, day, interval, number, share
from loopwright.faces.web.releases import VerdictExhibit
from loopwright.faces.web.watching import DriftSeries, QualityPoint, QualitySeries, TrafficPoint

__all__ = ["drift", "evidence_path", "latency", "quality", "traffic"]

_WIDTH, _HEIGHT, _WIDE = 400, 130, 640
_SMALLEST = 1e-3  # of an e-value: the axis is logarithmic
_SAYS: Spec = {"field": "says", "type": "nominal"}
_HREF: Spec = {"field": "there", "type": "nominal"}
_GOOD, _BAD = "var(--accent)", "var(--bad)"


def drift(series: DriftSeries) -> Markup:
    """Return how far one column was from its reference, window by window, with what is accepted as a dashed line."""
    values: list[Spec] = [
        {
            "at": _at(point.start), "effect": point.effect, "accepted": point.accepted, "alarmed": point.alarmed,
            "there": link(f"/monitoring/{point.digest[:16]}"),
            "says": f"{series.column}, {day(point.start)}: effect {number(point.effect, 3)}, "
            f"accepted {number(point.accepted, 3)}, {point.rows:,} rows{', alarm' if point.alarmed else ''}",
        }
        for point in series.points
    ]
    y = _y("effect", None, zero=True)
    layers = [_dashed(y, "accepted"), _line(y), _dots(y)]
    alarms = sum(point.alarmed for point in series.points)
    label = f"Drift of {series.column} in {len(values)} windows, {alarms} of them with an alarm."
    return draw(_sheet(values, layers), label=label)


def quality(series: QualitySeries) -> Markup:
    """Return a metric over time: on outcomes with intervals, estimated before, its limit, and what is pending."""
    values = [_quality_value(series.metric, point) for point in series.points]
    y = _y("value", None)
    between: Spec = {"y": {**y, "field": "low"}, "y2": {"field": "high"}}
    band: Spec = {"y": {**y, "field": "estimate_low"}, "y2": {"field": "estimate_high"}}
    layers: list[Spec] = [
        {"mark": {"type": "area", "color": "var(--series-4)", "opacity": 0.14}, "encoding": {"x": _x(), **band}},
        _dashed(y, "estimate", colour="var(--series-4)", dash=[2, 3]),
        _dashed(y, "reference"),
        _dashed(y, "limit", colour=_BAD, dash=[6, 3]),
        {
            "mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.55},
            "encoding": {"x": _x(), **between, "color": _tone()},
        },
        _line(y, opacity=0.45),
        _dots(y, hollow=True),
    ]
    above: Spec = {"width": _WIDE, "height": 170, "layer": layers}
    below: Spec = {
        "width": _WIDE, "height": 34, "mark": {"type": "bar", "width": 6, "color": "var(--muted)"},
        "encoding": {
            "x": _x(hidden=True),
            "y": {
                "field": "pending", "type": "quantitative", "title": None,
                "scale": {"domain": [0, 1]}, "axis": {"values": [0, 1], "format": "%", "grid": False, "minExtent": 38},
            },
            "description": {"field": "says_pending", "type": "nominal"},
        },
    }
    spec: Spec = {"data": {"values": values}, "vconcat": [above, below], "spacing": 6,
                  "resolve": {"scale": {"x": "shared"}}}
    known = sum(point.reading.value is not None for point in series.points)
    return draw(spec, label=f"{series.metric} in {len(values)} windows, {known} of them with known outcomes; "
                            f"below, the share of outcomes that are pending.")


def traffic(points: Sequence[TrafficPoint]) -> Markup:
    """Return how many rows came in each window, with the range that earlier windows suggest."""
    values: list[Spec] = [
        {
            "at": _at(point.start), "value": point.came, "low": point.reading.expected_low,
            "high": point.reading.expected_high, "alarmed": "traffic" in point.reading.alarmed,
            "there": link(f"/monitoring/{point.digest[:16]}"),
            "says": f"{day(point.start)}: {point.came:,} rows, {point.reading.rows:,} of them answered"
            + (f", expected {number(point.reading.expected_low, 6)} to {number(point.reading.expected_high, 6)}"
               if point.reading.expected_low is not None else "")
            + (", alarm" if "traffic" in point.reading.alarmed else ""),
        }
        for point in points
    ]
    y = _y("value", None, zero=True)
    band: Spec = {
        "mark": {"type": "area", "color": "var(--muted)", "opacity": 0.16},
        "encoding": {"x": _x(), "y": {**y, "field": "low"}, "y2": {"field": "high"}},
    }
    return draw(_sheet(values, [band, _line(y), _dots(y)]), label=f"Rows in each of {len(values)} windows.")


def latency(points: Sequence[TrafficPoint]) -> Markup:
    """Return how long answers took in each window: half of them less than the lower line, 99 % than the upper."""
    values: list[Spec] = [
        {
            "at": _at(point.start), "value": point.reading.latency_p99_ms, "half": point.reading.latency_p50_ms,
            "limit": point.reading.latency_limit_ms, "alarmed": "latency" in point.reading.alarmed,
            "there": link(f"/monitoring/{point.digest[:16]}"),
            "says": f"{day(point.start)}: p50 {number(point.reading.latency_p50_ms, 3)} ms, "
            f"p99 {number(point.reading.latency_p99_ms, 3)} ms, {point.reading.over_limit:,} over the limit"
            + (", alarm" if "latency" in point.reading.alarmed else ""),
        }
        for point in points
    ]
    y = _y("value", None, zero=True)
    layers = [
        _dashed(y, "limit", colour=_BAD, dash=[6, 3]),
        {"mark": {"type": "line", "color": "var(--muted)", "strokeWidth": 1.5},
         "encoding": {"x": _x(), "y": {**y, "field": "half"}}},
        _line(y), _dots(y),
    ]
    return draw(_sheet(values, layers), label=f"Milliseconds to an answer in each of {len(values)} windows.")


def evidence_path(shown: VerdictExhibit) -> Markup:
    """Return the e-value of a canary over time, and the line that it must reach.

    Parameters
    ----------
    shown : VerdictExhibit
        With a path of at least one point; times are moments, or numbers such as rows.
    """
    dated = all(isinstance(time, str) for time, _ in shown.path)
    values: list[Spec] = [
        {"at": _at(time) if isinstance(time, str) else time, "value": max(_SMALLEST, value),
         "says": f"{day(time) if isinstance(time, str) else number(time)}: e-value {number(value, 3)}"}
        for time, value in shown.path
        if value is not None
    ]
    x = _x() if dated else {"field": "at", "type": "quantitative", "title": "outcomes known", "axis": {"tickCount": 5}}
    y: Spec = {"field": "value", "type": "quantitative", "title": None, "scale": {"type": "log"},
               "axis": {"tickCount": 4, "format": "~g"}}
    line: Spec = {"mark": {"type": "line", "color": _GOOD, "strokeWidth": 2}, "encoding": {"x": x, "y": y}}
    dots: Spec = {"mark": {"type": "point", "filled": True, "size": 26, "color": _GOOD, "opacity": 1},
                  "encoding": {"x": x, "y": y, "description": _SAYS}}
    layers = [line, dots]
    if shown.limit is not None:
        layers.insert(0, {
            "mark": {"type": "rule", "color": "var(--good)", "strokeDash": [6, 3], "strokeWidth": 1.5},
            "encoding": {"y": {"datum": shown.limit, "type": "quantitative"}},
        })
    label = f"Evidence for the challenger in {len(values)} looks; it must reach {number(shown.limit)}."
    return draw({"width": 460, "height": 190, "data": {"values": values}, "layer": layers}, label=label)


def _quality_value(metric: str, point: QualityPoint) -> Spec:
    one = point.reading
    said = f"{number(one.value)} ({interval(one.low, one.high)})" if one.value is not None else UNKNOWN
    estimate = f", estimate {number(one.estimate)}" if one.estimate is not None else ""
    pending = f"{share(point.pending)} pending"
    return {
        "at": _at(point.start), "value": one.value, "low": one.low, "high": one.high,
        "estimate": one.estimate, "estimate_low": one.estimate_low, "estimate_high": one.estimate_high,
        "reference": one.reference, "limit": one.limit, "alarmed": one.alarmed, "open": not one.mature,
        "pending": point.pending, "there": link(f"/monitoring/{point.digest[:16]}"),
        "says": f"{metric}, {day(point.start)}: {said}{estimate}, {one.rows:,} rows, {pending}"
        f"{', alarm' if one.alarmed else ''}",
        "says_pending": f"{day(point.start)}: {pending}",
    }


def _sheet(values: list[Spec], layers: list[Spec]) -> Spec:
    return {"width": _WIDTH, "height": _HEIGHT, "data": {"values": values}, "layer": layers}


def _at(moment: str) -> str:
    """Return a moment as Vega reads it; those without a zone are UTC."""
    return moment if moment.endswith("Z") or "+" in moment[10:] else f"{moment}Z"


def _x(*, hidden: bool = False) -> Spec:
    axis: Spec = {"grid": False, "tickCount": 6, "labelOverlap": True, "format": "%-d %b"}
    return {"field": "at", "type": "temporal", "title": None, "scale": {"type": "utc"},
            "axis": None if hidden else axis}


def _y(field: str, title: str | None, *, zero: bool = False) -> Spec:
    return {"field": field, "type": "quantitative", "title": title, "scale": {"zero": zero},
            # The same room for numbers in every chart, so that those below each other line up.
            "axis": {"tickCount": 4, "minExtent": 38}}


def _tone() -> Spec:
    return {"field": "alarmed", "type": "nominal", "legend": None,
            "scale": {"domain": [False, True], "range": [_GOOD, _BAD]}}


def _line(y: Spec, *, opacity: float = 1.0) -> Spec:
    return {"mark": {"type": "line", "color": _GOOD, "strokeWidth": 1.5, "opacity": opacity},
            "encoding": {"x": _x(), "y": y}}


def _dashed(y: Spec, field: str, *, colour: str = "var(--muted)", dash: list[int] | None = None) -> Spec:
    mark: Spec = {"type": "line", "color": colour, "strokeDash": dash or [4, 4], "strokeWidth": 1.3,
                  "interpolate": "step"}
    if field == "estimate":
        mark.pop("interpolate")
    return {"mark": mark, "encoding": {"x": _x(), "y": {**y, "field": field}}}


def _dots(y: Spec, *, hollow: bool = False) -> Spec:
    encoding: Spec = {"x": _x(), "y": y, "color": _tone(), "description": _SAYS, "href": _HREF,
                      "size": {"field": "alarmed", "type": "nominal", "legend": None,
                               "scale": {"domain": [False, True], "range": [26, 75]}}}
    if hollow:
        encoding["fillOpacity"] = {"condition": {"test": "datum.open", "value": 0.0}, "value": 1.0}
        encoding["fill"] = encoding["color"]
        encoding["stroke"] = encoding.pop("color")
    mark: Spec = {"type": "point", "filled": not hollow, "opacity": 1, "cursor": "pointer"}
    return {"mark": mark, "encoding": encoding, "transform": [{"filter": f"isValid(datum['{y['field']}'])"}]}
