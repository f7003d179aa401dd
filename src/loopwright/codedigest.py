"""Digests of code: a function together with everything of this project and of Loopwright that it calls.

Files are read as syntax trees and never run, so that the question "has the code changed?" costs no import.
Comments, layout, docstrings and the annotations of functions do not count; a name that is never used does not
count either. Libraries are outside: a step names those whose versions matter to it.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from loopwright.errors import UserCodeError

__all__ = ["Code", "CodeIndex"]

# A file written this shortly before it was read may be written again within one tick of the file clock.
_RACY_SECONDS = 0.1

# CPython counts the depth of syntax trees per process: two threads that parse at once upset each other's count.
_PARSING = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Functions of the user, as they stand: what they are called and what each of their parts digests to.

    Attributes
    ----------
    file : str
        Path of the file, relative to the project.
    functions : tuple of str
        The functions asked for.
    digests : mapping of str to str
        ``"features.py: function `tip_share`"`` -> SHA-256, for the functions and all that they call.
    """

    file: str
    functions: tuple[str, ...]
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Definition:
    digest: str
    line: int
    kind: str  # "function", "class" or "value"
    names: tuple[str, ...]  # dotted names that the definition uses
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Module:
    definitions: dict[str, _Definition]
    imports: dict[str, str]  # local name -> dotted name of what it stands for


