"""The user's functions of a project, ready to call."""

from __future__ import annotations

from collections.abc import Callable

from loopwright.codedigest import Code
from loopwright.project import Project
from loopwright.records import Ref
from loopwright.usercode import bundle, functions

__all__ = ["code_refs", "load", "source_bundle"]


def load(project: Project, code: Code) -> dict[str, Callable[..., object]]:
    """Run the user's file and return the functions that a ``Code`` names.

    Raises
    ------
    UserCodeError
    """
    from loopwright.usercode import unbundle

    return functions(unbundle(source_bundle(project, code)), code.file, code.functions)


def code_refs(project: Project, code: Code, functions: tuple[str, ...]) -> tuple[Ref, ...]:
    """Return a ref to each of the user's definitions that the named functions of a ``Code`` are made of."""
    closure = project.code_index.closure(code.file.removesuffix(".py"), functions)
    return tuple(
        Ref(kind="code", digest=digest, name=place)
        for place, digest in closure.items() if not place.startswith("loopwright/")
    )


def source_bundle(project: Project, code: Code) -> bytes:
    """Return the text of the file of a ``Code`` and of every file of the project that it reaches, as one document."""
    module = code.file.removesuffix(".py")
    return bundle(project.code_index.modules(module, code.functions), folder=project.folder)
