"""Where a thing came from, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from loopwright.records import Ref

__all__ = ["Node", "trace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A thing, and the things one step further on.

    Attributes
    ----------
    ref : Ref
    next : tuple of Node
        Empty where the trail ends, or where the thing has been shown already.
    seen : bool
        The thing stands elsewhere in the tree with what follows from it.
    """

    ref: Ref
    next: tuple[Node, ...] = ()
    seen: bool = False

    def refs(self) -> list[Ref]:
        """Return every thing in the tree once, nearest first."""
        found: dict[str, Ref] = {}
        waiting = [self]
        while waiting:
            node = waiting.pop(0)
            found.setdefault(node.ref.digest, node.ref)
            waiting.extend(node.next)
        return list(found.values())


def trace(start: Ref, step: Callable[[Ref], Iterable[Ref]]) -> Node:
    """Follow a relation from one thing to the end.

    Parameters
    ----------
    start : Ref
    step : callable
        Gives what a thing was made from (to go back) or what was made from it (to go forward).

    Examples
    --------
    >>> made_from = {"c": ["b"], "b": ["a"], "a": []}
    >>> def back(ref): return [Ref(kind="x", digest=name) for name in made_from[ref.digest]]
    >>> [ref.digest for ref in trace(Ref(kind="x", digest="c"), back).refs()]
    ['c', 'b', 'a']
    """
    shown: set[str] = set()

    def follow(ref: Ref) -> Node:
        if ref.digest in shown:
            return Node(ref=ref, seen=True)
        shown.add(ref.digest)
        return Node(ref=ref, next=tuple(follow(item) for item in step(ref)))

    return follow(start)
