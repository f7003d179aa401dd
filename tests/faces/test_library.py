"""Pages and reports read a project through one small door."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from loopwright.errors import UnknownRecord
from loopwright.faces.library import ProjectLibrary
from loopwright.faces.web import app
from loopwright.faces.web.accounts import Cost, made
from loopwright.project import Project
from loopwright.records import KINDS
from loopwright.store.metadata import Activity


@pytest.fixture
def library(ran):
    with Project.open(ran).closing() as project:
        yield ProjectLibrary(project)


def test_records_are_found_by_kind_newest_or_all(library):
    assert library.name == "fares"
    models = library.all("model")
    assert [model.number for model in models] == [1, 2]
    assert library.newest("model") == models[1]
    of_serving = {"deployment", "prediction_log", "alert"}
    assert {kind for kind in KINDS if library.newest(kind) is None} == of_serving


def test_a_record_is_found_by_the_beginning_of_its_digest(library):
    model = library.newest("model")
    assert library.get(model.digest[:10]) == model
    with pytest.raises(UnknownRecord):
        library.get("no such digest")


def test_parents_and_children_are_each_others(library):
    model = library.newest("model")
    run = library.get(library.parents(model)[0].digest)
    assert model in library.children(run)
    assert library.at(run) <= library.at(model)


def test_bytes_of_artifacts_are_read(library):
    model = library.newest("model")
    assert len(library.artifact(model.file)) == model.file.size


def test_what_happened_is_told(library):
    assert [change.alias for change in library.aliases()] == ["champion"]
    assert any(item.command.startswith("loopwright run") for item in library.activity())
    assert {"ingest", "judge"} <= {item.step for item in library.executions()}


def test_the_project_file_is_shown_as_it_is_written(library, ran):
    assert library.settings_text() == (ran / "loopwright.toml").read_text()


def test_there_is_a_score_from_the_first_model_on(library, folder):
    assert library.score().score > 0
    with Project.open(folder).closing() as project:
        empty = ProjectLibrary(project)
        assert empty.score() is None
        assert empty.newest("model") is None
        assert empty.all("run") == []


def test_a_secret_is_made_once_and_stays(folder):
    with Project.open(folder).closing() as project:
        first = ProjectLibrary(project).secret()
    with Project.open(folder).closing() as project:
        again = ProjectLibrary(project).secret()
    assert first == again
    assert len(first) == 32


def test_two_dashboards_that_start_at_once_agree_on_the_secret(folder):
    def secret(_):
        with Project.open(folder).closing() as project:
            return ProjectLibrary(project).secret()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(secret, range(4)))) == 1


def test_sessions_end_for_every_process(folder):
    with Project.open(folder).closing() as project:
        library = ProjectLibrary(project)
        assert not library.ended("one")
        library.end("one")
    with Project.open(folder).closing() as project:
        assert ProjectLibrary(project).ended("one")
        assert not ProjectLibrary(project).ended("two")


def test_marks_and_the_audit_trail_go_to_the_project(folder):
    with Project.open(folder).closing() as project:
        library = ProjectLibrary(project)
        project.metadata.mark("user", "ada", {"role": "viewer"})
        assert library.marks("user")["ada"].body == {"role": "viewer"}
        library.log(Activity(command="dashboard sign-in", at=library.now(), seconds=0.0, exit_code=0, who="ada"))
        assert library.activity()[-1].command == "dashboard sign-in"


def test_before_anything_serves_no_prediction_has_a_passport(library):
    with pytest.raises(UnknownRecord, match="loopwright serve"):
        library.passport("a")


def test_somebody_signs_in_to_a_real_project_and_is_remembered_after_a_restart(folder):
    with Project.open(folder).closing() as project:
        cheap = Cost(n=16, r=1, p=1)
        project.metadata.mark("user", "ada", made("ada", "correct horse battery", role="viewer", cost=cheap))
        form = asked(project, "GET", "/login")
        token = re.search(r'name="token" value="(\w+)"', form.text)[1]
        fields = {"token": token, "user": "ada", "password": "correct horse battery", "next": "/models"}
        entered = asked(project, "POST", "/login", cookies=dict(form.cookies), data=fields)
        assert (entered.status_code, entered.headers["location"]) == (303, "/models")
    with Project.open(folder).closing() as project:
        assert asked(project, "GET", "/models").status_code == 303
        page = asked(project, "GET", "/models", cookies=dict(entered.cookies))
        assert page.status_code == 200
        assert "Sign out" in page.text
        last = project.metadata.activities()[-1]
        assert (last.command, last.who, last.exit_code) == ("dashboard sign-in", "ada@127.0.0.1", 0)


def asked(project, method, path, *, cookies=(), **more):
    """Ask a private dashboard of a project, as a browser would."""

    async def send():
        transport = httpx.ASGITransport(app(lambda: ProjectLibrary(project), private=True))
        cookie = "; ".join(f"{name}={value}" for name, value in dict(cookies).items())
        headers = {"origin": "http://localhost", "cookie": cookie}
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, headers=headers, **more)

    return asyncio.run(send())
