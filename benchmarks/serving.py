"""What an answer costs beside a server that does nothing, and what keeping it costs beside the disk itself.

    python benchmarks/serving.py [--requests 400]

Prints ratios measured in one run, in turns, so that other work on the machine meets both sides alike:

- one row over HTTP, everything on (key, schema, routing, model, log acknowledged): against a bare ASGI application
  under the same uvicorn that answers a constant;
- the same, with 100 rows in a request, per row;
- an acknowledged event of the prediction log: against ``write`` (with ``fsync``) of the same bytes to a file.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import uvicorn

from loopwright import datasets
from loopwright.faces.cli.initialising import make_project
from loopwright.lifecycle import run
from loopwright.ports import listen
from loopwright.project import Project
from loopwright.stages import serving
from loopwright.stages.serving.events import Outcome
from loopwright.stages.serving.journal import Journal, encoded
from loopwright.stages.serving.listening import Listener


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=400, help="requests of each kind (default 400)")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _serve(Path(folder), requests=wish.requests)
        _log(Path(folder), events=wish.requests * 5)
    return 0


def _serve(folder: Path, *, requests: int) -> None:
    rows = datasets.simulated_city().City(seed=0).demo(rows=6_000)
    rows.write_csv(folder / "trips.csv")
    make_project(
        folder / "tips", data=str(folder / "trips.csv"), label="tips > 0.2 * fare", task=None, time="trip_start",
        key="trip_id", group=None, known_after=("tips",), positive=None, query=None, delimiter=None,
    )
    with Project.open(folder / "tips").closing() as project:
        run(project)
        serving.deploy(project, by="benchmark", why="to be measured")
        made = serving.server(project, is_open=True)
        full = Listener(made.application, host="127.0.0.1", port=0)
        bare = _Bare()
        for server in (full.run, bare.run):
            threading.Thread(target=server, daemon=True).start()
        time.sleep(2)
        moments = pl.col("trip_start").dt.to_string("iso:strict")
        asked = rows.drop("tips").with_columns(moments).to_dicts()
        one, hundred, nothing = [], [], []
        calls = _caller(full.address), _caller(bare.address)
        for number in range(requests):
            row = asked[number % len(asked)] | {"trip_id": f"one-{number}"}
            many = [asked[(number + k) % len(asked)] | {"trip_id": f"many-{number}-{k}"} for k in range(100)]
            one.append(_seconds(calls[0], {"row": row}))
            nothing.append(_seconds(calls[1], {"row": row}))
            if number % 10 == 0:
                hundred.append(_seconds(calls[0], {"rows": many}) / 100)
        full.stop()
        bare.stop()
        time.sleep(1)
        made.close()
    base = statistics.median(nothing)
    print(f"a bare server answers in {base * 1e3:.2f} ms (median)")
    print(f"one row, all of it:     {statistics.median(one) / base:6.1f} times that")
    print(f"a row of a hundred:     {statistics.median(hundred) / base:6.2f} times that")


class _Bare:
    """An application that does nothing, under the same server."""

    def __init__(self) -> None:
        config = uvicorn.Config(self, port=0, lifespan="off", log_config=None, access_log=False)
        self._server = uvicorn.Server(config)
        self._socket = listen("127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    async def __call__(self, _: object, receive: Callable[[], object], send: Callable[[object], object]) -> None:
        while (await receive()).get("more_body"):
            pass
        headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})

    def run(self) -> None:
        """Serve until told to stop."""
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def stop(self) -> None:
        """Have it stop."""
        self._server.should_exit = True


def _caller(address: str) -> Callable[[bytes], int]:
    place = address.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(place[0], int(place[1]), timeout=30)

    def call(body: bytes) -> int:
        connection.request("POST", "/predict", body=body, headers={"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return answer.status

    return call


def _seconds(call: Callable[[bytes], int], body: object) -> float:
    content = json.dumps(body).encode()
    start = time.perf_counter()
    status = call(content)
    if status != 200:
        raise SystemExit(f"the server answered {status}")
    return time.perf_counter() - start


def _log(folder: Path, *, events: int) -> None:
    told = [Outcome(id=f"t{n}", at=n, received=n, source="benchmark", values={"tips": 2.5}) for n in range(events)]
    for durability, forced in (("write", False), ("fsync", True)):
        kept, plain = [], []
        kept_in = Journal(folder / f"log-{durability}", durability=durability)
        with kept_in as journal, (folder / "plain").open("wb") as out:
            for event in told:
                start = time.perf_counter()
                journal.append([event]).result()
                middle = time.perf_counter()
                os.write(out.fileno(), encoded(event))
                if forced:
                    os.fsync(out.fileno())
                kept.append(middle - start)
                plain.append(time.perf_counter() - middle)
        ratio = statistics.median(kept) / statistics.median(plain)
        what = "write and fsync" if forced else "write"
        print(f'an event kept with "{durability}": {ratio:6.1f} times {what} alone')


if __name__ == "__main__":
    sys.exit(main())
