"""Simulated trips sent to a server, and their outcomes days later, as the guides do it. No such trip exists."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import httpx  # any HTTP client will do
import polars as pl

from loopwright import Project, datasets, serving
from loopwright.stages.serving.listening import Listener


def trips(start: date, end: date, *, per_day: int = 60) -> pl.DataFrame:
    """Return what the simulated city drives from a day up to another."""
    return datasets.simulated_city().City(seed=0).trips(start, end, per_day=per_day).drop("driver_name")


@contextmanager
def server(project: Project) -> Iterator[httpx.Client]:
    """Serve from a thread, as `loopwright serve` does in a process of its own; yield a client with a key."""
    key, _ = serving.add_consumer(project, "dispatch", owner="fleet team", purpose="Offer generous trips first")
    made = serving.server(project)
    listener = Listener(made.application, host="127.0.0.1", port=0)
    thread = threading.Thread(target=listener.run)
    thread.start()
    try:
        with httpx.Client(base_url=listener.address, headers={"X-API-Key": key}) as client:
            yield client
    finally:
        listener.stop()
        thread.join()
        made.close()


def ask(client: httpx.Client, rows: pl.DataFrame) -> None:
    """Ask for predictions; the id of a prediction is the key of its row."""
    for some in rows.drop("tips").with_columns(pl.col("trip_start").dt.to_string("iso:strict")).iter_slices(500):
        client.post("/predict", json={"rows": some.to_dicts()}).raise_for_status()


def tell(client: httpx.Client, rows: pl.DataFrame, *, days_late: int = 2) -> None:
    """Tell what became of them."""
    known = rows.select("trip_id", "tips", pl.col("trip_start") + timedelta(days=days_late))
    outcomes = [{"id": name, "values": {"tips": tips}, "at": at.isoformat()} for name, tips, at in known.iter_rows()]
    client.post("/outcomes", json={"outcomes": outcomes}).raise_for_status()
