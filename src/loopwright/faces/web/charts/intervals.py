"""Values with their intervals, one below the other, so that overlap can be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from loopwright.faces.web.charts.vega import Spec, draw

__all__ = ["Interval", "forest"]

Role = Literal["model", "rival", "baseline", "slice", "bad"]
_COLOURS: dict[Role, str] = {
    "model": "var(--accent)",
    "rival": "var(--series-2)",
    "baseline": "var(--muted)",
    "slice": "var(--accent)",
    "bad": "var(--bad)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A value that is known to lie between two others; they are None where no interval is known."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    role: Role = "model"
    note: str = ""

    def __str__(self) -> str:
        between = "" if self.low is None or self.high is None else f" ({self.low:.4g} to {self.high:.4g})"
        return f"{self.name}: {self.value:.4g}{between}{', ' if self.note else ''}{self.note}"


def forest(rows: tuple[Interval, ...], *, title: str, reference: float | None = None) -> Markup:
    """Return a forest plot, rows in the given order from the top.

    Parameters
    ----------
    rows : tuple of Interval
    title : str
        What the values are: ``"roc_auc on the test part"``.
    reference : float, optional
        Where a dashed line is drawn: a limit, or the zero of a difference.
    """
    values = [
        {
            "name": f"{number}",
            "value": row.value,
            "low": row.value if row.low is None else row.low,
            "high": row.value if row.high is None else row.high,
            "colour": row.role,
            "says": str(row),
        }
        for number, row in enumerate(rows)
    ]
    names = [row.name if len(row.name) <= 30 else row.name[:29] + "…" for row in rows]
    y: Spec = {
        "field": "name",
        "type": "nominal",
        "sort": None,
        "title": None,
        # Rows are placed by number, since two of them may have the same name.
        "axis": {
            "labelExpr": f"{_text_list(names)}[datum.value]",
            "grid": False,
            "ticks": False,
            "domain": False,
            "labelPadding": 10,
        },
    }
    x: Spec = {
        "field": "value",
        "type": "quantitative",
        "title": title,
        "scale": {"zero": False},
        "axis": {"tickCount": 5},
    }
    colour: Spec = {
        "field": "colour",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(_COLOURS), "range": list(_COLOURS.values())},
    }
    says: Spec = {"field": "says", "type": "nominal"}
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.7},
            "encoding": {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}, "color": colour},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
            "encoding": {"y": y, "x": x, "color": colour, "description": says},
        },
    ]
    if reference is not None:
        line = {"type": "rule", "color": "currentColor", "strokeDash": [4, 4], "opacity": 0.6}
        layers.insert(0, {"mark": line, "encoding": {"x": {"datum": reference, "type": "quantitative"}}})
    return draw(
        {
            "width": 260,
            "height": {"step": 24},
            "padding": {"left": 5 + 1.2 * max(map(len, names), default=0)},
            "data": {"values": values},
            "layer": layers,
        },
        label=f"{title}, with intervals: " + "; ".join(map(str, rows)),
    )


def _text_list(texts: list[str]) -> str:
    """Return a list of texts as a Vega expression."""
    import json

    return json.dumps(texts, ensure_ascii=True)
