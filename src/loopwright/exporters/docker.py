"""A container image that serves a project, as a Dockerfile and what it needs beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Image", "docker_files", "required_name", "requirements"]

_HEALTH = (
    "import os, urllib.request; "
    "urllib.request.urlopen('http://127.0.0.1:' + os.environ['LOOPWRIGHT_PORT'] + '/ready', timeout=3)"
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What an image is made of.

    Attributes
    ----------
    project : str
        Name of the project.
    python : str
        Version of the interpreter, such as ``"3.11"``: the one that the models were tested with.
    port : int
        To listen at inside of the container.
    files : tuple of str
        Files and folders of the project that serving needs, relative to the project folder.
    wheel : str or None
        File name of Loopwright's own wheel beside the Dockerfile, where it does not come from a package index.
    folder : str, default="docker"
        Where the Dockerfile lies, relative to the project folder, with ``/`` between its parts.
    """

    project: str
    python: str
    port: int
    files: tuple[str, ...]
    wheel: str | None = None
    folder: str = "docker"


def docker_files(image: Image, *, versions: Mapping[str, str]) -> dict[str, str]:
    """Return the text of every file of the image's folder, by name.

    The image is built from the project folder: ``docker build -f docker/Dockerfile .``. It runs as a user without
    rights, who owns the folder ``.loopwright`` alone: models are copied in, the prediction log is kept on a volume.

    Parameters
    ----------
    image : Image
    versions : mapping of str to str
        Distribution -> version, all that serving imports; see ``requirements``.

    Examples
    --------
    >>> image = Image(project="fares", python="3.11", port=8643, files=("loopwright.toml",))
    >>> sorted(docker_files(image, versions={"loopwright": "0.1.0"}))
    ['Dockerfile', 'Dockerfile.dockerignore', 'compose.yaml', 'requirements.txt']
    """
    return {
        "Dockerfile": _dockerfile(image),
        "Dockerfile.dockerignore": _ignored(image),
        "compose.yaml": _compose(image),
        "requirements.txt": _requirements_text(image, versions),
    }


def requirements(distribution: str, *, needs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return a distribution and everything that it needs, directly or not, in alphabetical order.

    Parameters
    ----------
    distribution : str
    needs : mapping of str to sequence of str
        Distribution -> names of those that it requires, extras left out.

    Examples
    --------
    >>> requirements("loopwright", needs={"loopwright": ["polars", "typer"], "typer": ["rich"]})
    ('loopwright', 'polars', 'rich', 'typer')
    """
    found: set[str] = set()
    waiting = [distribution]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(needs.get(name, ()))
    return tuple(sorted(found, key=str.lower))


def required_name(requirement: str) -> str:
    """Return the name in a requirement such as ``polars>=2.0; python_version > "3"``.

    Examples
    --------
    >>> required_name('psycopg[binary]>=3.2; extra == "postgres"')
    'psycopg'
    """
    found = _NAME.match(requirement)
    return found.group() if found else requirement


def _dockerfile(image: Image) -> str:
    wheel = f"COPY {image.folder}/{image.wheel} /wheels/{image.wheel}\n" if image.wheel else ""
    own = f" /wheels/{image.wheel}" if image.wheel else ""
    copies = "\n".join(f"COPY --chown=root:root {_json(name)}" for name in image.files)
    return f"""\
# Serves the project {image.project}. Build it from the project folder:
#   docker build -f {image.folder}/Dockerfile -t {image.project} .
FROM python:{image.python}-slim AS packages
COPY {image.folder}/requirements.txt /wheels/requirements.txt
{wheel}RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir -r /wheels/requirements.txt{own}

FROM python:{image.python}-slim
# A user without rights: whoever breaks into the server can read the model and write the log, nothing else.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin loopwright
COPY --from=packages /venv /venv
WORKDIR /project
{copies}
COPY --chown=10001:10001 .loopwright /project/.loopwright
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LOOPWRIGHT_PORT={image.port}
USER 10001
VOLUME /project/.loopwright
EXPOSE {image.port}
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", "{_HEALTH}"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["loopwright", "serve", "--host", "0.0.0.0", "--port", "{image.port}"]
"""


def _json(name: str) -> str:
    return f'["{name}", "/project/{name}"]'


def _ignored(image: Image) -> str:
    """Name what the build may see: everything else stays out of the image, secrets first of all."""
    wheel = [f"{image.folder}/{image.wheel}"] if image.wheel else []
    allowed = [*image.files, ".loopwright", f"{image.folder}/requirements.txt", *wheel]
    kept_out = (".loopwright/log", "**/__pycache__", "**/*.locks", "**/.env*")
    return "\n".join(["*", *(f"!{name}" for name in allowed), *kept_out]) + "\n"


def _compose(image: Image) -> str:
    above = "/".join([".."] * len(image.folder.split("/")))
    return f"""\
# docker compose -f {image.folder}/compose.yaml up --build
services:
  serve:
    build:
      context: {above}
      dockerfile: {image.folder}/Dockerfile
    image: {image.project}
    ports: ["127.0.0.1:{image.port}:{image.port}"]
    volumes: ["state:/project/.loopwright"]
    read_only: true
    tmpfs: ["/tmp"]
    cap_drop: ["ALL"]
    security_opt: ["no-new-privileges:true"]
    stop_grace_period: 30s
    restart: unless-stopped
volumes:
  state:
"""


def _requirements_text(image: Image, versions: Mapping[str, str]) -> str:
    lines = [
        f"{name}=={version}"
        for name, version in sorted(versions.items(), key=lambda item: item[0].lower())
        if not (image.wheel and name == "loopwright")
    ]
    return "\n".join(["# What the project was tested with; Loopwright's own requirements, pinned.", *lines]) + "\n"
