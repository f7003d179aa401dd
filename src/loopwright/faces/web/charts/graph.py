"""The lineage graph as a picture whose nodes are links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from loopwright.faces.web.charts.layers import essential, layers

__all__ = ["Node", "lineage"]

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 138, 46, 24, 12

_SCALE = 0.94  # so that a whole line, from file to evidence, fits a laptop's window


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One box of the graph.

    Attributes
    ----------
    id : str
        What the edges call it.
    name : str
        What a person calls it.
    kind : str
        Word above the name.
    address : str
        Where its page is; empty if it has none.
    tone : str
        ``"centre"``, ``"source"`` (a file or code), ``"good"``, ``"bad"`` or ``"plain"``.
    """

    id: str
    name: str
    kind: str
    address: str = ""
    tone: str = "plain"


def lineage(nodes: Sequence[Node], edges: Sequence[tuple[str, str]]) -> Markup:
    """Return the graph as SVG, from sources on the left to what was made of them on the right.

    A link that a longer way implies is not drawn: it would only hide the others.

    Parameters
    ----------
    nodes : sequence of Node
    edges : sequence of (str, str)
        Ids: from what was used to what was made of it.
    """
    rows = layers([node.id for node in nodes], edges)
    tallest = max((len(row) for row in rows), default=1)
    height = tallest * (_HEIGHT + _GAP_Y) + _GAP_Y
    places = _places(rows, height)
    width = len(rows) * (_WIDTH + _GAP_X) - _GAP_X + 4
    lines = Markup("").join(_line(places[start], places[end]) for start, end in essential(edges))
    boxes = Markup("").join(_box(node, places[node.id]) for node in nodes)
    return Markup(
        '<svg class="lineage" role="group" aria-label="lineage of {} records" viewBox="0 0 {} {}" '
        'width="{}" height="{}"><g class="edges">{}</g>{}</svg>'
    ).format(len(nodes), width, height, round(_SCALE * width), round(_SCALE * height), lines, boxes)


def _places(rows: Sequence[Sequence[str]], height: int) -> Mapping[str, tuple[float, float]]:
    """Return the upper left corner of each box, every layer centred."""
    places = {}
    for column, row in enumerate(rows):
        top = (height - len(row) * (_HEIGHT + _GAP_Y) + _GAP_Y) / 2
        for spot, node in enumerate(row):
            places[node] = (column * (_WIDTH + _GAP_X) + 2.0, top + spot * (_HEIGHT + _GAP_Y))
    return places


def _line(start: tuple[float, float], end: tuple[float, float]) -> Markup:
    x1, y1, x2, y2 = start[0] + _WIDTH, start[1] + _HEIGHT / 2, end[0], end[1] + _HEIGHT / 2
    bend = min(_GAP_X, (x2 - x1) / 2)
    return Markup('<path d="M{:.0f},{:.1f}C{:.0f},{:.1f} {:.0f},{:.1f} {:.0f},{:.1f}"/>').format(
        x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2
    )


def _box(node: Node, place: tuple[float, float]) -> Markup:
    inside = Markup(
        '<g class="node {}"><title>{}</title><rect x="{:.0f}" y="{:.1f}" width="{}" height="{}" rx="7"/>'
        '<text class="kind" x="{:.0f}" y="{:.1f}">{}</text><text x="{:.0f}" y="{:.1f}">{}</text></g>'
    ).format(
        node.tone,
        f"{node.kind}: {node.name}",
        *place,
        _WIDTH,
        _HEIGHT,
        place[0] + 11,
        place[1] + 18,
        node.kind,
        place[0] + 11,
        place[1] + 36,
        _short(node.name),
    )
    return Markup('<a href="{}">{}</a>').format(node.address, inside) if node.address else inside


def _short(name: str, letters: int = 16) -> str:
    return name if len(name) <= letters else name[: letters - 1] + "…"
