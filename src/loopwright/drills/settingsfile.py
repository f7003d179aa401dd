"""Settings written as a project file, so that a copy of a project can be opened like any other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import msgspec

from loopwright.settings import Settings
from loopwright.tomltext import shown_key

__all__ = ["written"]


def written(settings: Settings) -> str:
    """Return a project file that says what the settings say.

    Parameters
    ----------
    settings : Settings

    Examples
    --------
    >>> from loopwright.settings import CharterSettings, DataSettings, ProjectSettings, TargetSettings
    >>> text = written(Settings(
    ...     project=ProjectSettings(name="fares"), charter=CharterSettings(task="binary"),
    ...     targets=TargetSettings(optimize="roc_auc"), data=DataSettings(source="trips.csv", label="tipped"),
    ... ))
    >>> text.splitlines()[1:3]
    ['[project]', 'name = "fares"']
    """
    found = msgspec.to_builtins(settings)
    candidates = found.pop("candidates")
    tables = [f"[{name}]\n" + "".join(_lines(section)) for name, section in found.items()]
    tables += ["[[candidates]]\n" + "".join(_lines(candidate)) for candidate in candidates]
    return "# Written for a drill: a copy that touches nothing of the project it was made from.\n" + "\n".join(tables)


def _lines(section: Mapping[str, object]) -> Iterator[str]:
    return (f"{shown_key(key)} = {_value(value)}\n" for key, value in section.items() if value is not None)


def _value(value: object) -> str:
    """Return a value in one line; TOML has no null, so what is not said is left out."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{shown_key(key)} = {_value(item)}" for key, item in value.items()
                                if item is not None) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    # Text in JSON is text in TOML but for DEL, which only JSON takes as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
