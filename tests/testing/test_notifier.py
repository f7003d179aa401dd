"""The notifier contract lets honest notifiers pass and catches those that lose alerts."""

from __future__ import annotations

import pytest

from loopwright.errors import LoopwrightError
from loopwright.testing import NotifierContract


class Kept:
    """Keeps what it is told, one text for each message."""

    name = "kept"

    def __init__(self, *, is_broken=False):
        self.messages = []
        self.is_broken = is_broken

    def notify(self, alerts):
        if self.is_broken or not alerts:
            raise LoopwrightError("there is nobody to tell. Name somebody.")
        self.messages.append("\n".join(alert.title for alert in alerts))


class Chatty(Kept):
    """Sends a message for each alert."""

    def notify(self, alerts):
        for alert in alerts:
            super().notify([alert])


class Forgetful(Kept):
    """Swallows what goes wrong."""

    def notify(self, alerts):
        if not self.is_broken:
            super().notify(alerts)


class TestKept(NotifierContract):
    @pytest.fixture
    def notifier(self):
        return Kept()

    @pytest.fixture
    def received(self, notifier):
        return lambda: notifier.messages

    @pytest.fixture
    def unreachable(self):
        return Kept(is_broken=True)


def test_a_notifier_that_sends_each_alert_by_itself_is_caught():
    chatty = Chatty()
    with pytest.raises(AssertionError):
        NotifierContract().test_the_alerts_of_one_incident_arrive_as_one_message(chatty, lambda: chatty.messages)


def test_a_notifier_that_swallows_errors_is_caught():
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        NotifierContract().test_what_could_not_be_told_is_an_error_that_a_user_can_act_on(Forgetful(is_broken=True))
