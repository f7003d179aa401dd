"""What the tests of the stores share: a PostgreSQL server, places that are full or may not be written."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import pytest

_schemas = count(1)


@pytest.fixture(scope="session")
def postgres_server():
    """Start PostgreSQL on a free loopback port; return its URL without the database."""
    programs = _postgres_programs()
    if programs is None:
        _skip("PostgreSQL is not installed (apt-get install postgresql)")
    if importlib.util.find_spec("psycopg") is None:
        _skip('psycopg is not installed (pip install "loopwright[postgres]")')
    folder = Path(tempfile.mkdtemp(prefix="loopwright-postgres-"))
    run = _as_postgres(folder)
    port = _free_port()
    try:
        (folder / "password").write_text("s3cr3t")
        shutil.chown(folder / "password", *_owner(folder))
        run(
            [
                programs / "initdb",
                "-D",
                folder / "data",
                "-U",
                "loopwright",
                "-E",
                "UTF8",
                "--no-sync",
                "--auth=scram-sha-256",
                f"--pwfile={folder / 'password'}",
            ]
        )
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=60"
        run([programs / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "-o", options, "start"])
        yield f"postgresql://loopwright:s3cr3t@127.0.0.1:{port}"
    finally:
        run([programs / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop"], check=False)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server):
    """Return the URL of an empty schema of its own."""
    import psycopg

    schema = f"test_{next(_schemas)}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    return f"{postgres_server}/postgres?options=-csearch_path%3D{schema}"


@pytest.fixture
def small_disk(tmp_path):
    """Mount a file system of two megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    _mount(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder])
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def made_read_only(tmp_path):
    """Return a function that makes a folder read-only, for root too."""
    mounted = []

    def make(folder):
        _mount(["mount", "--bind", folder, folder])
        mounted.append(folder)
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)

    yield make
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=True)


def _mount(command):
    if os.getuid() != 0:
        _skip("mounting a file system needs root")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        _skip(f"mounting a file system is not allowed here: {done.stderr.strip()}")


def _skip(reason):
    """Skip with the reason; in continuous integration nothing may be skipped."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI is set")
    pytest.skip(reason)


def _postgres_programs():
    """Return the folder of PostgreSQL's programs: the newest of Debian's, or the one on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(on_path).resolve().parent if on_path else None


def _owner(folder):
    status = folder.stat()
    return status.st_uid, status.st_gid


def _as_postgres(folder):
    """Return a function that runs commands as a user that PostgreSQL accepts: it refuses to be root."""
    prefix = []
    if os.getuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        prefix = ["runuser", "-u", "postgres", "--"]

    def run(command, *, check=True):
        done = subprocess.run(
            [*prefix, *map(str, command)],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stderr

    return run


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
