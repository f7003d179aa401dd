"""The progress contract lets quiet displays pass and catches those that raise."""

from __future__ import annotations

import pytest

from loopwright.testing import ProgressContract


class Silent:
    """Keeps what it is told."""

    def __init__(self):
        self.told = []

    def started(self, step):
        self.told.append(step)

    def advanced(self, step, *, done, total, doing):
        self.told.append((step, done, total, doing))

    def finished(self, step, *, seconds, why, recalled):
        self.told.append((step, seconds, why, recalled))


class Dividing(Silent):
    """Forgets that a total may be zero."""

    def advanced(self, step, *, done, total, doing):
        self.told.append((step, done / total, doing))


class TestSilent(ProgressContract):
    @pytest.fixture
    def progress(self):
        return Silent()


def test_a_display_that_raises_is_caught():
    with pytest.raises(ZeroDivisionError):
        ProgressContract().test_odd_numbers_do_not_raise(Dividing(), 0, 0)
