"""kill -9 at any moment of a run harms no store, and the next run ends as an undisturbed one does."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time

import pytest

KILLS = int(os.environ.get("LOOPWRIGHT_KILLS", "200"))


def test_a_few_kills(new_project, finished):
    assert _killed_and_finished(new_project, finished, kills=6, seed=1) == 6


@pytest.mark.slow
def test_hundreds_of_kills(new_project, finished):
    assert _killed_and_finished(new_project, finished, kills=KILLS, seed=2) == KILLS


def _killed_and_finished(new, undisturbed, *, kills, seed):
    """Kill runs at random moments of a whole run; return how many were killed.

    A project is run again after each kill until it is complete, and then compared with one that was left alone.
    The seed fixes the moments as shares of a run's duration, which is measured on the machine as it is.
    """
    draw, expected = random.Random(seed), undisturbed.told()
    duration, killed, place = _duration(new()), 0, new()
    while killed < kills:
        # Anywhere in a run, but rather early: a run that goes on where another stopped is shorter.
        if _kill(place, after=min(draw.random(), draw.random()) * duration):
            killed += 1
            place.assert_whole()
        else:
            _assert_same(place, expected)
            place = new()
    _assert_same(place, expected)
    return killed


def _duration(place):
    start = time.perf_counter()
    place.give_alone("run", code=0)
    return time.perf_counter() - start


def _kill(place, *, after):
    """Kill a run and all that it started, and say whether it was still running."""
    process = place.start("run", "--json")
    try:
        process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        _, err = process.communicate()
        assert "Traceback" not in err, err
        return True
    assert process.returncode == 0
    return False


def _assert_same(place, expected):
    place.run()
    assert place.told() == expected
    place.assert_whole()
