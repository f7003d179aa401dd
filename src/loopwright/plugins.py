"""Finds plug-ins by their entry points; the parts that come with Loopwright are registered the same way.

A package offers a metadata store for ``mydb://`` URLs by::

    [project.entry-points."loopwright.ledgers"]
    mydb = "mypackage.ledger:MyLedger"

and proves its promises by inheriting the contract tests in ``loopwright.testing``.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Literal

from loopwright.errors import PluginError, nearest

__all__ = ["Group", "find", "names"]

Group = Literal["loopwright.ledgers"]


def names(group: Group) -> tuple[str, ...]:
    """Return the names of the plug-ins of a group that are installed.

    Examples
    --------
    >>> "postgresql" in names("loopwright.ledgers")
    True
    """
    return tuple(sorted({point.name for point in entry_points(group=group)}))


def find(group: Group, name: str) -> object:
    """Load a plug-in.

    Parameters
    ----------
    group : str
        Which promise it keeps; see ``loopwright.protocols``.
    name : str
        Of the entry point; for stores the scheme of the URL.

    Raises
    ------
    PluginError
        If there is none of this name, or it cannot be imported.
    """
    points = [point for point in entry_points(group=group) if point.name == name]
    if not points:
        known = names(group)
        raise PluginError(
            f"no plug-in {name!r} in {group!r}{nearest(name, known)}; installed are {', '.join(known) or 'none'}. "
            f"Install the package that offers it."
        )
    try:
        return points[0].load()
    except (ImportError, AttributeError) as error:
        raise PluginError(
            f"the plug-in {name!r} of {group!r} ({points[0].value}) cannot be loaded: {error}. Reinstall its package."
        ) from error
