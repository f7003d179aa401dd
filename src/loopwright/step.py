"""What a step is: recall, compute, remember.

A verb of a room becomes a step by ``@step``. Its key digests everything that its result depends on: its own
transitive source, the records it is given, its options, the user's functions it is handed, and the versions of
the libraries it names. A step whose key has a result that is still there and whole is recalled; any other is
computed under a lock that all processes respect, and what it made is remembered in one transaction.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Concatenate, ParamSpec, TypeVar, cast, overload

import msgspec

from loopwright.codedigest import Code
from loopwright.errors import UnknownRecord
from loopwright.project import Outcome, Project, library_version
from loopwright.records import KINDS, Artifact, Record, Ref, Table
from loopwright.store.metadata import Execution, now

__all__ = ["Manifest", "reason", "step", "together"]

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

Manifest = dict[str, dict[str, str]]
"""What the result depends on: group ("code", "inputs", "options", "libraries") -> name -> digest or value."""


def step(
    *, uses: Sequence[str] = ()
) -> Callable[[Callable[Concatenate[Project, P], T]], Callable[Concatenate[Project, P], T]]:
    """Make a verb ``verb(project, records..., *, options)`` recall what it has made before.

    Parameters
    ----------
    uses : sequence of str
        Distributions whose version matters to the result.

    Notes
    -----
    A keyword option ``name`` tells apart executions of the same verb ("train", one per configuration) in
    progress, reasons and the activity log. Records, tuples of records and ``Code`` among the arguments count by
    digest; everything else must be plain data.
    """

    def decorate(verb: Callable[Concatenate[Project, P], T]) -> Callable[Concatenate[Project, P], T]:
        signature = inspect.signature(verb)

        @functools.wraps(verb)
        def run(project: Project, /, *args: P.args, **kwargs: P.kwargs) -> T:
            bound = signature.bind(project, *args, **kwargs)
            bound.apply_defaults()
            arguments = dict(list(bound.arguments.items())[1:])
            manifest = _manifest(project, verb, arguments, uses)
            label = " ".join(filter(None, (verb.__name__.lstrip("_"), str(arguments.get("name") or ""))))
            compute = functools.partial(_call, verb, uses, project, *args, **kwargs)
            return cast(T, _recall_or_compute(project, label, manifest, compute))

        return run

    return decorate


_FIRST: Mapping[str, tuple[str, ...]] = {
    "onnxruntime": ("onnxruntime",),
    "optuna": ("optuna",),
    "polars": ("polars",),
    "scikit-learn": ("sklearn.compose", "sklearn.ensemble", "sklearn.neighbors", "sklearn.pipeline"),
    "skl2onnx": ("skl2onnx",),
    "skops": ("skops.io",),
}
"""Modules of a distribution that import one another in circles: two threads that begin at different ends of a circle
find modules that are only half there."""

_IMPORTING = threading.Lock()


def _call(
    verb: Callable[Concatenate[Project, P], T], uses: Sequence[str], project: Project, *args: P.args, **kwargs: P.kwargs
) -> T:
    """Do the work of a step; the libraries that it names are loaded by one thread at a time."""
    with _IMPORTING:
        for name in uses:
            for module in _FIRST.get(name, ()):
                import_module(module)
    return verb(project, *args, **kwargs)


@overload
def together(project: Project, first: Callable[[], A], second: Callable[[], B], /) -> tuple[A, B]: ...
@overload
def together(
    project: Project, first: Callable[[], A], second: Callable[[], B], third: Callable[[], C], /
) -> tuple[A, B, C]: ...
def together(project: Project, *calls: Callable[[], object]) -> tuple[object, ...]:
    """Run independent steps at the same time and return what they made, in order.

    Parameters
    ----------
    project : Project
        Its engine runs them.
    *calls : callable
        Take nothing, such as ``lambda: describe(project, dataset, parts)``.
    """
    return tuple(project.engine.map(lambda call: call(), calls))


def reason(old: Manifest | None, new: Manifest) -> str:
    """Say in words why a step with the new manifest cannot use what it made with the old one.

    Examples
    --------
    >>> reason(None, {})
    'it never ran before'
    >>> reason({"options": {"trials": "12"}}, {"options": {"trials": "20"}})
    'option trials changed from 12 to 20'
    """
    if old is None:
        return "it never ran before"
    changes = [change for group in _WORDS for change in _changes(old.get(group, {}), new.get(group, {}), group)]
    if not changes:
        return "what it made was gone or damaged"
    return "; ".join(changes[:3]) + (f"; and {len(changes) - 3} more changes" if len(changes) > 3 else "")


_WORDS: Mapping[str, tuple[str, str, str]] = {
    "code": ("{name} changed", "{name} is new", "{name} is gone"),
    "options": ("option {name} changed from {old} to {new}", "option {name} is new", "option {name} is gone"),
    "inputs": ("input {name} changed", "input {name} is new", "input {name} is gone"),
    "libraries": ("{name} went from {old} to {new}", "it now uses {name}", "it no longer uses {name}"),
}


def _changes(old: Mapping[str, str], new: Mapping[str, str], group: str) -> Iterator[str]:
    changed, added, removed = _WORDS[group]
    # The user's own files come first: they are what was most likely touched on purpose.
    for name in sorted({**old, **new}, key=lambda name: (name.startswith("loopwright/"), name)):
        if name not in old:
            yield added.format(name=name)
        elif name not in new:
            yield removed.format(name=name)
        elif old[name] != new[name]:
            yield changed.format(name=name, old=_short(old[name]), new=_short(new[name]))


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


def _recall_or_compute(project: Project, label: str, manifest: Manifest, compute: Callable[[], object]) -> object:
    key = hashlib.sha256(json.dumps([label.split(" ", maxsplit=1)[0], manifest], sort_keys=True).encode()).hexdigest()
    found, made = _recall(project, key)
    if found:
        project.note(Outcome(step=label, recalled=True, why="nothing changed", seconds=0.0))
        return made
    with project.metadata.ledger.hold(f"step {key}"):
        # Another process may have made it while this one waited.
        found, made = _recall(project, key)
        if found:
            project.note(Outcome(step=label, recalled=True, why="another process made it", seconds=0.0))
            return made
        return _compute(project, label, key, manifest, compute)


def _recall(project: Project, key: str) -> tuple[bool, object]:
    execution = project.metadata.execution(key=key)
    if execution is None:
        return False, None
    try:
        records = tuple(project.metadata.get(KINDS[ref.kind], ref.digest) for ref in execution.outputs)
    except UnknownRecord:
        return False, None
    if not all(_intact(project, content) for record in records for content in _contents(record)):
        return False, None
    return True, records if execution.many else records[0]


def _compute(project: Project, label: str, key: str, manifest: Manifest, compute: Callable[[], object]) -> object:
    previous = project.metadata.execution(step=label)
    why = reason(previous.manifest if previous else None, manifest)
    project.progress.started(label)
    at, start = now(), time.perf_counter()
    made = compute()
    seconds = time.perf_counter() - start
    many = isinstance(made, tuple)
    records = cast("tuple[Record, ...]", made if many else (made,))
    execution = Execution(
        step=label,
        key=key,
        at=at,
        seconds=seconds,
        why=why,
        manifest=manifest,
        outputs=tuple(record.ref for record in records),
        many=many,
    )
    project.metadata.remember_execution(execution, records)
    project.note(Outcome(step=label, recalled=False, why=why, seconds=seconds))
    # What is handed on is what a later run will recall: with its number, and proved to survive the store.
    kept = tuple(project.metadata.get(type(record), record.digest) for record in records)
    return kept if many else kept[0]


def _manifest(
    project: Project, verb: Callable[..., object], arguments: Mapping[str, object], uses: Sequence[str]
) -> Manifest:
    manifest: Manifest = {
        "code": project.code_index.closure(verb.__module__, [verb.__name__]),
        "inputs": {},
        "options": {},
        "libraries": {name: library_version(name) for name in uses}
        | {"python": ".".join(map(str, sys.version_info[:2]))},
    }
    for name, value in arguments.items():
        _enter(manifest, name, value)
    return manifest


def _enter(manifest: Manifest, name: str, value: object) -> None:
    """Put one argument where it belongs."""
    if isinstance(value, Code):
        manifest["code"].update(value.digests)
        manifest["options"][name] = ", ".join(value.functions)
    elif isinstance(value, Record | Ref):
        manifest["inputs"][name] = value.digest
    elif isinstance(value, tuple) and value and all(isinstance(item, Record | Ref) for item in value):
        manifest["inputs"][name] = hashlib.sha256("".join(item.digest for item in value).encode()).hexdigest()
    elif is_dataclass(value):
        for item in fields(value):
            _enter(manifest, f"{name}.{item.name}", getattr(value, item.name))
    else:
        manifest["options"][name] = msgspec.json.encode(value, order="deterministic").decode()


def _contents(record: Record) -> Iterator[Artifact | Table]:
    """Yield the artifacts and tables that a record holds; they stand in its own fields."""
    for item in fields(record):
        value = getattr(record, item.name)
        if isinstance(value, Artifact | Table):
            yield value


def _intact(project: Project, content: Artifact | Table) -> bool:
    if isinstance(content, Table):
        return project.tables.intact(content)
    return project.artifacts.intact(content)
