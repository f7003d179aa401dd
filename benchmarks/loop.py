"""What the loop costs: seconds per step, the no-op rerun, ``--help``, overhead over bare scikit-learn, peak memory.

Run it on a machine that has nothing else to do::

    python benchmarks/loop.py

The project is the demo's: simulated taxi trips, as ``loopwright init`` writes it. "Bare" is one process that reads the
same file, makes the same label and inputs, fits the model that the search chose with the same preprocessing,
and predicts the later rows: no search, no baselines, no evidence, nothing kept. It fits in one thread, as
Loopwright does, which runs fits side by side instead.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median

LABEL = "tips > 0.2 * fare"
NO_OP_LIMIT = 0.30
"""Seconds that a run with nothing to do may take as a whole process."""

HELP_LIMIT = 0.25
"""Seconds that ``--help`` may take as a whole process."""

_TRIPS = """
import sys
from loopwright import datasets
datasets.simulated_city().City(seed=0).demo(rows=int(sys.argv[1])).write_csv("trips.csv")
"""


@dataclass(frozen=True)
class Measured:
    """What a process took."""

    seconds: float
    busy: float                    # processor seconds: what is left of the time on a machine that does more
    megabytes: float               # peak resident memory
    out: str


@dataclass(frozen=True)
class Row:
    """A line of the table of processes."""

    name: str
    seconds: float
    busy: float
    megabytes: float
    limit: float | None = None


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    if arguments.bare:
        print(json.dumps(bare(Path(arguments.bare))))
        return
    with tempfile.TemporaryDirectory(prefix="loopwright-benchmark-") as folder:
        _report(Path(folder), rows=arguments.rows, repeats=arguments.repeats, as_json=arguments.json)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=12_000, help="simulated trips (default: 12000, as in the demo)")
    parser.add_argument("--repeats", type=int, default=5, help="whole processes are started so often; medians")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--bare", help=argparse.SUPPRESS)
    return parser.parse_args()


def _report(folder: Path, *, rows: int, repeats: int, as_json: bool) -> None:
    project = _project(folder, rows=rows)
    first = _loopwright(["run", "--json"], project)
    line = json.loads(first.out)
    chosen = {key: line["model"][key] for key in ("estimator", "params", "inputs", "task")}
    (folder / "chosen.json").write_text(json.dumps(chosen))
    processes = _processes(first, project, repeats)
    steps = _grouped(line["steps"])
    alone = _python([str(Path(__file__).resolve()), "--bare", str(folder / "chosen.json")], folder)
    parts = json.loads(alone.out)
    processes.append(_row("bare read + fit + predict", alone))
    ratios = _ratios(first, alone, parts, line["steps"])
    if as_json:
        told = {"steps": steps, "processes": [vars(row) for row in processes], "bare": parts, "ratios": ratios}
        print(json.dumps(told, indent=2))
    else:
        _print(steps, processes, parts, ratios, rows=rows)


def _project(folder: Path, *, rows: int) -> Path:
    """Write the demo's project and return its folder."""
    # In a process of its own: what this one holds would count as the memory of all that it starts.
    _python(["-c", _TRIPS, str(rows)], folder)
    options = ["--time", "trip_start", "--key", "trip_id", "--known-after", "tips"]
    _loopwright(["init", "taxi", "--data", "trips.csv", "--label", LABEL, *options], folder)
    return folder / "taxi"


def _processes(first: Measured, project: Path, repeats: int) -> list[Row]:
    """Measure the commands that people wait for, and what Python itself takes."""
    _loopwright(["run"], project)  # the first rerun also writes caches
    no_op = _median([_loopwright(["run"], project) for _ in range(repeats)])
    help_ = _median([_loopwright(["--help"], project) for _ in range(repeats)])
    nothing = _median([_python(["-c", "pass"], project) for _ in range(repeats)])
    polars = _median([_python(["-c", "import polars"], project) for _ in range(repeats)])
    predict = ["predict", "--input", "../trips.csv", "--output", "said.parquet", "--model", "v1"]
    return [
        _row("loopwright run, the first", first),
        _row("loopwright run, nothing changed", no_op, limit=NO_OP_LIMIT),
        _row("loopwright --help", help_, limit=HELP_LIMIT),
        _row("loopwright predict, all rows", _loopwright(predict, project)),
        _row("python -c pass", nothing),
        _row('python -c "import polars"', polars),
    ]


def _row(name: str, measured: Measured, *, limit: float | None = None) -> Row:
    return Row(name, measured.seconds, measured.busy, measured.megabytes, limit)


def _median(found: Sequence[Measured]) -> Measured:
    return Measured(
        median(item.seconds for item in found), median(item.busy for item in found),
        max(item.megabytes for item in found), "",
    )


def _loopwright(words: list[str], folder: Path) -> Measured:
    return _python(["-m", "loopwright", *words], folder, allowed=(0, 20))


