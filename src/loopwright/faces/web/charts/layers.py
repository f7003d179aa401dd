"""Where the nodes of a lineage graph stand: in layers from left to right, with few crossing lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["essential", "layers"]

_SWEEPS = 6


def layers(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return the nodes layer by layer: every edge leads from an earlier layer to a later one.

    A node stands as far left as what it was made from allows; what was made from nothing stands just before
    the first that uses it. Within a layer the order follows the mean place of the neighbours, swept back and
    forth.

    Parameters
    ----------
    nodes : sequence of str
    edges : iterable of (str, str)
        Without circles, between nodes.

    References
    ----------
    K. Sugiyama, S. Tagawa, M. Toda: Methods for visual understanding of hierarchical system structures,
    IEEE Transactions on Systems, Man, and Cybernetics 11 (1981).

    Examples
    --------
    >>> layers(["a", "b", "c", "late"], [("a", "b"), ("b", "c"), ("late", "c")])
    [['a'], ['b', 'late'], ['c']]
    """
    before, after = _neighbours(edges)
    depth = _depths(nodes, before)
    for node in nodes:
        if not before[node] and after[node]:
            depth[node] = min(depth[one] for one in after[node]) - 1
    rows: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for node in nodes:
        rows[depth[node]].append(node)
    return _untangle(rows, before, after)


def essential(edges: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the edges without those that a longer way implies (the transitive reduction).

    Parameters
    ----------
    edges : iterable of (str, str)
        Without circles.

    Examples
    --------
    >>> essential([("a", "b"), ("b", "c"), ("a", "c")])
    [('a', 'b'), ('b', 'c')]
    """
    edges = list(edges)
    _, after = _neighbours(edges)
    reached = _reached(after)
    return [
        (start, end)
        for start, end in edges
        if not any(end in reached[other] for other in after[start] if other != end)
    ]


def _reached(after: Mapping[str, list[str]]) -> dict[str, set[str]]:
    """Return for each node all nodes that can be reached from it, itself left out."""
    nodes = list({node for start, ends in list(after.items()) for node in (start, *ends)})
    depth = _depths(nodes, after)
    reached: dict[str, set[str]] = {}
    for node in sorted(nodes, key=depth.__getitem__):
        reached[node] = {far for near in after[node] for far in (near, *reached[near])}
    return reached


def _neighbours(edges: Iterable[tuple[str, str]]) -> tuple[Mapping[str, list[str]], Mapping[str, list[str]]]:
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, list[str]] = defaultdict(list)
    for start, end in edges:
        before[end].append(start)
        after[start].append(end)
    return before, after


def _depths(nodes: Sequence[str], before: Mapping[str, list[str]]) -> dict[str, int]:
    """Return the longest way to each node from one that was made from nothing."""
    depth: dict[str, int] = {}
    for start in nodes:
        # A stack of our own: a lineage may be longer than Python's stack is deep.
        stack = [start]
        while stack:
            node = stack[-1]
            waiting = [one for one in before[node] if one not in depth]
            if waiting:
                stack.extend(waiting)
            else:
                stack.pop()
                depth[node] = max((depth[one] + 1 for one in before[node]), default=0)
    return depth


def _untangle(
    rows: list[list[str]], before: Mapping[str, list[str]], after: Mapping[str, list[str]]
) -> list[list[str]]:
    for sweep in range(_SWEEPS):
        place = {node: spot / max(1, len(row) - 1) for row in rows for spot, node in enumerate(row)}
        near = before if sweep % 2 == 0 else after
        for row in rows if sweep % 2 == 0 else reversed(rows):
            row.sort(key=lambda node: _mean([place[one] for one in near[node]], otherwise=place[node]))
            place.update({node: spot / max(1, len(row) - 1) for spot, node in enumerate(row)})
    return rows


def _mean(places: Sequence[float], *, otherwise: float) -> float:
    return sum(places) / len(places) if places else otherwise
