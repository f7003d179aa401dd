"""A port is bound before anything else, and a port that cannot be had is told in a sentence."""

import socket

import pytest

from loopwright.errors import LoopwrightError
from loopwright.ports import listen


def test_a_port_that_is_taken_is_told_with_what_to_do():
    with listen("127.0.0.1", 0) as taken, pytest.raises(LoopwrightError, match="the dashboard cannot listen.*--port 0"):
        listen("127.0.0.1", taken.getsockname()[1], what="the dashboard")


def test_an_answer_does_not_wait_for_the_headers_to_be_acknowledged():
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("127.0.0.1", -1), ("no such host", 0)])
def test_what_is_no_place_to_listen_at_is_refused(host, port):
    with pytest.raises(LoopwrightError, match="cannot listen"):
        listen(host, port)