@dataclass(slots=True)
class CodeIndex:
    """Knows what each definition in some folders of Python files digests to and refers to.

    Parameters
    ----------
    roots : mapping of str to Path
        Package name -> its folder; the name ``""`` is for a folder of loose modules (the user's).
    cache : Path, optional
        File that keeps what was read, so that unchanged files are not parsed again. Losing it costs time only.
    """

    roots: Mapping[str, Path]
    cache: Path | None = None
    _modules: dict[str, _Module] = field(default_factory=dict)
    _paths: dict[str, Path | None] = field(default_factory=dict)
    _places: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    _shown: dict[str, str] = field(default_factory=dict)
    _kept: dict[str, list[object]] | None = None
    _changed: bool = False

    def closure(self, module: str, names: Iterable[str]) -> dict[str, str]:
        """Return the digest of each named definition and of all that they refer to, by a readable place.

        Examples
        --------
        >>> import loopwright
        >>> index = CodeIndex({"loopwright": Path(loopwright.__file__).parent})
        >>> sorted(index.closure("loopwright.errors", ["EmptySample"]))
        ['loopwright/errors.py: class `EmptySample`', 'loopwright/errors.py: class `LoopwrightError`']
        """
        reached = self._reach(module, names)
        return {self._readable(*place): digest for place, digest in sorted(reached.items())}

    def functions(self, module: str) -> dict[str, tuple[str, ...]]:
        """Return the public functions of a module in the order of the file, with their argument names."""
        definitions = self._module(module).definitions
        public = {
            name: item for name, item in definitions.items() if item.kind == "function" and not name.startswith("_")
        }
        return {name: item.arguments for name, item in sorted(public.items(), key=lambda pair: pair[1].line)}

    def modules(self, module: str, names: Iterable[str]) -> tuple[Path, ...]:
        """Return the files of loose modules that it takes to run the named definitions, the module's own first.

        A file runs as a whole, so what it imports must be there, even if no named definition uses it.
        """
        needed: set[str] = set()
        waiting = {module, *(name for name, _ in self._reach(module, names))}
        while waiting:
            name = waiting.pop()
            if name.partition(".")[0] not in self.roots:
                needed.add(name)
                waiting |= self._imported(name) - needed
        paths = {name: self._path(name) for name in sorted(needed, key=lambda name: (name != module, name))}
        return tuple(path for path in paths.values() if path)

    def save(self) -> None:
        """Keep what was read for the next process."""
        if not (self._changed and self.cache):
            return
        try:
            self.cache.parent.mkdir(parents=True, exist_ok=True)
            draft = self.cache.with_suffix(f".{os.getpid()}")
            draft.write_text(json.dumps(self._kept))
            draft.replace(self.cache)
        except OSError:
            return  # The cache only saves time; a read-only or full disk must not stop the work it would speed up.
        self._changed = False

    def _reach(self, module: str, names: Iterable[str]) -> dict[tuple[str, str], str]:
        found: dict[tuple[str, str], str] = {}
        waiting = [(module, name) for name in names]
        while waiting:
            place = waiting.pop()
            if place in found:
                continue
            definition = self._module(place[0]).definitions[place[1]]
            found[place] = definition.digest
            waiting.extend(self._references(place[0], definition))
        return found

    def _references(self, module: str, definition: _Definition) -> Iterator[tuple[str, str]]:
        own = self._module(module)
        for dotted in definition.names:
            first, _, rest = dotted.partition(".")
            if first in own.definitions:
                yield module, first
            elif first in own.imports:
                target = own.imports[first] + (f".{rest}" if rest else "")
                place = self._locate(target)
                if place:
                    yield place

    def _imported(self, module: str) -> set[str]:
        """Return the modules of ours that a module's import statements name."""
        found: set[str] = set()
        for dotted in self._module(module).imports.values():
            parts = dotted.split(".")
            prefixes = (".".join(parts[:cut]) for cut in range(len(parts), 0, -1))
            found.update(prefix for prefix in prefixes if self._path(prefix))
        return found

    def _locate(self, dotted: str, *, depth: int = 0) -> tuple[str, str] | None:
        """Return (module, name) for a dotted name that leads to one of our definitions."""
        if dotted not in self._places:
            self._places[dotted] = self._search(dotted, depth=depth)
        return self._places[dotted]

    def _search(self, dotted: str, *, depth: int) -> tuple[str, str] | None:
        parts = dotted.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            module = ".".join(parts[:cut])
            if self._path(module) is None:
                continue
            known, name = self._module(module), parts[cut]
            if name in known.definitions:
                return module, name
            if name in known.imports and depth < 8:
                return self._locate(".".join([known.imports[name], *parts[cut + 1 :]]), depth=depth + 1)
            return None
        return None

    def _path(self, module: str) -> Path | None:
        if module not in self._paths:
            self._paths[module] = self._find(module)
        return self._paths[module]

    def _find(self, module: str) -> Path | None:
        package, _, rest = module.partition(".")
        root = self.roots.get(package)
        if root is None:
            root, rest = self.roots.get(""), module
        if root is None:
            return None
        base = root.joinpath(*rest.split(".")) if rest else root
        for path in (base.with_suffix(".py") if rest else base / "__init__.py", base / "__init__.py"):
            if path.is_file():
                return path
        return None

    def _module(self, module: str) -> _Module:
        if module not in self._modules:
            path = self._path(module)
            if path is None:
                raise UserCodeError(
                    f"there is no file {module.replace('.', '/')}.py in {self.roots.get('', Path())}. "
                    f"Create it, or mend the name in loopwright.toml."
                )
            self._modules[module] = self._read(module, path)
        return self._modules[module]

    def _read(self, module: str, path: Path) -> _Module:
        kept, stat = self._entries(), path.stat()
        stamp = [stat.st_mtime_ns, stat.st_size]
        entry = kept.get(str(path))
        if entry and entry[0] == stamp:
            return _thaw(entry[1])
        parsed = _parse(path.read_bytes(), module=module, path=path)
        if time.time() - stat.st_mtime > _RACY_SECONDS:
            kept[str(path)] = [stamp, _freeze(parsed)]
            self._changed = True
        return parsed

    def _entries(self) -> dict[str, list[object]]:
        if self._kept is None:
            try:
                self._kept = dict(json.loads(self.cache.read_text())) if self.cache else {}
            except (OSError, ValueError, TypeError):
                self._kept = {}  # No cache yet, or a damaged one: parse again.
        return self._kept

    def _readable(self, module: str, name: str) -> str:
        if module not in self._shown:
            path, package = self._path(module), module.partition(".")[0]
            root = self.roots[package].parent if package in self.roots and package else self.roots.get("")
            self._shown[module] = path.relative_to(root).as_posix() if path and root else module
        return f"{self._shown[module]}: {self._module(module).definitions[name].kind} `{name}`"


