"""Three kinds of expectation of a model's behaviour, for use in a project's ``scenarios.py``.

References
----------
Ribeiro, Wu, Guestrin & Singh (2020), Beyond Accuracy: Behavioral Testing of NLP Models with CheckList, ACL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import EmptySample, UserCodeError
from loopwright.stages.evaluation.wording import counted, number

__all__ = ["Answers", "Predict", "Violations", "directional", "expects", "invariant"]

Answers: TypeAlias = pl.Series | NDArray[np.generic]
Predict: TypeAlias = Callable[[pl.DataFrame], Answers]
"""Answers a frame of source columns with one prediction a row."""

_SHOWN = 3                        # examples in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Violations:
    """How many rows did not behave as expected; reads as a sentence in an assertion message.

    Attributes
    ----------
    rows : int
        Rows that were tried.
    violating : int
        Rows that violate the expectation.
    examples : tuple of str
        At most three of them: position in the frame, and what was said.
    """

    rows: int
    violating: int
    examples: tuple[str, ...]

    @property
    def share(self) -> float:
        """Violating rows as a share of all, 0 to 1."""
        return self.violating / self.rows

    def __str__(self) -> str:
        if not self.violating:
            return f"none of {counted(self.rows, 'row')} violates it"
        return (
            f"{self.violating:,} of {counted(self.rows, 'row')} ({number(100 * self.share)} %) violate it: "
            + "; ".join(self.examples)
        )


def invariant(
    predict: Predict,
    rows: pl.DataFrame,
    *,
    change: Callable[[pl.DataFrame], pl.DataFrame],
    tolerance: float = 0.0,
) -> Violations:
    """Count the rows whose prediction changes although it should not (invariance test).

    Parameters
    ----------
    predict : callable
    rows : polars.DataFrame
        Source columns.
    change : callable
        Returns the rows with a change that should not matter.
    tolerance : float, default=0.0
        Numbers and probabilities may move by so much, in their own unit; classes may not change at all.

    Raises
    ------
    EmptySample
        If there are no rows.
    UserCodeError
        If the change drops or adds rows.

    Examples
    --------
    >>> shout = lambda rows: rows.with_columns(pl.col("name").str.to_uppercase())
    >>> rows = pl.DataFrame({"name": ["ann", "BOB"]})
    >>> print(invariant(lambda r: r["name"].str.contains("a").cast(float), rows, change=shout))
    1 of 2 rows (50 %) violate it: row 0: 1 became 0
    """
    before, after = _before_and_after(predict, rows, change)
    old, new = _as_numbers(before), _as_numbers(after)
    same = before == after if old is None or new is None else np.abs(new - old) <= tolerance
    return _violations(~same, lambda row: f"{_said(before[row])} became {_said(after[row])}")


def directional(
    predict: Predict,
    rows: pl.DataFrame,
    *,
    change: Callable[[pl.DataFrame], pl.DataFrame],
    expect: Literal["up", "down"],
    tolerance: float = 0.0,
) -> Violations:
    """Count the rows whose prediction moves the wrong way when they are changed (directional expectation).

    A prediction that stays the same violates nothing.

    Parameters
    ----------
    predict : callable
        Must answer numbers or probabilities.
    rows : polars.DataFrame
        Source columns.
    change : callable
        Returns the rows with a change that should move the prediction.
    expect : {"up", "down"}
    tolerance : float, default=0.0
        A prediction may move the wrong way by so much, in its own unit.

    Raises
    ------
    EmptySample
        If there are no rows.
    UserCodeError
        If the change drops or adds rows, or predictions are names of classes, which have no up and down.

    Examples
    --------
    >>> longer = lambda rows: rows.with_columns(pl.col("miles") * 2)
    >>> rows = pl.DataFrame({"miles": [1.0, 3.0]})
    >>> directional(lambda r: 5 - r["miles"], rows, change=longer, expect="up").share
    1.0
    """
    before, after = _before_and_after(predict, rows, change)
    old, new = _as_numbers(before), _as_numbers(after)
    if old is None or new is None:
        raise UserCodeError(
            f"directional() needs predictions that are numbers, but this model answers classes such as "
            f"{before[0]!r}, which have no up and down. Use invariant() or expects() here."
        )
    rise = new - old if expect == "up" else old - new
    return _violations(~(rise >= -tolerance), lambda row: f"{_said(before[row])} became {_said(after[row])}")


def expects(
    predict: Predict,
    rows: pl.DataFrame,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    equal_to: str | None = None,
) -> Violations:
    """Count the rows whose prediction is not what anyone would expect (minimum functionality test).

    Parameters
    ----------
    predict : callable
    rows : polars.DataFrame
        Source columns of clear cases: picked from the sample, or written down.
    at_least, at_most : float, optional
        Bounds on numbers and probabilities.
    equal_to : str, optional
        The class that every row must get.

    Raises
    ------
    EmptySample
        If there are no rows.
    UserCodeError
        If nothing is expected, both bounds and a class are, or a bound is put on classes.

    Examples
    --------
    >>> rows = pl.DataFrame({"miles": [0.0, 30.0]})
    >>> print(expects(lambda r: r["miles"] * 2 - 1, rows, at_least=0))
    1 of 2 rows (50 %) violate it: row 0: -1
    """
    said = _answers(predict, rows)
    bounded = at_least is not None or at_most is not None
    if bounded == (equal_to is not None):
        raise UserCodeError("expects() needs either bounds (at_least, at_most) or a class (equal_to).")
    if equal_to is not None:
        return _violations(said.astype(str) != equal_to, lambda row: _said(said[row]))
    numbers = _as_numbers(said)
    if numbers is None:
        raise UserCodeError(
            f"expects() was given a bound, but this model answers classes such as {said[0]!r}. Use equal_to."
        )
    low, high = -np.inf if at_least is None else at_least, np.inf if at_most is None else at_most
    wrong = ~((numbers >= low) & (numbers <= high))
    return _violations(wrong, lambda row: _said(said[row]))


def _before_and_after(
    predict: Predict, rows: pl.DataFrame, change: Callable[[pl.DataFrame], pl.DataFrame]
) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    changed = change(rows)
    if changed.height != rows.height:
        raise UserCodeError(
            f"the change turned {counted(rows.height, 'row')} into {counted(changed.height, 'row')}, so the "
            f"predictions cannot be compared row by row. Change values only, as rows.with_columns(...) does."
        )
    return _answers(predict, rows), _answers(predict, changed)


def _answers(predict: Predict, rows: pl.DataFrame) -> NDArray[np.generic]:
    if not rows.height:
        raise EmptySample("there are no rows to try; choose them so that at least one is left")
    answers = predict(rows)
    return answers.to_numpy() if isinstance(answers, pl.Series) else answers


def _as_numbers(answers: NDArray[np.generic]) -> NDArray[np.float64] | None:
    """Return numbers and truth values as floats; None for classes."""
    return answers.astype(np.float64) if answers.dtype.kind in "biuf" else None


def _violations(violating: NDArray[np.bool_], describe: Callable[[int], str]) -> Violations:
    where = np.flatnonzero(violating)
    return Violations(
        rows=len(violating),
        violating=len(where),
        examples=tuple(f"row {row}: {describe(row)}" for row in where[:_SHOWN].tolist()),
    )


def _said(answer: np.generic) -> str:
    value = answer.item() if isinstance(answer, np.generic) else answer
    return number(float(value)) if isinstance(value, int | float) else str(value)
