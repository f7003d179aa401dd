"""The search for a configuration: what was tried in which round, and where the good ones lie."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from markupsafe import Markup

from loopwright.faces.web.charts.vega import Spec, draw
from loopwright.records import Run

__all__ = ["objective", "parallel"]


def objective(trials: Sequence[Run]) -> Markup:
    """Return the objective of each trial in the order tried, and the best so far.

    Parameters
    ----------
    trials : sequence of Run
        Trials that did not fail, in the order they ran; at least one.
    """
    values, best = [], float("-inf")
    for number, run in enumerate(trials, start=1):
        value = run.objective or 0.0
        best = max(best, value)
        says = f"{run.name}: {value:.4g}" + (f", round {run.round}" if run.round else "")
        values.append(
            {"trial": number, "objective": value, "best": best, "round": run.round or 1, "says": says}
        )
    x: Spec = {
        "field": "trial",
        "type": "quantitative",
        "title": "trial",
        "axis": {"tickMinStep": 1, "grid": False},
    }
    y: Spec = {
        "field": "objective",
        "type": "quantitative",
        "title": "objective (validation)",
        "scale": {"zero": False},
    }
    layers: list[Spec] = [
        {
            "mark": {
                "type": "line",
                "interpolate": "step-after",
                "color": "var(--muted)",
                "strokeWidth": 1.5,
            },
            "encoding": {"x": x, "y": {**y, "field": "best"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 55, "opacity": 1},
            "encoding": {
                "x": x,
                "y": y,
                "color": _by_round(trials),
                "description": {"field": "says", "type": "nominal"},
            },
        },
    ]
    return draw(
        {"width": 380, "height": 220, "data": {"values": values}, "layer": layers},
        label=f"Objective of {len(trials)} trials; the best is {best:.4g}.",
    )


def parallel(trials: Sequence[Run], *, best: int = 5) -> Markup:
    """Return one line per trial through its searched values; the best ones stand out.

    Parameters
    ----------
    trials : sequence of Run
        Trials of one estimator that did not fail; at least one.
    best : int, default=5
        So many are drawn in the accent colour.
    """
    ranked = sorted(trials, key=lambda run: run.objective or 0.0)
    names = sorted({name for run in ranked for name in run.search})
    scales = {name: _Scale([run.search[name] for run in ranked if name in run.search]) for name in names}
    values = [
        {
            "run": str(number),
            "name": name,
            "position": scales[name].place(run.search[name]),
            "group": "best" if number >= len(ranked) - best else "other",
            "says": f"{run.name}: {name} = {run.search[name]}, objective {run.objective or 0.0:.4g}",
        }
        for number, run in enumerate(ranked)
        for name in names
        if name in run.search
    ]
    ends = [
        {"name": name, "position": at, "text": text, "shift": shift}
        for name in names
        for at, text, shift in ((0, scales[name].low, 14), (1, scales[name].high, -10))
    ]
    x: Spec = {
        "field": "name",
        "type": "nominal",
        "title": None,
        "axis": {
            "labelAngle": 0,
            "grid": True,
            "domain": False,
            "ticks": False,
            "labelPadding": 22,
            "labelColor": "currentColor",
            "labelLimit": 120,
        },
    }
    y: Spec = {"field": "position", "type": "quantitative", "axis": None, "scale": {"domain": [0, 1]}}
    lines: Spec = {
        "mark": {"type": "line", "strokeWidth": 1.6, "point": {"filled": True, "size": 24}},
        "encoding": {
            "x": x,
            "y": y,
            "detail": {"field": "run"},
            "description": {"field": "says", "type": "nominal"},
            "color": {
                "field": "group",
                "type": "nominal",
                "legend": None,
                "scale": {"domain": ["other", "best"], "range": ["var(--faint)", "var(--accent)"]},
            },
        },
    }
    texts: list[Spec] = [
        {
            "data": {"values": [end for end in ends if end["shift"] == shift]},
            "mark": {"type": "text", "fontSize": 11, "dy": shift, "color": "var(--muted)"},
            "encoding": {"x": x, "y": y, "text": {"field": "text"}},
        }
        for shift in (14, -10)
    ]
    return draw(
        {
            "width": max(200, 130 * len(names)),
            "height": 200,
            "layer": [{"data": {"values": values}, **lines}, *texts],
        },
        label=f"Searched values of {len(ranked)} trials; the best {min(best, len(ranked))} stand out.",
    )


def _by_round(trials: Sequence[Run]) -> Spec:
    rounds = sorted({run.round or 1 for run in trials})
    if len(rounds) == 1:
        return {"value": "var(--accent)"}
    return {
        "field": "round",
        "type": "ordinal",
        "title": "round",
        "scale": {
            "domain": rounds,
            "range": [f"var(--series-{number % 6 + 1})" for number in range(len(rounds))],
        },
        "legend": {"orient": "top"},
    }


class _Scale:
    """Places values between 0 and 1: numbers by logarithm if they span decades, names by order."""

    def __init__(self, values: Sequence[str | int | float | bool | None]) -> None:
        self._names = sorted({str(value) for value in values})
        self._numbers = [float(value) for value in values if isinstance(value, int | float)]
        self._is_number = len(self._numbers) == len(values)
        self._is_log = (
            self._is_number and min(self._numbers) > 0 and max(self._numbers) / min(self._numbers) >= 30
        )

    @property
    def low(self) -> str:
        """What stands at 0."""
        return f"{min(self._numbers):.3g}" if self._is_number else self._names[0]

    @property
    def high(self) -> str:
        """What stands at 1."""
        return f"{max(self._numbers):.3g}" if self._is_number else self._names[-1]

    def place(self, value: str | int | float | bool | None) -> float:
        """Return where a value lies; in the middle if there is only one."""
        if not self._is_number:
            return self._names.index(str(value)) / max(1, len(self._names) - 1)
        low, high, here = (
            self._measure(part) for part in (min(self._numbers), max(self._numbers), float(value or 0))
        )
        return (here - low) / (high - low) if high > low else 0.5

    def _measure(self, value: float) -> float:
        return log10(value) if self._is_log else value
