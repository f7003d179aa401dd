"""What is noticed is said once: after restarts, by several watchers, and to a receiver that was away."""

from __future__ import annotations

import json
import shutil
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

KILOMETRES = 1.609


@pytest.fixture(scope="module")
def broken(rides_ready, tmp_path_factory, made_rides):
    """A project to whose server miles came as kilometres from day -16 on; nobody has looked yet."""
    folder = tmp_path_factory.mktemp("story") / "broken"
    with rides_ready.copied(folder) as served:
        for ride_day in range(-19, -13):
            rows = [ride.row for ride in made_rides(ride_day, ride_day + 1)]
            factor = KILOMETRES if ride_day >= -16 else 1.0
            served.predict(*({**row, "miles": round(row["miles"] * factor, 2)} for row in rows))
            served.tell(*(ride.outcome for ride in made_rides(ride_day, ride_day + 1)))
    return served.place


@pytest.fixture
def watched(broken, tmp_path):
    """A copy of it."""
    shutil.copytree(broken.folder, tmp_path / "watched")
    return type(broken)(tmp_path / "watched")


def look(place, at):
    return place.give("watch", "--at", at, "--no-retraining", "--json", code=0).json


def listed(place, *words):
    return place.give("alerts", "--json", *words, code=0).json


def about_miles(alerts):
    return [alert for alert in alerts if alert["quantity"] == "drift:miles"]


def test_before_anything_is_wrong_nothing_is_said(watched, on_day):
    assert look(watched, on_day(-16))["alerts"] == []


def test_an_alert_says_what_why_since_when_and_what_to_do(watched, on_day):
    (alert,) = about_miles(look(watched, on_day(-15))["alerts"])
    assert alert["cause"] == "unit change"
    assert "kilomet" in alert["explanation"] or "1.6" in alert["explanation"]
    assert alert["first_bad"].startswith(on_day(-16)[:10])
    assert alert["advice"]
    assert alert["examples"]
    shown = watched.give("alerts", "show", listed(watched)[0]["digest"][:12], code=0).out
    assert "unit change" in shown
    passport = watched.give("passport", alert["examples"][0], "--json", code=0).json
    assert passport["id"] == alert["examples"][0]


def test_looking_again_says_nothing_again(watched, on_day):
    first = look(watched, on_day(-15))["alerts"]
    assert first
    assert look(watched, on_day(-15))["alerts"] == []
    assert look(watched, on_day(-14))["alerts"] == []
    assert [alert["digest"] for alert in about_miles(listed(watched))] != []
    assert len(about_miles(listed(watched, "--all"))) == 1


def test_a_watcher_that_starts_anew_says_what_one_said_that_went_on(watched, broken, tmp_path, on_day):
    for day in (-18, -17, -16, -15, -14, -13):
        look(watched, on_day(day))
    late = type(broken)(shutil.copytree(broken.folder, tmp_path / "late"))
    late.give_alone("watch", "--at", on_day(-13), "--no-retraining", code=0)
    steady = [(alert["quantity"], alert["first_bad"], alert["cause"]) for alert in listed(watched, "--all")]
    at_once = [(alert["quantity"], alert["first_bad"], alert["cause"]) for alert in listed(late, "--all")]
    assert at_once == steady


def test_two_watchers_at_once_make_no_second_alert(watched, on_day):
    both = [watched.start("watch", "--at", on_day(-14), "--no-retraining", "--json") for _ in range(2)]
    said = []
    for process in both:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        said += json.loads(out)["alerts"]
    assert len(about_miles(said)) == 1
    assert len(about_miles(listed(watched, "--all"))) == 1


def test_somebody_acknowledges_it_with_a_note(watched, on_day):
    look(watched, on_day(-15))
    digest = about_miles(listed(watched))[0]["digest"]
    watched.give("alerts", "ack", digest[:12], "--note", "the meters changed; asked the vendor", code=0)
    standing = about_miles(listed(watched))[0]["standing"]
    assert (standing["state"], standing["note"]) == ("acknowledged", "the meters changed; asked the vendor")
    assert "0" * 12 in watched.refuses("alerts", "ack", "0" * 12, "--note", "x")


def test_when_the_fault_is_mended_it_is_over(broken, rides_ready, watched, on_day, made_rides, tmp_path):
    mended = tmp_path / "mended"
    with type(rides_ready)(watched.folder, rides_ready.key).copied(mended) as served:
        for day in range(-13, -10):
            served.predict(*(ride.row for ride in made_rides(day, day + 1)))
        look(served.place, on_day(-13))
        assert about_miles(listed(served.place))
        look(served.place, on_day(-10))
        assert about_miles(listed(served.place)) == []
        assert about_miles(listed(served.place, "--all"))[0]["standing"]["state"] == "over"


# -- telling -----------------------------------------------------------------------------------------------


class Receiver:
    """Takes what is posted, and answers with the statuses that it was given, then with 200."""

    def __init__(self):
        self.statuses: list[int] = []
        self.got: list[dict[str, object]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                receiver.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver(watched, monkeypatch):
    """Somebody whom the project tells of alerts."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    found = Receiver()
    address = f"http://127.0.0.1:{found.server.server_address[1]}/hook"
    watched.edit("loopwright.toml", "[monitor]", f'[monitor]\nwebhook = "{address}"')
    yield found
    found.close()


def test_a_receiver_is_told_once(watched, receiver, on_day):
    assert look(watched, on_day(-15))["untold"] == []
    assert len(receiver.got) == 1
    assert "miles" in json.dumps(receiver.got[0])
    look(watched, on_day(-15))
    watched.give_alone("watch", "--at", on_day(-14), "--no-retraining", code=0)
    assert len(receiver.got) == 1


def test_a_receiver_that_failed_is_told_again_with_the_next_look(watched, receiver, on_day):
    receiver.statuses = [403]
    (problem,) = look(watched, on_day(-15))["untold"]
    assert "webhook" in problem
    assert "403" in problem
    assert look(watched, on_day(-15))["untold"] == []
    assert receiver.got[0] == receiver.got[1]
    look(watched, on_day(-15))
    assert len(receiver.got) == 2


def test_a_receiver_who_is_away_stops_nothing(watched, receiver, on_day):
    receiver.close()
    looked = look(watched, on_day(-15))
    assert about_miles(looked["alerts"])
    assert looked["untold"]


def test_what_is_silenced_is_noticed_and_not_told_until_the_silence_ends(watched, receiver, on_day):
    watched.give("alerts", "silence", "drift:*", "--until", on_day(2), "--why", "the vendor knows", code=0)
    assert about_miles(look(watched, on_day(-15))["alerts"])
    assert receiver.got == []
    assert about_miles(listed(watched))[0]["standing"]["state"] == "silenced"
    look(watched, on_day(-13))
    assert receiver.got == []
    look(watched, on_day(3))
    assert "miles" in json.dumps(receiver.got), "it goes on, and the silence is over"


def test_a_silence_must_end_and_have_a_reason(watched, on_day):
    for until, why, told in (
        ("2020-01-01", "x", "is not in the future"), (on_day(800), "x", "more than a year"),
        (on_day(2), " ", "'reason' is empty"),
    ):
        assert told in watched.refuses("alerts", "silence", "drift:*", "--until", until, "--why", why)
