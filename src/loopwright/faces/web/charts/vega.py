"""Vega-Lite to SVG on the server: no script in the page, and one picture for light and dark."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec
from markupsafe import Markup

__all__ = ["Spec", "draw", "link"]

Spec = dict[str, object]

# Colours are names of the page's CSS variables: the browser fills them in, in light, in dark and on paper.
_CONFIG: Spec = {
    "font": "system-ui, sans-serif",
    "background": None,
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--muted)",
        "titleColor": "currentColor",
        "titleFontWeight": "normal",
        "titleFontSize": 12,
        # Browsers may draw wider letters than those that Vega measured here.
        "titlePadding": 14,
        "labelFontSize": 11,
        "labelLimit": 220,
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
    },
    "legend": {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "labelFontSize": 12,
        "titleFontSize": 12,
    },
    "title": {"color": "currentColor", "fontSize": 13, "anchor": "start"},
    "text": {"color": "currentColor"},
}
_HERE = "https://here.invalid"  # Vega writes whole addresses only; this one never reaches a page
_MARK = re.compile(r'<path aria-label="([^"]*)"([^>]*)/>')


def draw(spec: Spec, *, label: str) -> Markup:
    """Return the chart as inline SVG, each mark with its values as a tooltip.

    Parameters
    ----------
    spec : dict
        A Vega-Lite specification without ``config``.
    label : str
        What the picture shows, in a sentence, for those who cannot see it.

    Notes
    -----
    The first chart of a process takes about half a second, the following ones 30 ms. The same chart is drawn
    once.
    """
    whole = {"background": None, **spec, "config": _CONFIG}
    svg = _svg(msgspec.json.encode(whole, order="deterministic"))
    opening = Markup('<svg role="img" aria-label="{}" ').format(label)
    return Markup(svg.replace("<svg ", opening, 1))  # noqa: S704 - Vega escapes every text that it writes


def link(path: str) -> str:
    """Return an address of these pages as a chart's ``href`` takes it; on the page it stands as it was.

    Parameters
    ----------
    path : str
        From the root: ``"/monitoring/ab12"``.
    """
    return f"{_HERE}{path}"


@lru_cache(maxsize=256)
def _svg(spec: bytes) -> str:
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(spec.decode(), vl_version="6.4")
    # In attributes every quote is escaped, so that no text of users can look like this.
    svg = svg.replace(f'xlink:href="{_HERE}/', 'href="/')
    return _MARK.sub(r'<path aria-label="\1"\2><title>\1</title></path>', svg)