def _parse(source: bytes, *, module: str, path: Path) -> _Module:
    try:
        with _PARSING:
            tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise UserCodeError(
            f"{path.name}{f':{line}' if line else ''}: this is not valid Python ({getattr(error, 'msg', error)}). "
            f"Mend the file and run again."
        ) from error
    definitions: dict[str, _Definition] = {}
    for node in _top_level(tree.body):
        for name in _defined(node):
            definitions[name] = _definition(node, name)
    return _Module(definitions=definitions, imports=_imports(tree, module, is_package=path.name == "__init__.py"))


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements, those within top-level ``if`` and ``try`` too."""
    for node in body:
        if isinstance(node, ast.If | ast.Try):
            yield from _top_level([*node.body, *node.orelse])
        else:
            yield node


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    if isinstance(node, ast.AnnAssign | ast.AugAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def _definition(node: ast.stmt, name: str) -> _Definition:
    names = tuple(sorted(set(_names(node)) - {name}))
    _strip_what_does_not_run(node)
    return _Definition(
        digest=hashlib.sha256(ast.dump(node).encode()).hexdigest(),
        line=node.lineno,
        kind=_kind(node),
        names=names,
        arguments=_arguments(node) if isinstance(node, ast.FunctionDef) else (),
    )


def _kind(node: ast.stmt) -> str:
    if isinstance(node, ast.ClassDef):
        return "class"
    return "function" if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else "value"


def _arguments(node: ast.FunctionDef) -> tuple[str, ...]:
    return tuple(item.arg for item in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))


def _names(node: ast.AST) -> Iterator[str]:
    """Yield the dotted names that a definition uses; annotations are no use, they do not run."""
    for part in _parts(node):
        if isinstance(part, ast.Attribute):
            dotted = _dotted(part)
            if dotted:
                yield dotted
                continue
        if isinstance(part, ast.Name):
            yield part.id
        yield from _names(part)


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns"}:
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.AST):
                yield part


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = _dotted(node.value)
        return f"{left}.{node.attr}" if left else None
    return None


def _imports(tree: ast.Module, module: str, *, is_package: bool) -> dict[str, str]:
    package = module if is_package else module.rpartition(".")[0]
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                found[item.asname or item.name.partition(".")[0]] = (
                    item.name if item.asname else item.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            start = ".".join(part for part in (base, node.module) if part)
            for item in node.names:
                found[item.asname or item.name] = f"{start}.{item.name}"
    return found


def _strip_what_does_not_run(node: ast.AST) -> None:
    for part in ast.walk(node):
        if (
            isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and ast.get_docstring(part) is not None
        ):
            part.body = part.body[1:] or [ast.Pass()]
        # Annotations of functions do not run; those of a class say what its fields are.
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            part.returns = None
        if isinstance(part, ast.arg):
            part.annotation = None


def _freeze(module: _Module) -> list[object]:
    rows = [
        [name, item.digest, item.line, item.kind, item.names, item.arguments]
        for name, item in module.definitions.items()
    ]
    return [rows, module.imports]


def _thaw(kept: object) -> _Module:
    rows, imports = cast("tuple[list[tuple[str, str, int, str, list[str], list[str]]], dict[str, str]]", kept)
    return _Module(
        definitions={
            name: _Definition(digest=digest, line=line, kind=kind, names=tuple(names), arguments=tuple(arguments))
            for name, digest, line, kind, names, arguments in rows
        },
        imports=imports,
    )
