"""How numbers and intervals read in claims and reasons."""

from __future__ import annotations

from math import floor, log10

__all__ = ["about", "counted", "holds", "measured", "number", "rounded_to_pass"]

_DIGITS = 3                       # significant digits: more would claim a precision that samples do not have


def number(value: float, *, apart_from: float | None = None) -> str:
    """Return a number with three significant digits, or as many more as it takes to differ from a limit.

    Parameters
    ----------
    value : float
    apart_from : float, optional
        A number that the text must not look equal to, unless the value is equal.

    Examples
    --------
    >>> number(0.41234)
    '0.412'
    >>> number(12345.6)
    '12,346'
    >>> number(0.35003, apart_from=0.35)
    '0.35003'
    """
    for digits in range(_DIGITS, 17):
        text = _with_digits(value, digits)
        if apart_from is None or value == apart_from or text != _with_digits(apart_from, digits):
            return text
    return repr(value)


def _with_digits(value: float, digits: int) -> str:
    if abs(value) < 1000:
        return f"{value:.{digits}g}"
    return f"{value:,.{max(0, digits - _DIGITS)}f}"


def measured(
    value: float, low: float | None, high: float | None, *, apart_from: float | None = None
) -> str:
    """Return a value with its interval, if there is one.

    Examples
    --------
    >>> measured(0.41, 0.39, 0.43)
    '0.41 [0.39, 0.43]'
    >>> measured(18.2, None, None)
    '18.2'
    """
    text = number(value, apart_from=apart_from)
    return text if low is None or high is None else f"{text} [{number(low)}, {number(high)}]"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> counted(1, "row"), counted(4200, "row")
    ('1 row', '4,200 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def about(count: int, noun: str) -> str:
    """Return a roughly known count with its noun, in two significant digits.

    Examples
    --------
    >>> about(4173, "row"), about(10**9, "row")
    ('about 4,200 rows', 'more than 10 million rows')
    """
    if count > 10_000_000:
        return f"more than 10 million {noun}s"
    return f"about {counted(int(float(f'{count:.2g}')), noun)}"


def holds(value: float, comparison: str, limit: float) -> bool:
    """Say whether a value keeps a limit, written as in the project file.

    Examples
    --------
    >>> holds(0.35, "<=", 0.35), holds(0.35, "<", 0.35)
    (True, False)
    """
    if value == limit:
        return comparison in ("<=", ">=")
    return (value < limit) == (comparison in ("<=", "<"))


def rounded_to_pass(value: float, comparison: str) -> float:
    """Return the limit nearest to a value, in three significant digits, that the value satisfies.

    Parameters
    ----------
    value : float
    comparison : str
        ``"<="``, ``">="``, ``"<"`` or ``">"``.

    Examples
    --------
    >>> rounded_to_pass(0.4132, "<="), rounded_to_pass(0.4132, ">="), rounded_to_pass(0.5, "<")
    (0.414, 0.413, 0.501)
    """
    step = 10.0 ** (floor(log10(abs(value))) - _DIGITS + 1) if value else 0.001
    near = floor(value / step)
    limits = [float(f"{steps * step:.12g}") for steps in range(near - 1, near + 3)]
    kept = [limit for limit in limits if holds(value, comparison, limit)]
    return min(kept) if comparison in ("<=", "<") else max(kept)
