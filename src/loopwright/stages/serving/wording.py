"""How counts and e-values read in sentences about a release."""

from __future__ import annotations

__all__ = ["counted", "shown"]


def counted(count: int, noun: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> counted(1, "row"), counted(4200, "row")
    ('1 row', '4,200 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def shown(evidence: float) -> str:
    """Return an e-value as it reads in a sentence.

    Examples
    --------
    >>> shown(17.94), shown(4.2e61)
    ('17.9', 'over a million')
    """
    return f"{evidence:.3g}" if evidence < 1_000_000 else "over a million"
