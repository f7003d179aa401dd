"""A window beside its reference: how the rows of each are spread over the same bins."""

from __future__ import annotations

from markupsafe import Markup

from loopwright.faces.web.numbers import number, share
from loopwright.faces.web.watching import Histogram

__all__ = ["shares", "versus"]

_NAMES, _BARS, _FIGURES, _ROW = 150, 200, 100, 26
_MOST = {"numeric": 24, "categorical": 12}  # bins drawn; the rest are drawn as one
_APART = ("(missing)", "(new)")  # always drawn


def versus(histogram: Histogram, *, name: str, kind: str = "numeric") -> Markup:
    """Return a pair of bars for each bin: the reference above, the window below.

    Parameters
    ----------
    histogram : Histogram
    name : str
        Of the column.
    kind : {"numeric", "categorical"}
        Of many categories only the first are drawn one by one.
    """
    rows = _folded(histogram, most=_MOST[kind])
    before, after = sum(histogram.reference), sum(histogram.current)
    largest = max((max(_part(old, before), _part(new, after)) for _, old, new in rows), default=0.0) or 1.0
    drawn = Markup("").join(
        _pair(place, label, _part(old, before), _part(new, after), largest=largest, counts=(old, new))
        for place, (label, old, new) in enumerate(rows)
    )
    width, height = _NAMES + _BARS + _FIGURES, max(1, len(rows)) * _ROW
    label = f"{name}: {number(after)} rows of the window in {len(rows)} bins, beside {number(before)} of the reference."
    return Markup(
        '<svg class="versus" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">{}</svg>'
    ).format(label, width, height, width, height, drawn)


def shares(parts: list[tuple[str, float, str]]) -> Markup:
    """Return one bar divided by shares that add up to 1.

    Parameters
    ----------
    parts : list of (str, float, str)
        Name, share, and class of the colour.
    """
    left, drawn = 0.0, Markup("")
    for name, part, tone in parts:
        drawn += Markup('<rect class="{}" x="{:.2f}" width="{:.2f}" height="10"><title>{}</title></rect>').format(
            tone, left, max(0.0, 100 * part), f"{name}: {share(part)}"
        )
        left += 100 * part
    label = ", ".join(f"{name} {share(part)}" for name, part, _ in parts)
    return Markup(
        '<svg class="shares" role="img" aria-label="{}" viewBox="0 0 100 10" preserveAspectRatio="none">{}</svg>'
    ).format(label, drawn)


def _pair(
    place: int, label: str, old: float, new: float, *, largest: float, counts: tuple[int, int]
) -> Markup:
    top = place * _ROW
    says = f"{label}: {share(new)} of the window ({counts[1]:,} rows), {share(old)} of the reference ({counts[0]:,})"
    return Markup(
        '<g><title>{}</title><text class="name" x="{}" y="{}" text-anchor="end">{}</text>'
        '<rect class="before" x="{}" y="{}" width="{:.1f}" height="8"/>'
        '<rect class="after" x="{}" y="{}" width="{:.1f}" height="8"/>'
        '<text class="figure" x="{}" y="{}">{}</text></g>'
    ).format(
        says, _NAMES - 8, top + 16, _short(label),
        _NAMES, top + 3, _BARS * old / largest,
        _NAMES, top + 12, _BARS * new / largest,
        _NAMES + _BARS + 8, top + 16, f"{share(old)} → {share(new)}",
    )


def _folded(histogram: Histogram, *, most: int) -> list[tuple[str, int, int]]:
    """Return the bins; beyond the first many, as one."""
    rows = list(zip(histogram.labels, histogram.reference, histogram.current, strict=True))
    if len(rows) <= most:
        return rows
    apart = [row for row in rows if row[0] in _APART]
    plain = [row for row in rows if row[0] not in _APART]
    kept, rest = plain[: most - 1 - len(apart)], plain[most - 1 - len(apart) :]
    return [*kept, (f"{len(rest)} more", sum(row[1] for row in rest), sum(row[2] for row in rest)), *apart]


def _part(rows: int, whole: int) -> float:
    return rows / whole if whole else 0.0


def _short(text: str, letters: int = 20) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"
