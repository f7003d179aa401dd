"""What is to be predicted, as its values show: the task, its classes, and what knowing nothing would cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

import polars as pl

from loopwright.errors import UnusableLabel, nearest
from loopwright.stages.charter.quoting import quoted

__all__ = ["Outcome", "Task", "class_names", "outcome"]

Task: TypeAlias = Literal["binary", "multiclass", "regression"]

_FEW_VALUES = 20                   # whole numbers with at most so many different values are taken for classes
_ROWS_PER_CLASS = 5                # unless there are fewer rows than this for each
_MAX_CLASSES = 1000
_POSITIVE_WORDS = {"true", "yes", "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The label of a project.

    Attributes
    ----------
    task : {"binary", "multiclass", "regression"}
    why : str
        What in the values says so.
    labelled, unlabelled : int
        Rows with and without a label.
    classes : tuple of str
        The most frequent first; empty for regression.
    shares : tuple of float
        Of the labelled rows, in the order of the classes.
    positive : str or None
        Of two classes the one that is looked for.
    low, high, spread : float
        Smallest and largest value and standard deviation, for regression; 0 otherwise.
    """

    task: Task
    why: str
    labelled: int
    unlabelled: int
    classes: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    positive: str | None = None
    low: float = 0.0
    high: float = 0.0
    spread: float = 0.0

    @property
    def positive_share(self) -> float:
        """Share of the positive class among the labelled rows; 0 where there is none."""
        return dict(zip(self.classes, self.shares, strict=True)).get(self.positive or "", 0.0)

    @property
    def entropy(self) -> float:
        """Log loss, in nats, of a model that answers every row with the shares of the classes."""
        return -sum(share * math.log(share) for share in self.shares)


def outcome(values: pl.Series, *, task: str | None = None, positive: str | None = None) -> Outcome:
    """Look at the values of a label.

    Parameters
    ----------
    values : polars.Series of shape (n_rows,)
        Null and NaN where a row has no label.
    task : {"binary", "multiclass", "regression"}, optional
        What the user says it is.
    positive : str, optional
        Of two classes the one that is looked for; else ``true``, ``yes`` or ``1``, else the rarer one.

    Raises
    ------
    UnusableLabel
        If nothing can be learnt from it, or it does not fit what the user says.

    Examples
    --------
    >>> seen = outcome(pl.Series("Churn", ["No", "Yes", "No", None]))
    >>> seen.task, seen.why, seen.positive
    ('binary', 'it has two values', 'Yes')
    """
    known = values.drop_nulls()
    if known.dtype.is_float():
        known = known.filter(known.is_not_nan())
    _check_values(values, known)
    found, why = _task(known) if task is None else (_wanted(task, known), "so it was said")
    if found == "regression":
        if positive is not None:
            raise UnusableLabel(
                f"{_named(values)} is a number to predict, so that no value of it is positive. "
                f"Leave --positive out."
            )
        return _number(known, why=why, unlabelled=len(values) - len(known))
    return _classes(known, task=found, why=why, positive=positive, unlabelled=len(values) - len(known))


def class_names(values: pl.Series) -> pl.Series:
    """Return class values as text, as the label room calls them: ``1.0`` and ``1`` are one class.

    Examples
    --------
    >>> class_names(pl.Series([1.0, 2.5, None])).to_list(), class_names(pl.Series([True])).to_list()
    (['1', '2.5', None], ['true'])
    """
    return values.map_elements(_class_name, return_dtype=pl.String, skip_nulls=True)


