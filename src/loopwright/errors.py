"""The errors a user may meet, as one tree.

::

    LoopwrightError
    ├── ProjectError           the project folder or its file
    │   ├── ProjectNotFound
    │   └── ProjectFileError       names file and line
    ├── DataError              rows and columns
    │   ├── UnreadableSource       a file, glob or query cannot be read as a table
    │   ├── EmptySource            it can, but holds no rows
    │   ├── UnknownColumn
    │   ├── UnusableLabel          the label is missing, constant or of the wrong kind
    │   └── SchemaError            the reviewed schema file cannot be used
    ├── EmptySample            a measure was asked about no rows at all
    ├── Undefined              a measure has no value on these rows
    ├── UserCodeError          a function written by the user failed or is not what it must be
    ├── TrainingError          no model could be trained
    ├── ModelError             a model cannot be converted, loaded or applied
    ├── StoreError             a store
    │   ├── CorruptStore           stored bytes are not what was written
    │   ├── StoreFull              no space left
    │   ├── StoreReadOnly
    │   └── UnknownRecord          nothing has this id or alias
    └── PluginError            a plug-in cannot be found or loaded

Every message says what is wrong, where, and what to do next; it is written where the error is raised.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "CorruptStore",
    "DataError",
    "EmptySample",
    "EmptySource",
    "LoopwrightError",
    "ModelError",
    "PluginError",
    "ProjectError",
    "ProjectFileError",
    "ProjectNotFound",
    "SchemaError",
    "StoreError",
    "StoreFull",
    "StoreReadOnly",
    "TrainingError",
    "Undefined",
    "UnknownColumn",
    "UnknownRecord",
    "UnreadableSource",
    "UnusableLabel",
    "UserCodeError",
    "nearest",
]


class LoopwrightError(Exception):
    """Something a user can act on; faces print the message without a traceback."""


class ProjectError(LoopwrightError):
    """The project folder cannot be used."""


class ProjectNotFound(ProjectError):
    """There is no project in this folder or above it."""


class ProjectFileError(ProjectError):
    """The project file says something that is not allowed.

    Attributes
    ----------
    file : str
        The file that was read.
    line : int or None
        Line in the file, counted from 1; None when no line is to blame (a key is missing).
    """

    def __init__(self, message: str, *, file: str, line: int | None = None) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file = file
        self.line = line


class DataError(LoopwrightError):
    """The rows cannot be used."""


class UnreadableSource(DataError):
    """A source cannot be read as a table."""


class EmptySource(DataError):
    """A source holds no rows."""


class UnknownColumn(DataError):
    """A column was named that the rows do not have."""

    def __init__(self, column: str, *, known: Iterable[str], where: str) -> None:
        known = list(known)
        shown = ", ".join(map(repr, known[:20])) + (f" and {len(known) - 20} more" if len(known) > 20 else "")
        super().__init__(
            f"{where} names the column {column!r}, which these rows do not have{nearest(column, known)}. "
            f"They have: {shown}."
        )
        self.column = column


class UnusableLabel(DataError):
    """The label is missing, constant, or of the wrong kind for the task."""


class SchemaError(DataError):
    """The reviewed schema file cannot be used."""


class EmptySample(LoopwrightError):
    """A measure was asked about no rows; unknown is not zero."""


class Undefined(LoopwrightError):
    """A measure has no value on these rows (a ROC curve of one class, say)."""


class UserCodeError(LoopwrightError):
    """A function written by the user failed, or is not what its file must hold."""


class TrainingError(LoopwrightError):
    """No model could be trained."""


class ModelError(LoopwrightError):
    """A model cannot be converted, loaded or applied."""


class StoreError(LoopwrightError):
    """A store cannot do what it was asked."""


class CorruptStore(StoreError):
    """Stored bytes are not the bytes that were written."""


class StoreFull(StoreError):
    """There is no space left where a store writes."""


class StoreReadOnly(StoreError):
    """A store may not be written."""


class UnknownRecord(StoreError):
    """Nothing in the store has this id or alias."""


class PluginError(LoopwrightError):
    """A plug-in cannot be found or loaded."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the closest known name, or nothing.

    Examples
    --------
    >>> nearest("optimise", ["optimize", "satisfice"])
    " (did you mean 'optimize'?)"
    >>> nearest("zebra", ["optimize"])
    ''
    """
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""
