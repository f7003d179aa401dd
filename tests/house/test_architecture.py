"""The house stands as planned: floors, doors, no circles, a test for every module, and all of it in the wheel."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from fnmatch import fnmatch
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

from loopwright.records import KINDS

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "loopwright"
TESTS = ROOT / "tests"

HEAVY = ("polars", "numpy", "sklearn", "optuna", "deltalake", "starlette", "onnxruntime")

# Modules whose tests lie elsewhere: pattern -> the tests that cover them, and why there.
TESTED_ELSEWHERE = {
    "settings.py": ("test_projectfile.py", "plain dataclasses: what they mean shows when a file is read"),
    "protocols.py": ("testing/test_contracts.py", "promises only; the contracts test them"),
    "records/*.py": ("records/test_record.py", "plain nouns: one property test has every kind survive the store"),
    "testing/*.py": ("testing/test_contracts.py", "contracts are tested by implementations that keep or break them"),
    "store/delta_log.py": ("store/test_tables.py", "the half of the table store that reads Delta's own log"),
    "store/durable.py": ("store/test_durability.py", "what it promises shows when a process dies"),
    "store/postgres_database.py": ("store/test_postgres.py", "the connection below the ledger, on a real server"),
    "store/rows.py": ("store/test_sqlite.py", "statements that both ledgers share, tested through their contract"),
    "store/sqlite_file.py": ("store/test_sqlite.py", "the file below the ledger, tested through its contract"),
    "store/table_folder.py": ("store/test_tables.py", "the folder below the table store"),
    "stages/charter/candidates.py": ("stages/charter/test_scaffold.py", "seen in the project file that it goes into"),
    "stages/charter/describing.py": ("stages/charter/test_scaffold.py", "seen in the sentences that init tells"),
    "stages/data/column_view.py": ("stages/data/test_partials.py", "statistics are one view of the partials"),
    "stages/data/partial_file.py": ("stages/data/test_partials.py", "partials come back from their file"),
    "stages/data/partial_stats.py": ("stages/data/test_partials.py", "what partials are merged from"),
    "stages/data/vocabulary.py": ("stages/data/test_partials.py", "the part of the partials that counts texts"),
    "stages/data/json_lines.py": ("stages/data/test_reading.py", "one of the formats that reading takes"),
    "stages/data/quarantine.py": ("stages/data/test_reading.py", "the rows that reading sets aside"),
    "stages/data/source_files.py": ("stages/data/test_reading.py", "the files that reading opens"),
    "stages/data/sql.py": ("stages/data/test_reading.py", "the databases that reading asks"),
    "stages/data/nearest_files.py": ("stages/data/test_sources.py", "seen in the message about a missing source"),
    "stages/data/shared_rows.py": ("stages/data/test_leakage.py", "one kind of suspicion"),
    "stages/data/suspicion.py": ("stages/data/test_leakage.py", "what leakage returns"),
    "stages/data/telling_columns.py": ("stages/data/test_leakage.py", "one kind of suspicion"),
    "stages/monitoring/windows.py": ("stages/monitoring/test_watching.py", "what a window is read into"),
    "stages/serving/events.py": ("stages/serving/test_journal.py", "what the log holds, as it is written and read"),
    "faces/cli/consumers.py": ("stories/test_only_declared_consumers_are_answered.py", "keys are tried on a server"),
    "faces/cli/demo.py": ("house/test_docs.py", "the demo takes a minute; the README and CI run it"),
    "faces/cli/living.py": ("house/test_docs.py", "the demo takes a minute; the README and CI run it"),
    "faces/cli/monitoring.py": ("stories/test_an_alert_is_made_once.py", "given where there is traffic"),
    "faces/cli/release.py": ("stories/test_a_rollback_is_followed_at_once.py", "a server has to follow them"),
    "faces/cli/serving.py": ("stories/test_a_server_answers_as_predict_does.py", "the process that serves is asked"),
    "faces/cli/showing.py": ("house/test_docs.py", "the demo takes a minute; the README and CI run it"),
    "faces/cli/initialising.py": ("faces/cli/test_line.py", "what the command init calls"),
    "faces/web/charts/*.py": ("faces/web/charts/test_charts.py", "every chart is drawn from the same exhibits"),
    "faces/web/pages/*.py": ("faces/web/test_app.py", "every page is asked for as HTML and as JSON"),
    "faces/web/*.py": ("faces/web/test_app.py", "what pages are made of, tested in the pages"),
}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Return who imports whom, type-only imports included."""
    return grimp.build_graph("loopwright", cache_dir=None)