def _class_name(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _named(values: pl.Series) -> str:
    return f"the label {quoted(values.name)}"


def _check_values(values: pl.Series, known: pl.Series) -> None:
    if known.is_empty():
        raise UnusableLabel(
            f"{_named(values)} is missing in all {len(values):,} rows; there is nothing to learn from. "
            f"Name another column, or a rule."
        )
    if not (known.dtype.is_numeric() or known.dtype in (pl.String, pl.Boolean)):
        raise UnusableLabel(
            f"{_named(values)} holds {known.dtype} (such as {known[0]!r}), which cannot be predicted. "
            f"Write a rule about it that is true or false, or gives a number."
        )
    if known.n_unique() == 1:
        raise UnusableLabel(
            f"{_named(values)} is {known[0]!r} in every row that has one; there is nothing to learn. "
            f"Name another column, change the rule, or bring rows with other values."
        )


def _task(known: pl.Series) -> tuple[Task, str]:
    distinct = known.n_unique()
    if distinct == 2:
        return "binary", "it has two values"
    if known.dtype == pl.String:
        if distinct > min(_MAX_CLASSES, len(known) / 2):
            raise UnusableLabel(
                f"{_named(known)} is text with {distinct:,} different values in {len(known):,} rows; "
                f"these are no classes. Name another column, or a rule."
            )
        return "multiclass", f"it is text with {distinct} different values"
    if not _is_whole(known):
        return "regression", f"it is a number with {distinct:,} different values, not all of them whole"
    if distinct <= _FEW_VALUES and len(known) >= _ROWS_PER_CLASS * distinct:
        return "multiclass", f"it has only {distinct} different values, all of them whole numbers"
    return "regression", f"it is a number with {distinct:,} different values"


def _is_whole(known: pl.Series) -> bool:
    if not known.dtype.is_float():
        return True
    return bool((known.is_finite() & (known == known.floor())).all())


def _wanted(task: str, known: pl.Series) -> Task:
    distinct = known.n_unique()
    if task not in ("binary", "multiclass", "regression"):
        raise UnusableLabel(
            f"there is no task {task!r}{nearest(task, ('binary', 'multiclass', 'regression'))}. "
            f"There are binary, multiclass and regression."
        )
    if task == "binary" and distinct != 2:
        raise UnusableLabel(
            f"{_named(known)} has {distinct:,} different values, and a binary task needs two. "
            f"Leave --task out to have it found, or write a rule such as `{known.name} == {known[0]!r}`."
        )
    if task == "regression" and known.dtype == pl.String:
        raise UnusableLabel(
            f"{_named(known)} is text (such as {known[0]!r}), and regression needs numbers. "
            f"Leave --task out to have it found, or name another column."
        )
    if task == "multiclass" and distinct > _MAX_CLASSES:
        raise UnusableLabel(
            f"{_named(known)} has {distinct:,} different values; more than {_MAX_CLASSES:,} classes are "
            f"hardly meant. Name another column, or take --task regression."
        )
    return cast("Task", task)


def _number(known: pl.Series, *, why: str, unlabelled: int) -> Outcome:
    numbers = known.cast(pl.Float64)
    infinite = int(numbers.is_infinite().sum())
    if infinite:
        raise UnusableLabel(f"{_named(known)} is infinite in {infinite:,} rows. Mend them or leave them out.")
    low, high, spread = (cast("float", value) for value in (numbers.min(), numbers.max(), numbers.std()))
    return Outcome(
        task="regression", why=why, labelled=len(known), unlabelled=unlabelled,
        low=low, high=high, spread=spread,
    )


def _classes(known: pl.Series, *, task: Task, why: str, positive: str | None, unlabelled: int) -> Outcome:
    counts = class_names(known).alias("class").value_counts(name="rows")
    counts = counts.sort(["rows", "class"], descending=[True, False])
    classes, rows = counts["class"].to_list(), counts["rows"].to_list()
    return Outcome(
        task=task, why=why, labelled=len(known), unlabelled=unlabelled,
        classes=tuple(classes), shares=tuple(count / len(known) for count in rows),
        positive=_positive(known, classes, task=task, said=positive),
    )


def _positive(known: pl.Series, classes: list[str], *, task: Task, said: str | None) -> str | None:
    if said is not None:
        if task != "binary":
            raise UnusableLabel(
                f"{_named(known)} has {len(classes)} classes; only of two can one be positive. "
                f"Leave --positive out."
            )
        if said not in classes:
            raise UnusableLabel(
                f"{_named(known)} is never {said!r}{nearest(said, classes)}. Its two values are "
                f"{quoted(classes[0])} and {quoted(classes[1])}."
            )
        return said
    if task != "binary":
        return None
    words = [name for name in classes if name.lower() in _POSITIVE_WORDS]
    return words[0] if len(words) == 1 else classes[-1]
