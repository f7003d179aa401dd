"""Runs the user's functions: from the project folder, or from the copy that a model carries.

Modules are run in a namespace of their own, so that two versions of ``features.py`` (that of yesterday's model and
today's) live in one process. Whatever goes wrong in the user's code is told with their file and line.
"""

from __future__ import annotations

import builtins
import hashlib
import json
import linecache
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from loopwright.errors import LoopwrightError, UserCodeError, nearest

__all__ = ["blamed", "bundle", "functions", "unbundle"]


def bundle(paths: tuple[Path, ...], *, folder: Path) -> bytes:
    """Return the text of the user's modules as one JSON document: path in the project -> text."""
    texts = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    return json.dumps(texts, indent=1, sort_keys=True, ensure_ascii=False).encode()


def unbundle(content: bytes) -> dict[str, str]:
    """Return what ``bundle`` put together."""
    return dict(json.loads(content))


def functions(sources: Mapping[str, str], file: str, names: tuple[str, ...]) -> dict[str, Callable[..., object]]:
    r"""Run a module and return the functions asked for.

    Parameters
    ----------
    sources : mapping of str to str
        Path in the project -> text, of the module and of those it imports from the project.
    file : str
        The module's path, such as ``"features.py"``.
    names : tuple of str

    Raises
    ------
    UserCodeError
        If the module fails while it is run, or has no such function.

    Examples
    --------
    >>> rules = "from units import MILE\ndef far(miles): return miles * MILE > 10"
    >>> code = {"rules.py": rules, "units.py": "MILE = 1.609"}
    >>> functions(code, "rules.py", ("far",))["far"](7)
    True
    """
    module = _Loader(sources).module(_module_name(file))
    for name in names:
        if not callable(getattr(module, name, None)):
            raise UserCodeError(f"{file} has no function {name!r}{nearest(name, vars(module))}.")
    return {name: getattr(module, name) for name in names}


@contextmanager
def blamed(file: str, name: str, *, doing: str) -> Iterator[None]:
    """Turn any error of the user's function, or of the file if no name is given, into one with place and text."""
    try:
        yield
    except LoopwrightError:
        raise
    except (Exception, SystemExit) as error:  # a script's sys.exit() must not end the run without a word
        place, failed = _user_line(error, file), f"function `{name}` failed" if name else "the file failed"
        raise UserCodeError(
            f"{place}: {failed} while {doing}: {type(error).__name__}: {_first_lines(error)}"
        ) from error


class _Loader:
    """Runs modules from their texts, each once."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.texts = {_module_name(path): (path, text) for path, text in sources.items()}
        self.label = hashlib.sha256(json.dumps(sorted(sources.items())).encode()).hexdigest()[:12]
        self.loaded: dict[str, ModuleType] = {}

    def module(self, name: str) -> ModuleType:
        if name in self.loaded:
            return self.loaded[name]
        path, text = self.texts[name]
        module = ModuleType(f"loopwright_user_{self.label}.{name}")
        module.__file__ = path
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": self.imported}
        self.loaded[name] = sys.modules[module.__name__] = module
        linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
        with blamed(path, "", doing="it was read"):
            exec(compile(text, path, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 -- the user's own code
        return module

    def imported(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 -- the signature of __import__
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: tuple[str, ...] = (),
        level: int = 0,
    ) -> ModuleType:
        """Stand in for ``__import__``: modules of the project come from the given texts, all others as usual."""
        return self.module(name) if name in self.texts else builtins.__import__(name, globals, locals, fromlist, level)


def _module_name(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def _user_line(error: BaseException, file: str) -> str:
    """Return ``file:line`` of the deepest frame in the user's file."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f"{file}:{error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f"{file}:{frames[-1].lineno}" if frames else file


def _first_lines(error: BaseException) -> str:
    """Return the message, without the plan that Polars prints under it."""
    text = str(error).partition("This error occurred in the following expression")[0]
    lines = [line for line in text.splitlines() if line.strip()]
    return " ".join(lines[:2])[:300] if lines else "(no message)"
