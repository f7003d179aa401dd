"""What was odd at the door, counted by field and problem: values that were flagged, and rows that were refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import msgspec
import polars as pl

from loopwright.stages.monitoring.budget import Budget
from loopwright.stages.monitoring.windows import DoorReading

__all__ = ["PROBLEMS", "problem_of", "read_doors"]

PROBLEMS = (
    "above its range", "below its range", "given twice", "known only after the outcome", "missing", "new value",
    "no class", "not finite", "unknown column", "wrong type",
)
"""What the door finds wrong with a field, without the value."""

_RANGES = {"above": "above its range", "below": "below its range"}
_MOST_EXAMPLES = 5
_LONGEST_EXAMPLE = 80
# Refused for what they are, and not because the model failed.
_FIRST_FAULT_OF_OURS = 500
# Odd rows of which a window may always have so many: the reference knows little of shares below it, and a single
# caller's slip is no news.
_LEAST_SHARE = 0.005
_FEWEST_ROWS = 20
# The share of the reference is taken for the largest that it may be at this level.
_SURE = 0.99


@dataclass(slots=True)
class _Tally:
    """Rows of one field with one problem."""

    flagged: int
    refused: int
    examples: list[str]


def read_doors(
    frame: pl.DataFrame, refusals: pl.DataFrame, *, budget: Budget, reference_rows: int,
    shares: Mapping[tuple[str, str], float] | None = None, private: Collection[str] = (),
) -> tuple[DoorReading, ...]:
    """Count what was odd at the door in one window, and say where it is more than it should be.

    Parameters
    ----------
    frame : DataFrame of n_rows
        Live rows with ``__flags``, such as ``["fare: above 250"]``.
    refusals : DataFrame of n_refusals
        Rows of the table of refusals, with ``problems`` such as ``["fare: wrong type: found ..."]``. Those with a
        status from 500 on are left out: nothing was wrong with the row.
    budget : Budget
        What a field may cost is shared by the problems that it can have.
    reference_rows : int
        Rows that the shares were counted on, 0 if none.
    shares : mapping of (str, str) to float, optional
        Share of the reference rows that the same check finds, by field and problem; 0 where it is not said.
    private : collection of str, default=()
        Fields with personal data: no examples of them are kept.

    Returns
    -------
    tuple of DoorReading
        Most rows first; nothing for what did not occur. Fewer than 20 rows raise no alarm.

    References
    ----------
    Clopper & Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the binomial,
    Biometrika 26(4).

    Examples
    --------
    >>> from loopwright.settings import MonitorSettings
    >>> from loopwright.stages.monitoring.budget import budget
    >>> limits = budget(MonitorSettings(), columns=1, qualities=1, doors=1, others=5)
    >>> frame = pl.DataFrame({"fare": [900.0, 7.0] * 50, "__flags": [["fare: above 250"], []] * 50})
    >>> reading, = read_doors(frame, pl.DataFrame(), budget=limits, reference_rows=1000)
    >>> reading.field, reading.problem, reading.share, reading.alarmed, reading.examples
    ('fare', 'above its range', 0.5, True, ('900.0',))
    """
    refused = _of_their_own_fault(refusals)
    rows = frame.height + refused.height
    tallies: dict[tuple[str, str], _Tally] = {}
    _count_flags(frame, tallies, private=frozenset(private))
    _count_refusals(refused, tallies, private=frozenset(private))
    alpha = budget.doors.window_alpha / len(PROBLEMS)
    readings = [
        _reading(key, tally, rows=rows, alpha=alpha, share=(shares or {}).get(key, 0.0), of=reference_rows)
        for key, tally in tallies.items()
    ]
    return tuple(sorted(readings, key=lambda reading: (-reading.rows, reading.field, reading.problem)))


def problem_of(text: str) -> tuple[str, str]:
    """Return field and problem of a line of the door, without the value.

    Parameters
    ----------
    text : str
        ``"<field>: <problem>"``, where the problem may go on with a value or an explanation.

    Returns
    -------
    field, problem : str
        The field is ``""`` for the row as a whole.

    Examples
    --------
    >>> problem_of("fare: above 250"), problem_of("payment_type: new value 'Kredit'")
    (('fare', 'above its range'), ('payment_type', 'new value'))
    >>> problem_of("fare: wrong type: found the text 'ten'; allowed is a number")
    ('fare', 'wrong type')
    """
    at, problem = _where(text)
    if at is not None:
        return text[:at], problem
    field, colon, rest = text.partition(": ")
    return (field, _bare(rest)) if colon else ("", _bare(text))


def _where(text: str) -> tuple[int | None, str]:
    """Return where the field ends and which known problem follows; names of fields may have colons too."""
    found = _KNOWN.search(text)
    if found is None:
        return None, ""
    words = found.group(1)
    return found.start(), _RANGES.get(words, words)


_KNOWN = re.compile(
    ": ?(" + "|".join([*(word for word in PROBLEMS if word not in _RANGES.values()), *_RANGES]) + r")\b"
)


def _bare(words: str) -> str:
    """Return the words before the first quotation, number or explanation."""
    return re.split(r"\s*(?:['\":;,(]|[-+]?\d)", words, maxsplit=1)[0].strip() or "odd"


def _of_their_own_fault(refusals: pl.DataFrame) -> pl.DataFrame:
    if "status" not in refusals.columns:
        return refusals
    return refusals.filter(pl.col("status") < _FIRST_FAULT_OF_OURS)


def _count_flags(
    frame: pl.DataFrame, tallies: dict[tuple[str, str], _Tally], *, private: frozenset[str]
) -> None:
    if "__flags" not in frame.columns:
        return
    odd = frame.filter(pl.col("__flags").list.len() > 0)
    for position, flags in enumerate(odd["__flags"].to_list()):
        for key in {problem_of(flag): None for flag in flags}:
            tally = tallies.setdefault(key, _Tally(0, 0, []))
            tally.flagged += 1
            if _wants_example(tally, key[0], private) and key[0] in odd.columns:
                _add_example(tally, odd[key[0]][position])


def _count_refusals(
    refusals: pl.DataFrame, tallies: dict[tuple[str, str], _Tally], *, private: frozenset[str]
) -> None:
    for key, row in _refused(refusals):
        tally = tallies.setdefault(key, _Tally(0, 0, []))
        tally.refused += 1
        if _wants_example(tally, key[0], private):
            _add_example(tally, _value(row, key[0]))


def _refused(refusals: pl.DataFrame) -> Iterator[tuple[tuple[str, str], str | None]]:
    if "problems" not in refusals.columns:
        return
    rows = refusals["row"].to_list() if "row" in refusals.columns else [None] * refusals.height
    for problems, row in zip(refusals["problems"].to_list(), rows, strict=True):
        for key in {problem_of(problem): None for problem in problems or ()}:
            yield key, row


def _wants_example(tally: _Tally, field: str, private: frozenset[str]) -> bool:
    return len(tally.examples) < _MOST_EXAMPLES and bool(field) and field not in private


def _value(row: str | None, field: str) -> object:
    """Return the value of a field of a row that is kept as JSON text; None if it cannot be read."""
    try:
        content = msgspec.json.decode(row or "null")
    except msgspec.DecodeError:
        # The refused row is shown as an example only: one that cannot be read is none.
        return None
    return content.get(field) if isinstance(content, dict) else None


def _add_example(tally: _Tally, value: object) -> None:
    text = str(value)[:_LONGEST_EXAMPLE]
    if value is not None and text not in tally.examples:
        tally.examples.append(text)


def _reading(
    key: tuple[str, str], tally: _Tally, *, rows: int, alpha: float, share: float, of: int
) -> DoorReading:
    odd = tally.flagged + tally.refused
    p_value = _tail(odd, rows, share=_largest(share, of)) if rows >= _FEWEST_ROWS else 1.0
    return DoorReading(
        field=key[0], problem=key[1], rows=odd, share=odd / rows, reference=share, p_value=p_value,
        alarmed=p_value <= alpha, refused=tally.refused, examples=tuple(tally.examples),
    )


def _largest(share: float, rows: int) -> float:
    """Return the largest true share that goes with what the reference has, and never less than always passes."""
    from scipy.special import betaincinv

    if rows == 0:
        return max(share, _LEAST_SHARE)
    hits = min(round(share * rows), rows - 1)
    return max(float(betaincinv(hits + 1, rows - hits, _SURE)), _LEAST_SHARE)


def _tail(odd: int, rows: int, *, share: float) -> float:
    from scipy.special import bdtrc

    return float(bdtrc(odd - 1, rows, share))
