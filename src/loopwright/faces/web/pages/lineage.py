"""Where a record came from and what was made of it, as a graph."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import ClassVar

from loopwright.errors import UnknownRecord
from loopwright.faces.web.charts.graph import Node
from loopwright.faces.web.library import Library
from loopwright.faces.web.names import address, name_of, noun
from loopwright.faces.web.trails import Trail, remembered, trail
from loopwright.records import Evidence, Gate, Record, Ref, Run

__all__ = ["LineagePage", "Step", "lineage"]

_FEW = 3  # so many records of one kind with the same neighbours are drawn one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One record of the lineage as a line of text."""

    ref: Ref
    name: str
    at: str
    before: int  # things it was made from
    after: int  # things made from it


@dataclass(frozen=True, slots=True, kw_only=True)
class LineagePage:
    """The lineage of one record, backwards and forwards."""

    template: ClassVar[str] = "lineage.html"
    place: ClassVar[str] = ""

    project: str
    title: str
    centre: Ref
    name: str
    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]  # every node, in the order of time; files and code first
    left_out: int


def lineage(library: Library, record: Record) -> LineagePage:
    """Follow a record back to its sources and forward to what was made of it."""
    found = trail(library, record)
    records = {ref.digest: one for ref in found.nodes if (one := _get(library, ref)) is not None}
    nodes, edges = _fold(found, records)
    return LineagePage(
        project=library.name,
        title=f"Lineage of {name_of(record)}",
        centre=found.centre,
        name=name_of(record),
        nodes=nodes,
        edges=edges,
        steps=_steps(library, found, records),
        left_out=found.left_out,
    )


def _fold(found: Trail, records: dict[str, Record]) -> tuple[tuple[Node, ...], tuple[tuple[str, str], ...]]:
    """Draw many records of one kind with the same neighbours as one box."""
    before, after = defaultdict(set), defaultdict(set)
    for start, end in found.edges:
        before[end].add(start)
        after[start].add(end)
    alike: dict[tuple[str, frozenset[str], frozenset[str]], list[Ref]] = defaultdict(list)
    for ref in found.nodes:
        alone = ref.digest if ref.digest == found.centre.digest else ""
        alike[ref.kind + alone, frozenset(before[ref.digest]), frozenset(after[ref.digest])].append(ref)
    boxes, place = [], {}
    for group in alike.values():
        if len(group) > _FEW:
            boxes.append(_crowd(group))
            place.update({ref.digest: group[0].digest for ref in group})
        else:
            boxes.extend(_node(ref, records.get(ref.digest), found.centre) for ref in group)
            place.update({ref.digest: ref.digest for ref in group})
    edges = dict.fromkeys((place[start], place[end]) for start, end in found.edges)
    return tuple(boxes), tuple(edges)


def _node(ref: Ref, record: Record | None, centre: Ref) -> Node:
    return Node(
        id=ref.digest,
        name=name_of(record) if record else ref.name or ref.digest[:12],
        kind=noun(ref.kind),
        address=address(ref) or "" if record else "",
        tone="centre" if ref.digest == centre.digest else _tone(record),
    )


def _tone(record: Record | None) -> str:
    match record:
        case None:
            return "source"
        case Gate() | Evidence() if record.passed is False:
            return "bad"
        case Gate() if record.passed:
            return "good"
        case Run() if record.failed:
            return "bad"
        case _:
            return "plain"


def _crowd(group: list[Ref]) -> Node:
    kind = noun(group[0].kind)
    words = {"evidence": "pieces of evidence", "code": "pieces of code", "anomaly": "anomalies"}
    name = f"{len(group)} {words.get(group[0].kind, kind + 's')}"
    return Node(
        id=group[0].digest,
        name=name,
        kind=kind,
        address="/runs" if group[0].kind == "run" else "",
        tone="plain",
    )


def _steps(library: Library, found: Trail, records: dict[str, Record]) -> tuple[Step, ...]:
    before, after = Counter(end for _, end in found.edges), Counter(start for start, _ in found.edges)
    steps = []
    for ref in found.nodes:
        record = records.get(ref.digest)
        steps.append(
            Step(
                ref=ref,
                name=name_of(record) if record else ref.name or ref.digest[:12],
                at=remembered(library, record).at if record else "",
                before=before[ref.digest],
                after=after[ref.digest],
            )
        )
    return tuple(sorted(steps, key=lambda step: (step.at, step.ref.kind, step.name)))


def _get(library: Library, ref: Ref) -> Record | None:
    if ref.kind in {"file", "code"}:
        return None
    try:
        return library.get(ref.digest)
    except UnknownRecord:
        return None
