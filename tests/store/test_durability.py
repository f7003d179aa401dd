"""Writers are killed at any moment: what they acknowledged is there, and nothing is torn."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import polars as pl
import pytest

from loopwright.records.record import Artifact, Table, TableFile
from loopwright.store import DeltaTables, FolderArtifacts, SqliteLedger

APPEND = """
import sys, itertools
from loopwright.protocols import Entry
from loopwright.store import SqliteLedger
ledger, writer = SqliteLedger(sys.argv[1]), sys.argv[2]
for n in itertools.count():
    body = f'"{"x" * (n * 37 % 5000)}"'
    keys = [f"{writer}:{n}:{part}" for part in "ab"]
    ledger.append([Entry(table="record", key=key, body=body, at="", tags={"n": str(n)}) for key in keys])
    print(n, flush=True)
"""

PUT = """
import sys, itertools
from loopwright.store import FolderArtifacts
artifacts, writer = FolderArtifacts(sys.argv[1]), sys.argv[2]
for n in itertools.count():
    artifact = artifacts.put(f"{writer}:{n}".encode() * (n * 997 % 50_000 + 1), name=f"{n}")
    print(artifact.sha256, artifact.size, flush=True)
"""

WRITE = """
import sys, itertools
import polars as pl
from loopwright.store import DeltaTables
tables, writer = DeltaTables(sys.argv[1], digest=lambda frame: frame.write_csv()[:100]), sys.argv[2]
print("ready", flush=True)
for n in itertools.count():
    table = tables.write("t", pl.DataFrame({"writer": [writer] * 1000, "n": [n] * 1000}))
    (file,) = table.files
    print(table.version, table.sha256.replace("\\n", ";"), file.path, file.size, flush=True)
"""

HOLD = """
import sys, time
from loopwright.store import SqliteLedger
with SqliteLedger(sys.argv[1]).hold("step"):
    print("in", flush=True)
    time.sleep(60)
"""

TOGETHER = """
import sys, time
from loopwright.protocols import Entry
from loopwright.store import SqliteLedger
ledger, writer, begin = SqliteLedger(sys.argv[1]), sys.argv[2], float(sys.argv[3])
time.sleep(max(0, begin - time.time()))
for n in range(40):
    ledger.append([Entry(table="record", key=f"{writer}:{n}", body="{}", at="")])
    ledger.append([Entry(table="record", key=f"shared:{n}", body="{}", at="", unique=True)])
    assert ledger.select("record", key=f"{writer}:{n}")
    if n % 10 == 0:
        ledger.close()
"""

KILLS = [pytest.param(5, id="a few times"), pytest.param(60, id="many times", marks=pytest.mark.slow)]


def killed(program, place, *, writer, seed, after_line=""):
    """Run a writer, kill it at a random moment, and return the lines that it finished printing."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, place, str(writer)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if after_line:
        assert process.stdout.readline() == f"{after_line}\n"
    time.sleep(random.Random(seed * 1000 + writer).uniform(0, 0.25 if after_line else 0.4))
    process.kill()
    told, complaints = process.communicate()
    assert complaints == ""
    return [line for line in told.splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.parametrize("kills", KILLS)
def test_a_ledger_keeps_what_was_appended_by_writers_that_are_killed(tmp_path, kills):
    place = tmp_path / "store" / "metadata.db"
    for writer in range(kills):
        acknowledged = len(killed(APPEND, place, writer=writer, seed=1))
        ledger = SqliteLedger(place)
        found = [entry.key for entry in ledger.select("record", prefix=f"{writer}:")]
        ledger.close()
        assert acknowledged <= len(found) // 2 <= acknowledged + 1
        assert found == [f"{writer}:{n}:{part}" for n in range(len(found) // 2) for part in "ab"]


@pytest.mark.parametrize("kills", KILLS)
def test_artifacts_keep_what_was_put_by_writers_that_are_killed(tmp_path, kills):
    for writer in range(kills):
        acknowledged = killed(PUT, tmp_path / "artifacts", writer=writer, seed=2)
        store = FolderArtifacts(tmp_path / "artifacts")
        for line in acknowledged:
            sha256, size = line.split()
            artifact = Artifact(sha256=sha256, size=int(size), name="x")
            assert store.intact(artifact)
            assert len(store.get(artifact)) == artifact.size
    store = FolderArtifacts(tmp_path / "artifacts")
    for file in (tmp_path / "artifacts").glob("??/*"):
        assert store.get(Artifact(sha256=file.parent.name + file.name, size=file.stat().st_size, name="x"))


@pytest.mark.parametrize("kills", [pytest.param(3, id="a few times"), KILLS[1]])
def test_tables_keep_what_was_written_by_writers_that_are_killed(tmp_path, kills):
    store = DeltaTables(tmp_path / "tables", digest=lambda frame: frame.write_csv()[:100])
    for writer in range(kills):
        for line in killed(WRITE, tmp_path / "tables", writer=writer, seed=3, after_line="ready"):
            version, sha256, path, size = line.split()
            files = (TableFile(path=path, size=int(size)),)
            table = Table(
                name="t", version=int(version), rows=1000, columns=("writer", "n"), sha256=sha256, files=files
            )
            rows = store.read(table).collect()
            assert rows["writer"].unique().to_list() == [str(writer)]
            assert rows["n"].n_unique() == 1
    after = store.write("t", pl.DataFrame({"n": [-1]}))
    assert pl.read_delta(str(tmp_path / "tables" / "t"), version=after.version).to_dicts() == [{"n": -1}]


def test_a_holder_that_is_killed_lets_go(tmp_path):
    place = tmp_path / "metadata.db"
    process = subprocess.Popen([sys.executable, "-c", HOLD, place], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "in\n"
    process.kill()
    process.communicate()
    with SqliteLedger(place).hold("step"):
        pass


@pytest.mark.parametrize("rounds", [1, pytest.param(15, marks=pytest.mark.slow)])
def test_processes_that_begin_one_ledger_at_the_same_moment_do_not_disturb_each_other(tmp_path, rounds):
    for turn in range(rounds):
        place = tmp_path / f"{turn}" / "metadata.db"
        begin = str(time.time() + 0.4)
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", TOGETHER, place, f"w{n}", begin], stderr=subprocess.PIPE, text=True
            )
            for n in range(4)
        ]
        assert [process.communicate()[1] for process in processes] == [""] * 4
        ledger = SqliteLedger(place)
        found = ledger.select("record")
        ledger.close()
        assert len(found) == len({entry.key for entry in found}) == 4 * 40 + 40
