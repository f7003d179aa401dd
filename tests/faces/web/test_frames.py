"""What refreshes by itself, and what does not."""

import re

import pytest

LIVE = ("/", "/deployment", "/monitoring", "/quality", "/alerts", "/retraining")


def refreshes(page):
    return re.findall(r'<meta http-equiv="refresh" content="([^"]*)">', page.text)


@pytest.mark.parametrize("path", LIVE)
def test_live_pages_refresh_every_few_seconds_and_can_be_stopped(live_library, ask, path):
    page = ask(live_library, path)
    assert refreshes(page) == ["5"]
    assert "Refreshed at <time" in page.text
    assert f'<a href="{path}?refresh=off">stop refreshing</a>' in page.text
    still = ask(live_library, f"{path}?refresh=off")
    assert refreshes(still) == []
    assert f'<a href="{path}">refresh by itself</a>' in still.text


def test_what_was_asked_for_is_kept_when_refreshing_is_stopped(live_library, ask):
    text = ask(live_library, "/monitoring?column=fare&windows=20").text
    assert 'href="/monitoring?column=fare&amp;windows=20&amp;refresh=off"' in text


def test_other_pages_stand_still(live_library, ask, browser):
    for path in ("/datasets", "/runs", "/models", "/score", "/activity", "/predictions", "/login", "/nowhere"):
        assert refreshes(ask(live_library, path)) == [], path
    browser.sign_in("otto")
    assert refreshes(browser.get("/actions/promote")) == []


def test_the_first_page_stands_still_until_something_serves(library, ask):
    assert refreshes(ask(library, "/")) == []


def test_nothing_from_the_address_becomes_markup(live_library, ask):
    text = ask(live_library, '/monitoring?column="><script>alert(1)</script>&x=<img>').text
    assert "<script" not in text
    assert "<img" not in text
