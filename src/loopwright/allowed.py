"""What a project file may say at each key: types and bounds, read off the dataclasses in ``loopwright.settings``.

The reader, the JSON Schema and the reference page all ask here, so that they cannot differ.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import lru_cache
from math import isfinite
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Final, Literal, TypeGuard, Union, cast, get_args, get_origin, get_type_hints

from loopwright.settings import Settings
from loopwright.tomltext import listed

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Kind = type[DataclassInstance]

__all__ = [
    "Bounds",
    "alternatives",
    "bound_words",
    "default_of",
    "expected",
    "fits",
    "headings",
    "is_required",
    "is_table",
    "types_of",
]

Bounds = Mapping[str, float | str]
"""What ``settings.says`` was told of a key: ``ge``, ``gt``, ``le``, ``lt`` or ``pattern``."""


@lru_cache(maxsize=64)
def types_of(kind: Kind) -> dict[str, object]:
    """Return the type of every key of a section.

    Examples
    --------
    >>> types_of(Settings)["charter"].__name__
    'CharterSettings'
    """
    return get_type_hints(kind)


def is_required(item: Field[object]) -> bool:
    """Say whether a file must hold the key."""
    return item.default is MISSING and item.default_factory is MISSING


def default_of(item: Field[object]) -> object:
    """Return what a key that need not be there stands for when it is not."""
    return item.default if item.default_factory is MISSING else item.default_factory()


def is_table(kind: object) -> TypeGuard[Kind]:
    """Say whether a type is a section: a table whose keys are known.

    Examples
    --------
    >>> is_table(Settings), is_table(dict)
    (True, False)
    """
    return isinstance(kind, type) and is_dataclass(kind)


def alternatives(allowed: object) -> tuple[object, ...]:
    """Return the types of a union, without None: a TOML file leaves a key out instead.

    Examples
    --------
    >>> alternatives(str | None), alternatives(int)
    ((<class 'str'>,), (<class 'int'>,))
    """
    if get_origin(allowed) in (Union, UnionType):
        return tuple(kind for kind in get_args(allowed) if kind is not NoneType)
    return (allowed,)


def fits(kind: object, value: object, bounds: Bounds) -> bool:
    """Say whether a value has a type, and keeps its bounds; what a table or list holds is not looked at.

    Examples
    --------
    >>> fits(int, 3, {"ge": 1}), fits(int, True, {}), fits(float, float("nan"), {})
    (True, False, False)
    """
    if get_origin(kind) is Literal:
        return any(type(value) is type(choice) and value == choice for choice in get_args(kind))
    if kind is str:
        return isinstance(value, str) and bool(re.fullmatch(str(bounds.get("pattern", "(?s:.*)")), value))
    if kind is bool:
        return isinstance(value, bool)
    if kind is int or kind is float:
        return _is_number(value, whole=kind is int) and _within(cast(float, value), bounds)
    return isinstance(value, dict if is_table(kind) or get_origin(kind) is dict else list)


def _is_number(value: object, *, whole: bool) -> bool:
    if type(value) is int:
        return -(2**63) <= value < 2**63        # what TOML promises, and what a record can hold
    return type(value) is float and isfinite(value) and not whole


def _within(value: float, bounds: Bounds) -> bool:
    return all(_KEEPS[name](value, bound) for name, bound in bounds.items() if name in _KEEPS)


_KEEPS: Final[dict[str, Callable[..., bool]]] = {
    "ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt,
}
_BOUND_WORDS: Final = {"ge": "of at least", "gt": "above", "le": "of at most", "lt": "below"}
_TYPE_WORDS: Final = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


def expected(allowed: object, bounds: Bounds) -> str:
    """Return what may stand there, in words.

    Examples
    --------
    >>> expected(int | str | None, {"ge": 1, "le": 5})
    'a whole number from 1 to 5, or a string'
    """
    kinds = alternatives(allowed)
    words = [_words(kind, bounds) for kind in kinds if not (kind is int and float in kinds)]
    return ", or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _words(kind: object, bounds: Bounds) -> str:
    if get_origin(kind) is Literal:
        return f"one of {listed(get_args(kind))}"
    if is_table(kind):
        return f"a table with the keys {listed(item.name for item in fields(kind))}"
    if get_origin(kind) is dict:
        return f"a table, each value {expected(get_args(kind)[1], bounds)}"
    if get_origin(kind) in (tuple, list):
        return f"a list, each item {expected(get_args(kind)[0], bounds)}"
    return f"{_TYPE_WORDS[cast(type, kind)]} {bound_words(kind, bounds)}".rstrip()


def bound_words(kind: object, bounds: Bounds) -> str:
    """Return the bounds of a type in words; nothing if it has none.

    Examples
    --------
    >>> bound_words(float, {"gt": 0, "le": 1})
    'above 0 and of at most 1'
    """
    if kind is str:
        return f"matching {bounds['pattern']}" if "pattern" in bounds else ""
    if kind is bool:
        return ""
    if {"ge", "le"} <= bounds.keys():
        return f"from {bounds['ge']} to {bounds['le']}"
    words = [f"{_BOUND_WORDS[name]} {bound}" for name, bound in bounds.items() if name in _BOUND_WORDS]
    return " and ".join(words)


def headings() -> Iterator[tuple[str, Kind]]:
    """Yield the header of every table that a project file may have, with its dataclass.

    Examples
    --------
    >>> [header for header, _ in headings() if "data" in header]
    ['[data]', '[data.privacy]']
    """
    for item in fields(Settings):
        allowed = types_of(Settings)[item.name]
        if is_table(allowed):
            yield f"[{item.name}]", allowed
            yield from _tables_within(item.name, allowed)
        else:
            (kind, *_) = get_args(allowed)
            yield f"[[{item.name}]]", kind
            yield from _tables_within(item.name, kind)


def _tables_within(name: str, kind: Kind) -> Iterator[tuple[str, Kind]]:
    for item in fields(kind):
        allowed = types_of(kind)[item.name]
        if is_table(allowed):
            yield f"[{name}.{item.name}]", allowed
        elif get_origin(allowed) is dict:
            tables = filter(is_table, alternatives(get_args(allowed)[1]))
            yield from ((f"[{name}.{item.name}.NAME]", table) for table in tables)
