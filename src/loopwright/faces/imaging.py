"""The files of a container image, written into a project folder."""

from __future__ import annotations

import shutil
import sys
from importlib import metadata as distributions
from pathlib import Path

from loopwright.errors import ProjectError
from loopwright.exporters.docker import Image, docker_files, required_name, requirements
from loopwright.project import PROJECT_FILE, Project

__all__ = ["write_docker"]

_SCHEMA_FILE = "schema.toml"


def write_docker(project: Project, output: Path, *, wheel: Path | None = None) -> Path:
    """Write ``Dockerfile``, its ignore file, ``compose.yaml`` and pinned requirements; return their folder.

    Parameters
    ----------
    project : Project
    output : Path
        Relative to the project folder, below which it must lie.
    wheel : Path, optional
        Loopwright's own wheel, copied beside the Dockerfile.

    Raises
    ------
    ProjectError
        If the folder lies elsewhere, state does not lie in the project folder, or the wheel is not there.
    """
    folder = (project.folder / output).resolve()
    if not folder.is_relative_to(project.folder) or folder == project.folder:
        raise ProjectError(f"{output} is no folder below {project.folder}; a build sees the project folder only.")
    _require_local_state(project)
    if wheel is not None and not wheel.is_file():
        raise ProjectError(f"there is no wheel {wheel}. Build one with `python -m build --wheel`.")
    image = Image(
        project=project.settings.project.name,
        python=".".join(map(str, sys.version_info[:2])),
        port=project.settings.serving.port or 8643,
        files=_files(project),
        wheel=wheel.name if wheel else None,
        folder=folder.relative_to(project.folder).as_posix(),
    )
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in docker_files(image, versions=_versions()).items():
        (folder / name).write_text(text, encoding="utf-8")
    if wheel is not None:
        shutil.copyfile(wheel, folder / wheel.name)
    return folder


def _require_local_state(project: Project) -> None:
    stores = project.settings.stores
    elsewhere = [
        place for place in (stores.metadata, stores.artifacts, stores.tables)
        if "://" in place or not place.startswith(".loopwright/")
    ]
    if elsewhere and not all("://" in place for place in elsewhere):
        raise ProjectError(
            f"the stores {', '.join(elsewhere)} lie neither in .loopwright nor at a URL, so an image would not have "
            f"them. Change [stores] in {PROJECT_FILE}."
        )


def _files(project: Project) -> tuple[str, ...]:
    """Return what lies in the project folder and is read when serving; a model brings its own code along."""
    user_code = sorted(path.name for path in project.folder.glob("*.py"))
    wanted = (PROJECT_FILE, _SCHEMA_FILE, *user_code)
    return tuple(name for name in wanted if (project.folder / name).is_file())


def _versions() -> dict[str, str]:
    """Return the installed versions of Loopwright and everything that it needs."""
    needs: dict[str, list[str]] = {}
    versions: dict[str, str] = {}
    for found in distributions.distributions():
        name = found.metadata["Name"]
        if name:
            versions[_normal(name)] = found.version
            needs[_normal(name)] = [
                _normal(required_name(line)) for line in found.requires or () if "extra ==" not in line
            ]
    return {name: versions[name] for name in requirements("loopwright", needs=needs) if name in versions}


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")
