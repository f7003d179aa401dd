"""What a user demands of a model's behaviour, as plain functions with asserts, and how these are run.

Every public function of the project's ``scenarios.py`` is a scenario. Its docstring is the claim,
``assert`` decides, and it takes what it needs of two things: ``predict``, which answers a frame of source
columns with one prediction a row (the probability of the positive class, the name of the likeliest class,
or a number), and ``rows``, a sample of the test part's source rows::

    def longer_trips_cost_more(predict, rows):
        '''A trip twice as long never gets a lower fare.'''
        found = directional(predict, rows, change=twice_as_long, expect="up")
        assert found.share <= 0.02, found

See `loopwright.stages.evaluation.expectations` for ``directional`` and its two sisters.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import CoroutineType, ModuleType

import polars as pl

from loopwright.records.evidence import Evidence
from loopwright.records.record import Ref
from loopwright.stages.evaluation.expectations import Predict
from loopwright.stages.evaluation.wording import counted

__all__ = ["run_scenarios", "scenarios_in"]


def scenarios_in(module: ModuleType) -> dict[str, Callable[..., object]]:
    """Return the scenarios of a module: its own public functions, in the order in which they are written.

    Parameters
    ----------
    module : module
        The user's ``scenarios.py``, imported.
    """
    own = {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and not name.startswith("_") and value.__module__ == module.__name__
    }
    return dict(sorted(own.items(), key=lambda item: item[1].__code__.co_firstlineno))


def run_scenarios(
    functions: Mapping[str, Callable[..., object]],
    predict: Predict,
    rows: pl.DataFrame,
    *,
    subject: Ref,
    part: str = "test",
    at: str = "",
) -> tuple[Evidence, ...]:
    """Run every scenario on a model and say how it came out.

    A scenario holds if it returns without an error. One that raises anything but ``AssertionError``, or
    returns something (an assert was forgotten), has failed too: an expectation that cannot be checked is
    not met.

    Parameters
    ----------
    functions : mapping of name to callable
        As from `scenarios_in`.
    predict : callable
        The model, from source columns to predictions.
    rows : polars.DataFrame
        A sample of source rows.
    subject : Ref
        The model.
    part : str, default="test"
        The part that the rows are from.
    at : str, default=""
        When, UTC, ISO 8601.

    Returns
    -------
    tuple of Evidence
        One for each scenario, ``scenario.<name>``, in the order given.

    Examples
    --------
    >>> def never_negative(predict, rows):
    ...     '''A fare is never negative.'''
    ...     assert (predict(rows) >= 0).all()
    >>> run, = run_scenarios({"never_negative": never_negative}, lambda rows: rows["miles"] * 2,
    ...     pl.DataFrame({"miles": [1.0]}), subject=Ref(kind="model", digest="0"))
    >>> run.check, run.passed, run.claim
    ('scenario.never_negative', True, 'A fare is never negative: holds on 1 row.')
    """
    return tuple(
        Evidence(
            made_from=(subject,), check=f"scenario.{name}", subject=subject, part=part, at=at,
            claim=f"{_claim(name, function)}: {text}", passed=passed, rows=rows.height,
        )
        for name, function in functions.items()
        for passed, text in [_outcome(function, {"predict": predict, "rows": rows}, rows.height)]
    )


def _claim(name: str, function: Callable[..., object]) -> str:
    said = inspect.getdoc(function) or name.replace("_", " ")
    return said.split("\n\n")[0].replace("\n", " ").strip().rstrip(".")


def _outcome(
    function: Callable[..., object], offered: Mapping[str, object], rows: int
) -> tuple[bool, str]:
    """Run one scenario; return whether it holds, and the end of the sentence that begins with the claim."""
    where = _first_line(function)
    strange = [name for name in inspect.signature(function).parameters if name not in offered]
    if strange:
        return False, (
            f"could not run, because it asks for {', '.join(strange)}, and a scenario is given predict and "
            f"rows only ({where}). Begin the name of a function that is no scenario with an underscore."
        )
    try:
        returned = function(**{name: offered[name] for name in inspect.signature(function).parameters})
    except AssertionError as error:
        return False, f"fails, {_reason(error)} ({_line_of(error, function)})."
    except (Exception, SystemExit) as error:
        return False, f"could not run, {type(error).__name__}: {error} ({_line_of(error, function)})."
    if isinstance(returned, CoroutineType):
        returned.close()
    if returned is not None:
        return False, (
            f"decides nothing, because the function returns {type(returned).__name__} ({where}). "
            f"A scenario says what must hold with assert, and returns nothing."
        )
    return True, f"holds on {counted(rows, 'row')}."


def _reason(error: AssertionError) -> str:
    if str(error):
        return str(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"because of: {frame.line}"


def _first_line(function: Callable[..., object]) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{Path(code.co_filename).name}:{code.co_firstlineno}" if code else repr(function)


def _line_of(error: BaseException, function: Callable[..., object]) -> str:
    """Return file and line in the user's file where the error came up; the deepest, if there are several."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if code and frame.filename == code.co_filename:
            return f"{Path(frame.filename).name}:{frame.lineno}"
    return _first_line(function)
