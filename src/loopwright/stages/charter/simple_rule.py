"""The best rule over one column: how the decision would be made without machine learning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.stages.charter.afterwards import coded
from loopwright.stages.charter.outcome import Outcome
from loopwright.stages.charter.quoting import column_code, is_argument, number_code, quoted, quoted_list

__all__ = ["SimpleRule", "find_simple_rule"]

_ROWS = 20_000
_COLUMNS = 300
_CUTS = 31                         # tried for one split
_BINS = 6                          # of a table over a number
_LISTED = 31                       # values in a table over categories
_MIN_ROWS, _MIN_SHARE = 10, 0.005   # for a value to get an answer of its own

Truth = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleRule:
    """A rule that looks at one column.

    Attributes
    ----------
    column : str
    arguments : tuple of str
        Of the function: the column, if its name can be one.
    code : str
        A Polars expression as Python, on several lines if it is a table.
    score : float
        Binary: true positive rate less false positive rate. Multiclass: accuracy. Regression: share of the
        variance that is explained. Of the rows it was found on.
    rows : int
        Rows it was found on.
    """

    column: str
    arguments: tuple[str, ...]
    code: str
    score: float
    rows: int


def find_simple_rule(
    frame: pl.DataFrame,
    label: pl.Series,
    *,
    outcome: Outcome,
    columns: Sequence[str],
    time: str | None = None,
) -> SimpleRule | None:
    """Find the column that decides best by a single split or a short table.

    Parameters
    ----------
    frame : polars.DataFrame of shape (n_rows, n_columns)
    label : polars.Series of shape (n_rows,)
    outcome : Outcome
    columns : sequence of str
        Those that a rule may look at.
    time : str, optional
        If given, the rule is found on the earlier seven tenths of the rows, and knows nothing of later ones.

    Returns
    -------
    SimpleRule or None
        None if no column says anything.

    Examples
    --------
    >>> from loopwright.stages.charter.outcome import outcome
    >>> rows = pl.DataFrame({"paid": ["Card", "Cash"] * 50, "fare": range(100)})
    >>> label = pl.Series("tip", [1, 0] * 50)
    >>> find_simple_rule(rows, label, outcome=outcome(label), columns=rows.columns).code
    '(paid == "Card").fill_null(value=False)'
    """
    truth = coded(label, outcome)
    rows = _chosen_rows(frame, truth, time)
    wanted = set(columns)
    usable = [each for each in frame.iter_columns() if each.name in wanted and _is_usable(each.dtype)]
    kind = _KINDS[outcome.task]
    known = truth[rows]
    proposals = [found for each in usable[:_COLUMNS] for found in kind(each.gather(rows), known, outcome)]
    best = max(proposals, key=lambda found: found.score, default=None)
    return best if best is not None and best.score > _floor(outcome) else None


def _floor(outcome: Outcome) -> float:
    return max(outcome.shares) if outcome.task == "multiclass" else 0.0


def _chosen_rows(frame: pl.DataFrame, truth: Truth, time: str | None) -> NDArray[np.int64]:
    rows = np.flatnonzero(np.isfinite(truth))
    if time is not None:
        order = frame[time][rows].arg_sort().to_numpy()
        rows = rows[order[: max(1, int(0.7 * len(rows)))]]
    if len(rows) > _ROWS:
        rows = np.random.default_rng(0).choice(rows, size=_ROWS, replace=False)
    return np.sort(rows)


def _is_usable(kind: pl.DataType) -> bool:
    return kind.is_numeric() or kind in (pl.String, pl.Boolean)


def _rule(values: pl.Series, code: str, score: float) -> SimpleRule:
    arguments = (values.name,) if is_argument(values.name) else ()
    return SimpleRule(column=values.name, arguments=arguments, code=code, score=score, rows=len(values))


# -- two classes -------------------------------------------------------------------------------------------


def _binary(values: pl.Series, truth: Truth, outcome: Outcome) -> Iterator[SimpleRule]:
    # A rule that says True is taken to mean the class "true" where there is one, whichever is positive.
    if set(outcome.classes) == {"true", "false"} and outcome.positive == "false":
        truth = 1 - truth
    if not 0 < truth.sum() < len(truth):
        return
    if values.dtype == pl.Boolean:
        yield from _flag(values, truth)
    elif values.dtype == pl.String:
        yield from _listed(values, truth)
    else:
        yield from _split(values, truth)


def _flag(values: pl.Series, truth: Truth) -> Iterator[SimpleRule]:
    name = column_code(values.name)
    for code, said in ((name, values), (f"~{name}", ~values)):
        known = said.fill_null(value=False).to_numpy()
        yield _rule(values, f"({code}).fill_null(value=False)", _youden(known, truth))


def _listed(values: pl.Series, truth: Truth) -> Iterator[SimpleRule]:
    """Yield the list of the values whose rows are positive more often than others."""
    rates = _by_value(values, truth).filter(pl.col("mean") > truth.mean())
    chosen = sorted(rates["value"].head(_LISTED).to_list())
    if not chosen:
        return
    said = values.is_in(chosen).fill_null(value=False).to_numpy()
    name = column_code(values.name)
    code = f"({name} == {quoted(chosen[0])})" if len(chosen) == 1 else f"{name}.is_in({quoted_list(chosen)})"
    yield _rule(values, f"{code}.fill_null(value=False)", _youden(said, truth))


def _split(values: pl.Series, truth: Truth) -> Iterator[SimpleRule]:
    numbers = _numbers(values)
    for cut in _cuts(numbers, _CUTS):
        for operator, said in ((">", numbers > cut), ("<=", numbers <= cut)):
            code = f"({column_code(values.name)} {operator} {number_code(cut)}).fill_null(value=False)"
            yield _rule(values, code, _youden(said, truth))


def _youden(said: NDArray[np.bool_], truth: Truth) -> float:
    return float(said[truth == 1].mean() - said[truth == 0].mean())


# -- several classes, and numbers --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    """How rows of one kind are answered, how good answers are, and how they are written."""

    make: Callable[[Truth], float]
    score: Callable[[Truth], float]
    shown: Callable[[float], str]
    kind: str


def _multiclass(values: pl.Series, truth: Truth, outcome: Outcome) -> Iterator[SimpleRule]:
    def answer(part: Truth) -> float:
        return float(np.bincount(part.astype(np.int64), minlength=len(outcome.classes)).argmax())

    def score(answers: Truth) -> float:
        return float((answers == truth).mean())

    def shown(code: float) -> str:
        return quoted(outcome.classes[int(code)])

    yield from _tables(values, truth, _Answers(make=answer, score=score, shown=shown, kind="pl.String"))


def _regression(values: pl.Series, truth: Truth, outcome: Outcome) -> Iterator[SimpleRule]:  # noqa: ARG001
    variance = float(truth.var())
    if variance == 0:
        return

    def score(answers: Truth) -> float:
        return 1 - float(((truth - answers) ** 2).mean()) / variance

    def answer(part: Truth) -> float:
        return _rounded(float(part.mean()))

    yield from _tables(values, truth, _Answers(make=answer, score=score, shown=repr, kind="pl.Float64"))


def _tables(values: pl.Series, truth: Truth, answers: _Answers) -> Iterator[SimpleRule]:
    if values.dtype == pl.String or (values.dtype.is_integer() and values.n_unique() <= _LISTED):
        yield from _table(values, truth, answers)
    if values.dtype.is_numeric():
        yield from _chain(values, truth, answers)


def _table(values: pl.Series, truth: Truth, answers: _Answers) -> Iterator[SimpleRule]:
    """Yield a table with an answer for each frequent value."""
    default = answers.make(truth)
    frequent = _by_value(values, truth).head(_LISTED)["value"].sort().to_list()
    if not frequent:
        return
    table = {value: answers.make(truth[values.eq_missing(value).to_numpy()]) for value in frequent}
    said = values.replace_strict(table, default=default, return_dtype=pl.Float64).to_numpy()
    keys = {value: quoted(value) if isinstance(value, str) else repr(value) for value in table}
    lines = [
        f"{column_code(values.name)}.replace_strict(",
        "    {",
        *(f"        {keys[value]}: {answers.shown(one)}," for value, one in table.items()),
        "    },",
        f"    default={answers.shown(default)},",
        f"    return_dtype={answers.kind},",
        ")",
    ]
    yield _rule(values, "\n".join(lines), answers.score(said))


def _chain(values: pl.Series, truth: Truth, answers: _Answers) -> Iterator[SimpleRule]:
    """Yield a chain of conditions, from the lowest limit up; a missing value gets the answer to all rows."""
    numbers, default = _numbers(values), answers.make(truth)
    cuts = list(_cuts(numbers, _BINS - 1))
    if not cuts:
        return
    place = np.where(np.isnan(numbers), -1, np.searchsorted(cuts, numbers, side="left"))
    inside = [place == at for at in range(len(cuts) + 1)]
    made = [answers.make(truth[rows]) if rows.any() else default for rows in inside]
    said = np.where(place < 0, default, np.array(made)[place])
    name = column_code(values.name)
    lines = [
        "(",
        f"    pl.when({name}.is_null()).then(pl.lit({answers.shown(default)}))",
        *(
            f"    .when({name} <= {number_code(cut)}).then(pl.lit({answers.shown(one)}))"
            for cut, one, after in zip(cuts, made, made[1:], strict=False) if one != after
        ),
        f"    .otherwise(pl.lit({answers.shown(made[-1])}))",
        ")",
    ]
    yield _rule(values, "\n".join(lines), answers.score(said))


def _by_value(values: pl.Series, truth: Truth) -> pl.DataFrame:
    """Return the values with enough rows, their number and the mean of the label, most frequent first."""
    table = pl.DataFrame({"value": values, "truth": truth}).drop_nulls("value")
    counted = table.group_by("value").agg(pl.len().alias("rows"), pl.col("truth").mean().alias("mean"))
    enough = pl.col("rows") >= max(_MIN_ROWS, _MIN_SHARE * len(values))
    return counted.filter(enough).sort(["rows", "value"], descending=[True, False])


def _numbers(values: pl.Series) -> Truth:
    return values.cast(pl.Float64).fill_null(float("nan")).to_numpy().astype(np.float64)


def _cuts(numbers: Truth, most: int) -> Iterable[float]:
    """Return at most so many limits between values, at quantiles, rounded to four digits."""
    known = np.sort(numbers[np.isfinite(numbers)])
    if len(known) < 2 * _MIN_ROWS:
        return []
    at = known[np.arange(1, most + 1) * len(known) // (most + 1)]
    limits = np.unique([_rounded(float(value)) for value in at])
    return [float(value) for value in limits if known[0] <= value < known[-1]]


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


_KINDS: dict[str, Callable[[pl.Series, Truth, Outcome], Iterator[SimpleRule]]] = {
    "binary": _binary,
    "multiclass": _multiclass,
    "regression": _regression,
}