def _python(words: list[str], folder: Path, *, allowed: tuple[int, ...] = (0,)) -> Measured:
    """Run Python to its end and measure the process; its peak memory is its own, not that of all before it."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"} if "--bare" in words else None
    with tempfile.TemporaryFile("w+") as out:
        start = time.perf_counter()
        process = subprocess.Popen([sys.executable, *words], cwd=folder, stdout=out, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in allowed:
            raise SystemExit(f"`python {' '.join(words)}` ended with {process.returncode}; the benchmark stops here.")
        out.seek(0)
        unit = 1e6 if sys.platform == "darwin" else 1e3  # bytes on macOS, kilobytes on Linux
        return Measured(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / unit, out.read())


def bare(chosen: Path) -> dict[str, float]:
    """Read, fit and predict without Loopwright, and return the seconds of each."""
    model = json.loads(chosen.read_text())
    start = time.perf_counter()
    import polars as pl
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    from sklearn.utils import get_tags

    module, _, name = model["estimator"].rpartition(".")
    estimator = getattr(import_module(module), name)(**model["params"])
    imported = time.perf_counter()
    names = {item["name"]: item["type"] for item in model["inputs"]}
    rows = pl.read_csv(chosen.parent / "trips.csv", try_parse_dates=True).sort("trip_start")
    label = (rows["tips"] > 0.2 * rows["fare"]).to_numpy()
    times = [name for name, kind in names.items() if kind == "time"]
    inputs = rows.select(
        *(name for name in names if name not in times),
        *(pl.col(name).dt.hour().alias(f"{name}_hour") for name in times),
        *(pl.col(name).dt.weekday().alias(f"{name}_weekday") for name in times),
    )
    cut = int(0.7 * rows.height)
    read = time.perf_counter()
    text = [name for name, kind in names.items() if kind == "string"]
    rare = {"min_frequency": 10, "max_categories": 51, "handle_unknown": "infrequent_if_exist"}
    encoder = OneHotEncoder(sparse_output=False, **rare)
    takes_nan = get_tags(estimator).input_tags.allow_nan
    numbers = "passthrough" if takes_nan else make_pipeline(SimpleImputer(), StandardScaler())
    prepare = ColumnTransformer([("text", encoder, text)], remainder=numbers)
    pipeline = make_pipeline(prepare, estimator).fit(inputs[:cut], label[:cut])
    fitted = time.perf_counter()
    getattr(pipeline, "predict_proba", pipeline.predict)(inputs[cut:])
    predicted = time.perf_counter()
    return {"import": imported - start, "read": read - imported, "fit": fitted - read, "predict": predicted - fitted}


def _grouped(steps: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Put the trials of a search together; their search, which waits for them, is left out."""
    groups: dict[str, list[float]] = {}
    for item in steps:
        name = re.sub(r" #\d+$", " trials", str(item["step"]))
        if not name.startswith("search "):
            groups.setdefault(name, []).append(float(str(item["seconds"])))
    return [{"step": name, "times": len(found), "seconds": sum(found)} for name, found in groups.items()]


def _ratios(
    first: Measured, alone: Measured, parts: dict[str, float], steps: Sequence[dict[str, object]]
) -> dict[str, float]:
    runs = [float(str(item["seconds"])) for item in steps if str(item["step"]).startswith("train ")]
    final = next(
        float(str(item["seconds"])) for item in reversed(steps)
        if re.fullmatch(r"train [A-Z]\w+", str(item["step"]))
    )
    work = parts["fit"] + parts["predict"]
    return {
        "final fit as a step (scored, kept) / bare fit + predict": final / work,
        f"first run ({len(runs)} fits, all evidence) / one bare process": first.seconds / alone.seconds,
        f"first run / {len(runs)} bare processes": first.seconds / len(runs) / alone.seconds,
    }


def _print(
    steps: Sequence[dict[str, object]],
    processes: Sequence[Row],
    parts: dict[str, float],
    ratios: dict[str, float],
    *,
    rows: int,
) -> None:
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}"
    print(f"{rows:,} simulated trips, {machine}\n")
    print(f"{'step':<48}{'times':>7}{'seconds':>9}")
    for item in steps:
        print(f"{item['step']:<48}{item['times']:>7}{item['seconds']:>9.2f}")
    print("  steps that run side by side overlap, so that they add up to more than the run\n")
    print(f"{'whole process':<34}{'seconds':>9}{'limit':>7}{'CPU s':>8}{'peak MB':>9}")
    for row in processes:
        limit = f"{row.limit:.2f}" if row.limit is not None else ""
        mark = "  over the limit" if row.limit is not None and row.seconds > row.limit else ""
        print(f"{row.name:<34}{row.seconds:>9.2f}{limit:>7}{row.busy:>8.2f}{row.megabytes:>9.0f}{mark}")
    print("  bare: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in parts.items()) + "\n")
    print(f"{'overhead':<58}{'ratio':>6}")
    for name, ratio in ratios.items():
        print(f"{name:<58}{ratio:>6.1f}")


if __name__ == "__main__":
    main()
