"""The project file for editors and readers: its JSON Schema and its reference page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import Field, fields
from typing import TYPE_CHECKING, Final, Literal, cast, get_args, get_origin

from loopwright.allowed import (
    Bounds,
    alternatives,
    bound_words,
    default_of,
    expected,
    headings,
    is_required,
    is_table,
    types_of,
)
from loopwright.limits import LIMIT_PATTERN
from loopwright.measures.catalogue import METRIC_TASKS, RESOURCES
from loopwright.settings import Settings, TargetSettings
from loopwright.tomltext import shown

if TYPE_CHECKING:
    from loopwright.allowed import Kind

__all__ = ["json_schema", "reference"]


def json_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of project files, by which editors complete and check them.

    It holds all that concerns one key; what two keys must have in common only ``parse`` knows.

    Examples
    --------
    >>> json_schema()["required"]
    ['project', 'charter', 'targets', 'data']
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Loopwright project file",
        **_table_schema(Settings),
    }


def _table_schema(kind: Kind) -> dict[str, object]:
    items = fields(kind)
    return {
        "type": "object",
        "description": _summary(kind),
        "properties": {item.name: _key_schema(kind, item) for item in items},
        "required": [item.name for item in items if is_required(item)],
        "additionalProperties": False,
    }


def _key_schema(kind: Kind, item: Field[object]) -> dict[str, object]:
    allowed = types_of(kind)[item.name]
    schema = _schema(allowed, item.metadata["limits"])
    if kind is TargetSettings:
        schema |= _target_schemas().get(item.name, {})
    if not is_required(item) and not is_table(allowed) and default_of(item) is not None:
        default = default_of(item)
        schema |= {"default": list(default) if isinstance(default, tuple) else default}
    return {**schema, "description": item.metadata["text"]}


def _target_schemas() -> dict[str, dict[str, object]]:
    """Return what no type says of the keys of [targets]: the names of metrics and the form of limits."""
    names, costs = ("|".join(map(re.escape, table)) for table in (METRIC_TASKS, RESOURCES))
    metric: dict[str, object] = {"enum": list(METRIC_TASKS)}
    weights: dict[str, object] = {"additionalProperties": {"type": "number"}, "minProperties": 1}
    return {
        "optimize": {"anyOf": [metric, {"type": "object", "propertyNames": metric, **weights}]},
        "satisfice": {
            "propertyNames": {"pattern": f"^(({names})(@.+)?|{costs})$"},
            "additionalProperties": {"type": "string", "pattern": f"^{LIMIT_PATTERN}$"},
        },
    }


def _schema(allowed: object, bounds: Bounds) -> dict[str, object]:
    kinds = alternatives(allowed)
    schemas = [_kind_schema(kind, bounds) for kind in kinds if not (kind is int and float in kinds)]
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _kind_schema(kind: object, bounds: Bounds) -> dict[str, object]:
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if is_table(kind):
        return _table_schema(kind)
    if get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": _schema(get_args(kind)[1], bounds)}
    if get_origin(kind) in (tuple, list):
        return {"type": "array", "items": _schema(get_args(kind)[0], bounds)}
    name, words = _SCHEMA_WORDS[cast(type, kind)]
    return {"type": name, **{words[bound]: value for bound, value in bounds.items() if bound in words}}


_SCHEMA_BOUNDS: Final = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
_SCHEMA_WORDS: Final[dict[type, tuple[str, dict[str, str]]]] = {
    str: ("string", {"pattern": "pattern"}),
    bool: ("boolean", {}),
    int: ("integer", _SCHEMA_BOUNDS),
    float: ("number", _SCHEMA_BOUNDS),
}


def reference() -> str:
    """Return the reference page of the project file, as Markdown.

    Examples
    --------
    >>> print(reference().splitlines()[0])
    # The project file
    """
    sections = [_section_page(heading, kind) for heading, kind in headings()]
    return "\n\n".join([_INTRODUCTION, *sections, _metric_page(), _resource_page()]) + "\n"


_INTRODUCTION: Final = """\
# The project file

`loopwright.toml` lies in the project folder. It is read strictly: an unknown key, a wrong type or a value
outside its limits stops every command with the file, the line and what is allowed. This page is made from
the code that reads it."""


def _section_page(heading: str, kind: Kind) -> str:
    rows = [_row(kind, item) for item in fields(kind) if not is_table(types_of(kind)[item.name])]
    grid = _grid(("Key", "Type", "Limits", "Default", "Meaning"), rows)
    return f"## `{heading}`\n\n{_summary(kind)}\n\n{grid}"


def _row(kind: Kind, item: Field[object]) -> tuple[str, ...]:
    allowed, bounds = types_of(kind)[item.name], item.metadata["limits"]
    if is_required(item):
        default = "required"
    else:
        default = "not set" if default_of(item) is None else f"`{shown(default_of(item))}`"
    limit = _limit_words(allowed, bounds)
    return f"`{item.name}`", expected(allowed, {}), limit, default, item.metadata["text"]


def _limit_words(allowed: object, bounds: Bounds) -> str:
    if "pattern" in bounds:
        return f"matches `{bounds['pattern']}`"
    return bound_words(float, bounds).removeprefix("of ") if {int, float} & {*alternatives(allowed)} else ""


def _metric_page() -> str:
    rows = [
        (f"`{name}`", ", ".join(facts.tasks), "higher" if facts.direction == "up" else "lower")
        for name, facts in METRIC_TASKS.items()
    ]
    return "## Metrics\n\n" + _grid(("Name", "Tasks", "Better"), rows)


def _resource_page() -> str:
    rows = [(f"`{name}`", meaning) for name, meaning in RESOURCES.items()]
    return "## Resources that a limit may name\n\n" + _grid(("Name", "Meaning"), rows)


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _summary(kind: type) -> str:
    return (kind.__doc__ or "").split("\n")[0]
