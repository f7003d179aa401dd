"""Drift of many columns in many windows at a glance: written directly, each cell a link."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from loopwright.faces.web.numbers import day, number
from loopwright.faces.web.watching import DriftPoint, DriftSeries

__all__ = ["heat"]

_NAMES = 170  # width left of the cells
_WHOLE = 930  # width of the cells, if they are not too many or too few
_ROW, _GAP, _FOOT = 22, 2, 22


def heat(series: Sequence[DriftSeries]) -> Markup:
    """Return one row for each column and one cell for each window, the darker the further from the reference.

    Parameters
    ----------
    series : sequence of DriftSeries
        At least one. Windows in which a column was not read stay empty.
    """
    starts = sorted({point.start for one in series for point in one.points})
    step = min(34.0, max(9.0, _WHOLE / len(starts)))
    places = {start: _NAMES + number * step for number, start in enumerate(starts)}
    width, height = _NAMES + step * len(starts) + 2, _ROW * len(series) + _FOOT
    rows = Markup("").join(_row(one, number, places, step) for number, one in enumerate(series))
    alarms = sum(point.alarmed for one in series for point in one.points)
    label = f"Drift of {len(series)} columns in {len(starts)} windows; {alarms} cells are alarms."
    return Markup(
        '<svg class="heat" role="group" aria-label="{}" viewBox="0 0 {:.0f} {}" width="{:.0f}" height="{}">{}{}</svg>'
    ).format(label, width, height, width, height, rows, _dates(starts, places, step, height))


def _row(series: DriftSeries, number_: int, places: dict[str, float], step: float) -> Markup:
    top = number_ * _ROW
    name = Markup('<text x="{}" y="{}" text-anchor="end">{}<title>{}</title></text>').format(
        _NAMES - 8, top + 15, _short(series.column), series.column
    )
    cells = (_cell(series.column, point, places[point.start], top, step) for point in series.points)
    return name + Markup("").join(cells)


def _cell(column: str, point: DriftPoint, left: float, top: int, step: float) -> Markup:
    says = (
        f"{column}, {day(point.start)}: effect {number(point.effect, 3)}, accepted {number(point.accepted, 3)}"
        f"{', alarm' if point.alarmed else ''}"
    )
    # Out of the way of the tab key: the table of windows below leads to the same pages.
    return Markup(
        '<a href="/monitoring/{}" tabindex="-1"><rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}" rx="2">'
        "<title>{}</title></rect>{}</a>"
    ).format(
        point.digest[:16], f"heat-{_level(point)}", left, top + 1, step - _GAP, _ROW - _GAP, says,
        Markup('<circle cx="{:.1f}" cy="{}" r="2.6"/>').format(left + (step - _GAP) / 2, top + _ROW / 2)
        if point.alarmed else "",
    )


def _level(point: DriftPoint) -> int:
    """Return 0 to 3 by how much of what is accepted is used up or more, 4 for an alarm."""
    return 4 if point.alarmed else sum(point.ratio > bound for bound in (0.25, 0.6, 1.0))


def _dates(starts: Sequence[str], places: dict[str, float], step: float, height: int) -> Markup:
    every = max(1, round(95 / step))
    shown = [start for number, start in enumerate(starts) if number % every == 0]
    return Markup("").join(
        Markup('<text class="date" x="{:.1f}" y="{}">{}</text>').format(places[start], height - 6, day(start))
        for start in shown
        if places[start] < places[starts[-1]] - 60 or start == starts[0]
    )


def _short(name: str, letters: int = 24) -> str:
    return name if len(name) <= letters else name[: letters - 1] + "…"
