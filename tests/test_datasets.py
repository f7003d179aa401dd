"""Datasets come from where they should, whole and unchanged, or with an error that helps."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import os
import socket
import threading
import time
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from loopwright import datasets
from loopwright.datasets import DataFile, Dataset
from loopwright.errors import DataError, UnreadableSource

ROWS = b"a,b\n1,2\n3,4\n" * 9000          # more than one piece of a download


class Server(http.server.BaseHTTPRequestHandler):
    """Answers as its path says, so that each way to fail can be asked for."""

    def do_GET(self):
        if self.path == "/missing.csv":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(ROWS)))
        self.end_headers()
        if self.path == "/slow.csv":
            self._trickle()
        else:
            body = {"/wrong.csv": ROWS.replace(b"3", b"5"), "/short.csv": ROWS[:100_000]}.get(self.path, ROWS)
            self.wfile.write(body)

    def _trickle(self):
        for byte in range(50):
            try:
                self.wfile.write(ROWS[byte : byte + 1])
            except OSError:
                return
            time.sleep(0.05)

    def log_message(self, *arguments):
        """Say nothing on standard error."""


@pytest.fixture(scope="module")
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.delenv("LOOPWRIGHT_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "loopwright" / "datasets"


def dataset(address, *, path="rows.csv"):
    file = DataFile(path=path, sha256=hashlib.sha256(ROWS).hexdigest(), size=len(ROWS), address=address)
    return Dataset(
        name="rows", title="Rows", task="binary", label="a", folder="rows", files=(file,), tables=(path,)
    )


def needs(name):
    # Tests download nothing from outside: they use the data folder that they were started with.
    if "LOOPWRIGHT_DATA" not in os.environ:
        pytest.skip("needs LOOPWRIGHT_DATA, a folder with the public datasets")
    try:
        return datasets.path(name)
    except UnreadableSource as missing:
        pytest.skip(f"needs the dataset {name}: {missing}")


@pytest.fixture
def given_folder():
    return needs("penguins").parent


def files_in(folder):
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_a_download_arrives_whole_and_reports_its_progress(server, tmp_path):
    seen = []
    folder = datasets.fetch(
        dataset(f"{server}/rows.csv"), into=tmp_path / "rows", progress=lambda *part: seen.append(part)
    )
    assert (folder / "rows.csv").read_bytes() == ROWS
    assert files_in(folder) == ["rows.csv"]
    assert seen[-1] == ("rows.csv", len(ROWS), len(ROWS))
    received = [done for _, done, _ in seen]
    assert received == sorted(received)
    assert len(seen) > 1


def test_what_is_there_is_not_downloaded_again(tmp_path):
    (tmp_path / "rows.csv").write_bytes(ROWS)
    assert datasets.fetch(dataset("http://127.0.0.1:1/rows.csv"), into=tmp_path) == tmp_path


def test_a_damaged_copy_in_the_cache_is_replaced(server, tmp_path):
    (tmp_path / "rows.csv").write_bytes(ROWS[:-1])
    datasets.fetch(dataset(f"{server}/rows.csv"), into=tmp_path)
    assert (tmp_path / "rows.csv").read_bytes() == ROWS


def test_a_packed_file_is_known_by_what_it_holds(server, tmp_path):
    packed = dataset(f"{server}/rows.csv", path="rows.csv.gz")
    datasets.fetch(packed, into=tmp_path)
    assert gzip.decompress((tmp_path / "rows.csv.gz").read_bytes()) == ROWS
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(ROWS, compresslevel=1))
    datasets.fetch(dataset("http://127.0.0.1:1/", path="rows.csv.gz"), into=tmp_path)


@pytest.mark.parametrize("answer", ["wrong.csv", "short.csv"])
def test_other_bytes_than_expected_are_refused_and_leave_nothing(server, tmp_path, answer):
    with pytest.raises(DataError, match="does not hold the expected bytes") as refusal:
        datasets.fetch(dataset(f"{server}/{answer}"), into=tmp_path)
    assert f"{server}/{answer}" in str(refusal.value)
    assert files_in(tmp_path) == []


def test_more_bytes_than_expected_are_not_all_read(server, tmp_path):
    tiny = DataFile(path="rows.csv", sha256="0" * 64, size=10, address=f"{server}/rows.csv")
    seen = []
    with pytest.raises(DataError):
        datasets.fetch(
            Dataset(name="rows", title="Rows", task="binary", label="a", folder="rows", files=(tiny,)),
            into=tmp_path, progress=lambda *part: seen.append(part),
        )
    assert len(seen) == 1


def test_a_file_that_the_server_does_not_have_is_an_error_that_says_404(server, tmp_path):
    with pytest.raises(UnreadableSource, match="404"):
        datasets.fetch(dataset(f"{server}/missing.csv"), into=tmp_path)


def test_a_server_that_trickles_meets_the_deadline(server, tmp_path):
    start = time.monotonic()
    with pytest.raises(UnreadableSource, match=r"after 0\.2 seconds"):
        datasets.fetch(dataset(f"{server}/slow.csv"), into=tmp_path, timeout_s=0.2)
    assert time.monotonic() - start < 2


def test_no_server_at_all_is_an_error_that_names_the_folder_and_the_variable(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/rows.csv"
        with pytest.raises(UnreadableSource) as refusal:
            datasets.fetch(dataset(address), into=tmp_path)
    for part in ("'rows'", "rows.csv", "LOOPWRIGHT_DATA", address):
        assert part in str(refusal.value)
    assert files_in(tmp_path) == []


def test_a_file_without_a_public_address_is_an_error_that_says_so(tmp_path):
    with pytest.raises(UnreadableSource, match=r"no public address .*LOOPWRIGHT_DATA"):
        datasets.fetch(dataset(None), into=tmp_path)


def test_only_web_addresses_are_opened(tmp_path):
    (tmp_path / "secret.csv").write_bytes(ROWS)
    with pytest.raises(UnreadableSource, match="no web address"):
        datasets.fetch(dataset(f"file://{tmp_path}/secret.csv"), into=tmp_path / "rows")


def test_a_cache_that_cannot_be_written_is_an_error_that_says_where(server, tmp_path):
    (tmp_path / "rows").write_text("a file where the folder should be")
    with pytest.raises(DataError, match=r"cannot be written .*XDG_CACHE_HOME"):
        datasets.fetch(dataset(f"{server}/rows.csv"), into=tmp_path / "rows")


def test_the_data_folder_is_law_so_nothing_is_downloaded_past_it(monkeypatch, tmp_path, cache):
    monkeypatch.setenv("LOOPWRIGHT_DATA", str(tmp_path / "data"))
    with pytest.raises(UnreadableSource) as refusal:
        datasets.path("chicago-taxi")
    for part in ("chicago_taxi_tfdv", "train.csv", "LOOPWRIGHT_DATA", str(tmp_path / "data")):
        assert part in str(refusal.value)
    assert not cache.exists()


def test_a_changed_file_in_the_data_folder_is_an_error_and_is_left_alone(monkeypatch, tmp_path):
    folder = tmp_path / "telco_churn"
    folder.mkdir()
    (folder / "Telco-Customer-Churn.csv").write_text("customerID,Churn\n1,Yes\n")
    monkeypatch.setenv("LOOPWRIGHT_DATA", str(tmp_path))
    with pytest.raises(DataError, match="does not hold the expected bytes") as refusal:
        datasets.path("telco-churn")
    assert not isinstance(refusal.value, UnreadableSource)
    assert (folder / "Telco-Customer-Churn.csv").read_text() == "customerID,Churn\n1,Yes\n"


def test_a_packed_file_that_is_no_packed_file_is_an_error(monkeypatch, tmp_path):
    folder = tmp_path / "bike_sharing"
    folder.mkdir()
    (folder / "hour.csv.gz").write_bytes(b"no gzip")
    monkeypatch.setenv("LOOPWRIGHT_DATA", str(tmp_path))
    with pytest.raises(DataError, match="cannot be read"):
        datasets.path("bike-sharing")


def test_the_user_cache_is_used_where_no_data_folder_is_named(given_folder, cache):
    source = given_folder / "penguins_tfx"
    target = cache / "penguins_tfx"
    for file in source.rglob("*.csv"):
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    assert datasets.path("penguins") == target
    assert datasets.load("penguins").shape == (334, 5)


def test_a_relative_cache_home_is_ignored_as_its_specification_says(monkeypatch, tmp_path):
    monkeypatch.delenv("LOOPWRIGHT_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UnreadableSource):
        datasets.path("titanic")
    assert not Path("relative").exists()


def test_an_unknown_name_is_answered_with_the_nearest_one():
    for ask in (datasets.load, datasets.path):
        with pytest.raises(DataError, match="did you mean 'chicago-taxi'"):
            ask("chicago_taxi")


@pytest.mark.parametrize("name", ["wine", "simulated-taxi"])
def test_data_without_files_have_no_folder(name):
    with pytest.raises(DataError, match="no folder"):
        datasets.path(name)


def test_every_dataset_is_described_whole():
    every = datasets.available()
    assert [one.name for one in every] == sorted({one.name for one in every})
    for one in every:
        paths = {file.path for file in one.files}
        assert set(one.tables) <= paths
        assert bool(one.folder) == bool(one.files) == bool(one.tables)
        for file in one.files:
            assert len(file.sha256) == 64
            assert file.size > 0
            assert file.address is None or file.address.startswith("https://")


@pytest.mark.parametrize(
    ("name", "shape"),
    [("breast-cancer", (569, 31)), ("digits", (1797, 65)), ("diabetes", (442, 11)), ("wine", (178, 14))],
)
def test_bundled_datasets_load_anywhere(name, shape):
    rows = datasets.load(name)
    assert rows.shape == shape
    assert rows.columns[-1] == "target"
    assert rows.null_count().sum_horizontal().item() == 0


def test_the_simulated_taxi_dataset_is_the_default_demo():
    rows = datasets.load("simulated-taxi")
    assert rows.height == 12_000
    assert_frame_equal(rows, datasets.simulated_city().City(seed=0).demo())
    assert datasets.simulated_city() is datasets.simulated_city()


def test_the_taxi_trips_are_all_labelled_trips_in_order_of_time():
    needs("chicago-taxi")
    rows = datasets.load("chicago-taxi")
    assert rows.shape == (15_000, 18)
    assert rows["trip_start_timestamp"].is_sorted()
    assert (rows["tips"] > 0.2 * rows["fare"]).mean() == pytest.approx(0.22493, abs=1e-4)


@pytest.mark.parametrize("one", [one for one in datasets.available() if one.folder], ids=lambda one: one.name)
def test_every_dataset_in_the_data_folder_is_whole_and_has_its_label(one):
    folder = needs(one.name)
    assert all((folder / file.path).is_file() for file in one.files)
    rows = datasets.load(one.name)
    assert rows.height > 100
    assert one.label in rows.columns or ">" in one.label
    assert one.time is None or rows[one.time].is_sorted()