def imports(graph: grimp.ImportGraph) -> list[tuple[str, str]]:
    """Return every import as importer and imported."""
    found = ((module, graph.find_modules_directly_imported_by(module)) for module in sorted(graph.modules))
    return [(module, other) for module, others in found for other in sorted(others)]


def modules() -> list[str]:
    """Return the path of every module that does something, from the package folder."""
    paths = (path.relative_to(SOURCE) for path in SOURCE.rglob("*.py"))
    return sorted(
        path.as_posix()
        for path in paths
        if path.name not in {"__init__.py", "__main__.py"} and "templates" not in path.parts
    )


def mirror(module: str) -> Path:
    """Return where the tests of a module belong."""
    path = TESTS / module
    return path.with_name(f"test_{path.name}")


# -- imports -----------------------------------------------------------------------------------------------


def test_only_the_shells_of_a_room_hold_a_project(graph):
    holders = [
        module
        for module, other in imports(graph)
        if other == "loopwright.project" and re.fullmatch(r"loopwright\.stages\.\w+\.\w+", module)
    ]
    assert holders
    assert [module for module in holders if not module.endswith(".steps")] == []


def test_faces_enter_a_room_by_its_door(graph):
    entered = [
        (module, other)
        for module, other in imports(graph)
        if module.startswith("loopwright.faces") and other.startswith("loopwright.stages.")
    ]
    assert entered
    assert [pair for pair in entered if pair[1].count(".") > 2] == []


def test_no_imports_go_round_in_a_circle(graph):
    circle: list[str] = []
    try:
        TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules}).prepare()
    except CycleError as error:
        circle = error.args[1]
    assert circle == []


def test_the_floors_are_kept():
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


@pytest.mark.parametrize("module", ["loopwright.lifecycle", "loopwright.faces.cli.app"])
def test_the_way_to_nothing_to_do_loads_nothing_heavy(module):
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- tests and documents -----------------------------------------------------------------------------------


def test_every_module_has_its_tests_where_a_stranger_would_look():
    homeless = [
        module
        for module in modules()
        if not mirror(module).is_file() and not any(fnmatch(module, pattern) for pattern in TESTED_ELSEWHERE)
    ]
    assert homeless == []


@pytest.mark.parametrize("pattern", TESTED_ELSEWHERE)
def test_every_exception_is_needed_and_leads_to_tests(pattern):
    where, why = TESTED_ELSEWHERE[pattern]
    assert (TESTS / where).is_file()
    assert why
    assert any(fnmatch(module, pattern) and not mirror(module).is_file() for module in modules()), "no longer needed"


def test_every_test_has_a_module():
    lost = [
        path.relative_to(TESTS).as_posix()
        for path in TESTS.rglob("test_*.py")
        if path.relative_to(TESTS).parts[0] not in {"house", "stories", "examples"}
        and not (SOURCE / path.relative_to(TESTS)).with_name(path.name.removeprefix("test_")).is_file()
        and not (path.parent.name != "tests" and path.stem == f"test_{path.parent.name}")
    ]
    assert [path for path in lost if path not in TESTS_OF_SEVERAL_MODULES] == []


# Tests of what several modules do together.
TESTS_OF_SEVERAL_MODULES = {
    "faces/web/test_in_a_browser.py", "faces/web/test_serving.py", "store/test_durability.py",
    "testing/test_contracts.py",
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_record_is_documented(kind):
    words = {KINDS[kind].__name__, f"`{kind}`", kind.replace("_", " ")}
    pages = [page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md")]
    assert len((KINDS[kind].__doc__ or "").split()) > 3
    assert any(word in page for page in pages for word in words)


# -- the wheel ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_everything_that_the_package_needs_is_in_the_wheel(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT)],
        capture_output=True, text=True, check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    needed = {
        f"loopwright/{path.relative_to(SOURCE).as_posix()}"
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sorted(needed - packed) == []
    assert {"loopwright/py.typed", "loopwright/examples/taxi/city.py"} <= packed
    assert any(name.startswith("loopwright/faces/web/static/") for name in packed)
    assert any(name.startswith("loopwright/stages/charter/templates/") for name in packed)
    assert not any("/tests/" in name or name.endswith(".pyc") for name in packed)
