"""The loop as a picture: a ring of the rooms that exist, each with its state."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin

from markupsafe import Markup

from loopwright.faces.web.rooms import Room

__all__ = ["loop"]

_WIDTH, _HEIGHT = 1040, 520
_BOX_WIDTH, _BOX_HEIGHT = 188, 74
_RADIUS_X, _RADIUS_Y = 400.0, 212.0
_MARKS = {"done": "✓", "attention": "!", "failed": "✕", "not yet": "·"}


def loop(rooms: Sequence[Room], *, centre: Sequence[str]) -> Markup:
    """Return the ring, first room at the top, clockwise.

    Parameters
    ----------
    rooms : sequence of Room
        In the order of the loop.
    centre : sequence of str
        Lines in the middle, the first one large.
    """
    angles = [-pi / 2 + 2 * pi * number / len(rooms) for number in range(len(rooms))]
    pairs = list(zip(angles, [*angles[1:], 3 * pi / 2], strict=True))
    arcs = Markup("").join(
        _arc(start, end, back=number == len(rooms) - 1) for number, (start, end) in enumerate(pairs)
    )
    boxes = Markup("").join(_box(room, _point(angle)) for room, angle in zip(rooms, angles, strict=True))
    return Markup(
        '<svg class="ring" role="group" aria-label="The loop: {}" viewBox="0 0 {} {}">{}{}{}{}</svg>'
    ).format(
        "; ".join(f"{room.name} {room.state}" for room in rooms),
        _WIDTH,
        _HEIGHT,
        _ARROW,
        arcs,
        boxes,
        _texts(centre),
    )


_ARROW = Markup(
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="6" refY="4" '
    'markerWidth="7" markerHeight="7" orient="auto"><path d="M0,0.5L7,4L0,7.5" class="head"/></marker></defs>'
)


def _point(angle: float) -> tuple[float, float]:
    return _WIDTH / 2 + _RADIUS_X * cos(angle), _HEIGHT / 2 + _RADIUS_Y * sin(angle)


def _arc(start: float, end: float, *, back: bool) -> Markup:
    """Return the line from one room to the next, as far as it is seen between the boxes."""
    steps = [start + (end - start) * step / 60 for step in range(61)]
    boxes = (_point(start), _point(end))
    seen = [point for angle in steps if not any(_inside(point := _point(angle), box) for box in boxes)]
    path = "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in seen)
    return Markup('<path class="{}" d="{}" marker-end="url(#arrow)"/>').format(
        "arc back" if back else "arc", path
    )


def _inside(point: tuple[float, float], box: tuple[float, float], margin: float = 7) -> bool:
    return (
        abs(point[0] - box[0]) < _BOX_WIDTH / 2 + margin and abs(point[1] - box[1]) < _BOX_HEIGHT / 2 + margin
    )


def _box(room: Room, centre: tuple[float, float]) -> Markup:
    left, top = centre[0] - _BOX_WIDTH / 2, centre[1] - _BOX_HEIGHT / 2
    inside = Markup(
        '<g class="room {}"><title>{}: {}</title><rect x="{:.1f}" y="{:.1f}" width="{}" height="{}" rx="10"/>'
        '<circle cx="{:.1f}" cy="{:.1f}" r="10"/><text class="mark" x="{:.1f}" y="{:.1f}">{}</text>'
        '<text class="name" x="{:.1f}" y="{:.1f}">{}</text>'
        '<text class="says" x="{:.1f}" y="{:.1f}">{}</text></g>'
    ).format(
        room.state.replace(" ", "-"),
        room.name,
        room.state,
        left,
        top,
        _BOX_WIDTH,
        _BOX_HEIGHT,
        left + 24,
        top + 26,
        left + 24,
        top + 30.5,
        _MARKS[room.state],
        left + 44,
        top + 31,
        room.name.capitalize(),
        left + 15,
        top + 57,
        _short(room.says),
    )
    return Markup('<a href="{}">{}</a>').format(room.address, inside) if room.address else inside


def _texts(lines: Sequence[str]) -> Markup:
    top = _HEIGHT / 2 - 13 * (len(lines) - 1)
    return Markup("").join(
        Markup('<text class="{}" x="{}" y="{}">{}</text>').format(
            "middle large" if number == 0 else "middle", _WIDTH // 2, round(top + 28 * number), line
        )
        for number, line in enumerate(lines)
    )


def _short(text: str, letters: int = 25) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"
