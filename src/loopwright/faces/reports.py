"""Model card and datasheet as files beside the project."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from loopwright.errors import StoreReadOnly, UnknownRecord
from loopwright.faces.library import ProjectLibrary
from loopwright.project import Project
from loopwright.records import DatasetVersion, Model

__all__ = ["write_datasheet", "write_model_card", "write_reports"]


def write_reports(project: Project, model: Model, dataset: DatasetVersion) -> tuple[Path, Path]:
    """Write both reports into the project's folder ``reports`` and return their paths."""
    from loopwright.faces.web.cards import datasheet, model_card

    library = ProjectLibrary(project)
    return (
        _write(project.folder / "reports" / "model_card.html", model_card(library, model)),
        _write(project.folder / "reports" / "datasheet.html", datasheet(library, dataset)),
    )


def write_model_card(project: Project, model: str | None, output: Path | None) -> Path:
    """Write the card of a model, the newest if none is named.

    Raises
    ------
    UnknownRecord
    """
    from loopwright.faces.web.cards import model_card
    from loopwright.stages.registry import find

    if model:
        chosen: Model | None = project.metadata.get(Model, find(project, model).digest)
    else:
        chosen = project.metadata.newest(Model)
    if chosen is None:
        raise UnknownRecord("this project has no model yet. Run `loopwright run`.")
    target = output or project.folder / "reports" / f"model_card_v{chosen.number}.html"
    return _write(target, model_card(ProjectLibrary(project), chosen))


def write_datasheet(project: Project, output: Path | None) -> Path:
    """Write the datasheet of the newest dataset version.

    Raises
    ------
    UnknownRecord
    """
    from loopwright.faces.web.cards import datasheet

    versions = [item for item in project.metadata.all(DatasetVersion) if not item.parts]
    if not versions:
        raise UnknownRecord("this project has no dataset version yet. Run `loopwright run`.")
    return _write(
        output or project.folder / "reports" / "datasheet.html", datasheet(ProjectLibrary(project), versions[-1])
    )


def _write(path: Path, text: str) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):  # where a file cannot be written it may not be removable either; nothing is there then
            draft.unlink(missing_ok=True)
        raise StoreReadOnly(
            f"cannot write {path}: {error.strerror}. Make the folder writable, or give --output."
        ) from error
    return path
