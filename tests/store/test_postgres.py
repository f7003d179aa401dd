"""The PostgreSQL ledger keeps the promises of a ledger, whatever happens to its connections."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import traceback
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from loopwright.errors import CorruptStore, PluginError, StoreError, StoreReadOnly
from loopwright.protocols import Entry
from loopwright.store import PostgresLedger
from loopwright.testing import LedgerContract


class TestPostgresLedger(LedgerContract):
    @pytest.fixture
    def opened(self, postgres_url):
        return lambda: PostgresLedger(postgres_url)


@pytest.fixture
def ledger(postgres_url):
    ledger = PostgresLedger(postgres_url)
    yield ledger
    ledger.close()


@pytest.fixture
def sql(postgres_url):
    """Return a function that runs SQL beside the ledger."""
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection.execute


def entry(key="k", **more):
    return Entry(**{"table": "record", "key": key, "body": "{}", "at": "2026-05-03T00:00:00.000000Z", **more})


def test_reading_an_empty_database_makes_nothing(ledger, sql):
    assert ledger.select("record") == []
    assert sql("SELECT to_regclass('loopwright_entry')").fetchone() == (None,)


def test_sql_can_neither_change_nor_delete(ledger, sql):
    import psycopg

    ledger.append([entry()])
    for statement in (
        "UPDATE loopwright_entry SET body = 'x'",
        "DELETE FROM loopwright_entry",
        "TRUNCATE loopwright_entry",
    ):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            sql(statement)


def test_a_lost_connection_is_opened_again(ledger, sql):
    ledger.append([entry("before")])
    for use in (lambda: ledger.append([entry("after")]), lambda: ledger.select("record")):
        sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loopwright'")
        use()
    assert [line.key for line in ledger.select("record")] == ["before", "after"]


@pytest.mark.parametrize("answer_is_lost", [True, False], ids=["after the commit", "before the commit"])
def test_entries_are_written_once_when_the_line_is_cut_at_commit(postgres_url, sql, answer_is_lost):
    parts = urlsplit(postgres_url)
    with _Line(parts.port, answer_is_lost=answer_is_lost) as line:
        ledger = PostgresLedger(postgres_url.replace(f":{parts.port}/", f":{line.port}/"))
        ledger.append([entry("first")])
        line.cut_at_next_commit()
        ledger.append([entry("second"), entry("second")])
        assert line.was_cut
        assert [found.key for found in ledger.select("record")] == ["first", "second", "second"]
        ledger.close()


def test_a_holder_that_is_killed_lets_go(postgres_url, ledger):
    program = (
        "import sys, time\n"
        "from loopwright.store import PostgresLedger\n"
        "with PostgresLedger(sys.argv[1]).hold('step'):\n"
        "    print('in', flush=True)\n"
        "    time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, postgres_url], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "in\n"
    process.kill()
    process.communicate()
    with ledger.hold("step"):
        pass


def test_ledgers_in_two_schemas_do_not_wait_for_each_other(postgres_server, postgres_url, ledger):
    other = PostgresLedger(f"{postgres_server}/postgres")
    with ledger.hold("step"), other.hold("step"):
        pass
    other.close()


def test_many_ledgers_may_be_laid_out_at_once(postgres_url):
    ledgers = [PostgresLedger(postgres_url) for _ in range(8)]
    threads = [threading.Thread(target=one.append, args=([entry()],)) for one in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ledgers[0].select("record")) == 8
    for one in ledgers:
        one.close()


def test_a_ledger_of_a_newer_version_is_refused(ledger, sql):
    ledger.append([entry()])
    sql("UPDATE loopwright_ledger SET version = 99")
    ledger.close()
    with pytest.raises(StoreError, match=r"newer Loopwright \(ledger format 99"):
        ledger.select("record")


def test_a_changed_row_is_a_corrupt_store(ledger, sql):
    ledger.append([entry()])
    sql("ALTER TABLE loopwright_entry DISABLE TRIGGER ALL")
    sql("UPDATE loopwright_entry SET body = 'x'")
    with pytest.raises(CorruptStore, match="entry 1"):
        ledger.select("record")


def test_a_user_who_may_only_read_can_read(postgres_url, ledger, sql):
    ledger.append([entry()])
    schema = sql("SELECT current_schema()").fetchone()[0]
    sql(f"CREATE ROLE reader_{schema} LOGIN PASSWORD 'other'")
    sql(f"GRANT USAGE ON SCHEMA {schema} TO reader_{schema}")
    sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader_{schema}")
    reader = PostgresLedger(postgres_url.replace("loopwright:s3cr3t", f"reader_{schema}:other"))
    assert len(reader.select("record")) == 1
    with pytest.raises(StoreReadOnly, match="permission denied"):
        reader.append([entry()])
    reader.close()


@pytest.mark.parametrize(
    ("find", "replace"),
    [
        ("s3cr3t@", "hunter2@"),
        ("127.0.0.1", "no-such-host.invalid"),
        ("/postgres?", "/no_such_database?"),
    ],
    ids=["wrong password", "wrong host", "wrong database"],
)
def test_an_unreachable_database_says_so_without_the_password(postgres_url, find, replace):
    ledger = PostgresLedger(postgres_url.replace(find, replace))
    with pytest.raises(StoreError) as caught:
        ledger.select("record")
    told = f"{ledger!r}" + "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in told
    assert "s3cr3t" not in told
    assert "Check that the server runs" in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hun%ter2@host/db",
        "postgresql://u:hun@ter2@host/db",
        "postgresql://u:hun/ter2@host/db",
        "postgresql://u:1/ter2@host",
    ],
)
def test_a_password_that_must_be_escaped_is_not_shown(url):
    with pytest.raises(StoreError, match="%40 for @") as caught:
        PostgresLedger(url)
    told = "".join(traceback.format_exception(caught.value))
    assert "hun" not in told.replace(str(url), "")
    assert "ter2" not in told


@pytest.mark.parametrize("password", ["hun?ter2", "hun%40ter2", "hunter2"])
def test_the_name_of_a_database_has_no_password(password):
    assert (
        repr(PostgresLedger(f"postgresql://u:{password}@host/db")) == "PostgresLedger('postgresql://host/db')"
    )


def test_without_psycopg_it_says_how_to_get_it():
    program = (
        "import sys\n"
        "sys.modules['psycopg'] = None\n"
        "from loopwright.store import PostgresLedger\n"
        "PostgresLedger('postgresql://host/db')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert PluginError.__name__ in done.stderr
    assert 'pip install "loopwright[postgres]"' in done.stderr


class _Line:
    """A line between client and server that can be cut at the moment of a COMMIT."""

    def __init__(self, server_port, *, answer_is_lost):
        self._server_port = server_port
        self._answer_is_lost = answer_is_lost
        self._armed = False
        self._ends = []
        self.was_cut = False

    def __enter__(self):
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *error):
        self._door.close()
        for end in self._ends:
            end.close()

    def cut_at_next_commit(self):
        self._armed = True

    def _serve(self):
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server_port))
            self._ends += [client, server]
            threading.Thread(target=self._pass_on, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(server, client, False), daemon=True).start()

    def _pass_on(self, source, target, is_client):
        try:
            while data := source.recv(65536):
                if is_client and self._armed and b"COMMIT" in data:
                    self._armed, self.was_cut = False, True
                    if self._answer_is_lost:
                        source.shutdown(socket.SHUT_RDWR)
                        target.sendall(data)
                        threading.Event().wait(0.2)
                    break
                target.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, target):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
