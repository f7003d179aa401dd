"""Public names that are loaded at first use, so that importing a room costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

__all__ = ["exports"]


def exports(module: str, homes: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` for a package whose names live in other modules.

    Parameters
    ----------
    module : str
        ``__name__`` of the package.
    homes : mapping of str to str
        Public name -> ``"module"`` that defines it, ``"module:name"`` if it is called otherwise there, or
        ``"module:"`` if it is the module itself.

    Examples
    --------
    >>> attribute, names = exports("here", {"EmptySample": "loopwright.errors", "mistakes": "loopwright.errors:"})
    >>> attribute("EmptySample").__name__, attribute("mistakes").__name__, names()
    ('EmptySample', 'loopwright.errors', ['EmptySample', 'mistakes'])
    """

    def attribute(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        home, is_renamed, there = homes[name].partition(":")
        found = import_module(home)
        return found if is_renamed and not there else getattr(found, there or name)

    def names() -> list[str]:
        return sorted(homes)

    return attribute, names
