"""The local engine keeps the promises of an engine, and fits the machine."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from contextvars import ContextVar

import pytest

from loopwright.engines import LocalEngine
from loopwright.testing import EngineContract


class TestLocalEngine(EngineContract):
    @pytest.fixture(params=[1, 2, 7])
    def engine(self, request):
        return LocalEngine(workers=request.param)


def test_items_are_worked_on_at_the_same_time():
    both = threading.Barrier(2)
    assert LocalEngine(workers=2).map(lambda _: both.wait(timeout=20) >= 0, range(2)) == [True, True]


def test_no_more_items_than_workers_are_worked_on_even_when_nested():
    engine, lock, now, most = LocalEngine(workers=3), threading.Lock(), 0, 0

    def leaf(_):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.001)
        with lock:
            now -= 1

    engine.map(lambda _: engine.map(leaf, range(5)), range(6))
    assert 1 < most <= 3


def test_nested_work_is_shared_when_workers_are_free():
    engine, both = LocalEngine(workers=2), threading.Barrier(2)
    assert engine.map(lambda _: engine.map(lambda _: both.wait(timeout=20) >= 0, range(2)), ["one"]) == [
        [True] * 2
    ]


def test_items_behind_an_error_are_left_out():
    begun = []

    def fail(number):
        begun.append(number)
        time.sleep(0.002)
        raise ValueError(number)

    with pytest.raises(ValueError, match="0"):
        LocalEngine(workers=2).map(fail, range(1000))
    assert len(begun) <= 4


def test_the_caller_s_context_is_seen_and_not_changed():
    step = ContextVar("step", default="none")
    step.set("train")

    def read(number):
        seen = step.get()
        step.set(f"changed by {number}")
        return seen

    assert set(LocalEngine(workers=3).map(read, range(20))) == {"train"}
    assert step.get() == "train"


def test_an_exit_asked_for_by_the_work_reaches_the_caller():
    with pytest.raises(SystemExit):
        LocalEngine(workers=2).map(lambda _: sys.exit(3), range(4))


def test_an_engine_without_workers_is_refused():
    with pytest.raises(ValueError, match="at least 1 worker"):
        LocalEngine(workers=0)


def test_ctrl_c_stops_without_waiting_for_the_other_threads():
    program = (
        "import time\n"
        "from loopwright.engines import LocalEngine\n"
        "print('ready', flush=True)\n"
        "try:\n"
        "    LocalEngine(workers=3).map(lambda _: time.sleep(60), range(6))\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped', flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.3)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=30)
    assert rest == "stopped\n"
    assert time.monotonic() - begin < 5


def test_importing_the_engine_loads_no_numerical_library():
    program = (
        "import sys\n"
        "from loopwright.engines import LocalEngine\n"
        "LocalEngine(workers=2).map(len, ['a', 'b'])\n"
        "print([name for name in ('numpy', 'polars', 'sklearn', 'threadpoolctl') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
