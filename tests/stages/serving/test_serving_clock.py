from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loopwright.stages.serving.serving_clock import ServingClock


@given(st.lists(st.integers(0, 10**20), min_size=1), st.integers(0, 10**17))
def test_time_never_goes_back_nor_before_its_start(ticks, start):
    machine = iter(ticks)
    clock = ServingClock(lambda: next(machine), start=start)
    told = [clock.now() for _ in ticks]
    assert told == sorted(told)
    assert told[0] >= start
    assert told[-1] == max(start, max(ticks) // 1000)
