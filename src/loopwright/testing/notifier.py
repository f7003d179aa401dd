"""The promises of a notifier, as tests."""
# ruff: noqa: D102, S101 - the tests are sentences

from __future__ import annotations

from collections.abc import Callable

import pytest

from loopwright.errors import LoopwrightError
from loopwright.protocols import Notifier
from loopwright.records import Alert, Ref

__all__ = ["NotifierContract"]


def _alert(quantity: str, *, title: str = "fare is multiplied by 100", examples: tuple[str, ...] = ()) -> Alert:
    return Alert(
        deployment=Ref(kind="deployment", digest="d" * 64), quantity=quantity, severity="critical", title=title,
        explanation="The median of fare is 825, and was 8.25.", advice="Convert it back.", cause="unit change",
        group="drift:fare@2015-09-07T00:00:00", first_bad="2015-09-07T00:00:00", last_bad="2015-09-14T00:00:00",
        value=4.2, limit=0.02, rows=210, examples=examples,
    )


class NotifierContract:
    """Inherit, provide three fixtures, and each promise of the protocol is tested.

    ``notifier`` reaches a receiver that takes everything; ``received`` returns what has arrived there, each message
    as text (however it is spelled on the way); ``unreachable`` is a notifier whose receiver is not there.
    """

    @pytest.fixture
    def notifier(self) -> Notifier:
        raise NotImplementedError("provide a fixture `notifier`")

    @pytest.fixture
    def received(self) -> Callable[[], list[str]]:
        raise NotImplementedError("provide a fixture `received`")

    @pytest.fixture
    def unreachable(self) -> Notifier:
        raise NotImplementedError("provide a fixture `unreachable`")

    def test_it_keeps_the_protocol_and_has_a_name(self, notifier: Notifier) -> None:
        assert isinstance(notifier, Notifier)
        assert notifier.name

    def test_an_alert_arrives_with_its_title(self, notifier: Notifier, received: Callable[[], list[str]]) -> None:
        notifier.notify([_alert("drift:fare")])
        assert len(received()) == 1
        assert "fare is multiplied by 100" in received()[0]

    def test_the_alerts_of_one_incident_arrive_as_one_message(
        self, notifier: Notifier, received: Callable[[], list[str]]
    ) -> None:
        notifier.notify([_alert("drift:fare"), _alert("quality:roc_auc", title="roc_auc fell, 0.61 from 0.78")])
        assert len(received()) == 1
        assert "roc_auc fell" in received()[0]

    @pytest.mark.parametrize("text", ["a\r\nBcc: all@example.org", "<script>alert(1)</script>", "ü🚕 ", "%s {x}", ""])
    def test_odd_texts_arrive_as_one_message(
        self, notifier: Notifier, received: Callable[[], list[str]], text: str
    ) -> None:
        notifier.notify([_alert("schema:fare", title=text, examples=(text, "x" * 5_000))])
        assert len(received()) == 1

    def test_what_could_not_be_told_is_an_error_that_a_user_can_act_on(self, unreachable: Notifier) -> None:
        with pytest.raises(LoopwrightError):
            unreachable.notify([_alert("drift:fare")])

    def test_no_alerts_are_no_message(self, notifier: Notifier, received: Callable[[], list[str]]) -> None:
        with pytest.raises(LoopwrightError):
            notifier.notify([])
        assert received() == []
