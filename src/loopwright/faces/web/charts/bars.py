"""Tiny pictures for the many: written directly, so that ten thousand columns cost next to nothing."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from loopwright.faces.web.numbers import number, share
from loopwright.records.statistics import Bucket

__all__ = ["bar", "histogram"]

_WIDTH, _HEIGHT = 120, 28


def histogram(buckets: Sequence[Bucket], *, total: float | None = None) -> Markup:
    """Return a histogram of buckets of equal width as a small SVG.

    Parameters
    ----------
    buckets : sequence of Bucket
        At least one.
    total : float, optional
        Rows that the shares in the tooltips refer to; those in the buckets if not given.
    """
    highest = max(bucket.rows for bucket in buckets) or 1
    whole = total or sum(bucket.rows for bucket in buckets)
    step = _WIDTH / len(buckets)
    columns = Markup("").join(
        Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>').format(
            place * step,
            _HEIGHT - _height(bucket.rows, highest),
            step - 1,
            _height(bucket.rows, highest),
            f"{number(bucket.low)} to {number(bucket.high)}: "
            f"{number(round(bucket.rows))} rows, {share(bucket.rows, whole)}",
        )
        for place, bucket in enumerate(buckets)
    )
    label = f"histogram from {number(buckets[0].low)} to {number(buckets[-1].high)}"
    return Markup('<svg class="spark" role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>').format(
        label, _WIDTH, _HEIGHT, columns
    )


def bar(part: float, whole: float = 1, *, kind: str = "plain") -> Markup:
    """Return a horizontal bar that fills a share of its width.

    Parameters
    ----------
    part, whole : float
        The bar fills ``part / whole``, between nothing and everything.
    kind : str, default="plain"
        A CSS class: ``"plain"``, ``"good"``, ``"warn"`` or ``"bad"``.
    """
    filled = min(1.0, max(0.0, part / whole)) if whole else 0.0
    return Markup(
        '<svg class="bar {}" aria-hidden="true" viewBox="0 0 100 6" preserveAspectRatio="none">'
        '<rect class="track" width="100" height="6" rx="1"/>'
        '<rect class="fill" width="{:.1f}" height="6" rx="1"/></svg>'
    ).format(kind, 100 * filled)


def _height(rows: float, highest: float) -> float:
    """Return the height of a column; what holds any row is at least one unit high, so that it can be seen."""
    return max(1.0, (_HEIGHT - 1) * rows / highest) if rows else 0.0
