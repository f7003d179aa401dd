from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from loopwright.errors import CorruptStore, LoopwrightError
from loopwright.stages.serving.consumers import SCOPES, authenticate, body_of, consumer_of, new_key
from loopwright.stages.serving.requests import Refusal

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def refused(key, consumers, *, now=NOW):
    with pytest.raises(Refusal) as caught:
        authenticate(key, consumers, now=now)
    return caught.value.status, str(caught.value)


def test_a_key_tells_who_asks():
    key, key_id, consumer = new_key("dispatch", owner="ops", purpose="offers", scopes=SCOPES)
    other = new_key("other")
    assert re.fullmatch(r"lw_[0-9a-f]{12}_[\w-]{43}", key)
    assert authenticate(key, {key_id: consumer, other[1]: other[2]}, now=NOW) is consumer


def test_the_key_is_not_in_what_is_kept():
    key, key_id, consumer = new_key("dispatch")
    assert key.removeprefix(f"lw_{key_id}_") not in repr(body_of(consumer))


def test_two_keys_of_one_secret_would_have_two_hashes():
    assert new_key("a")[2].hash.partition("$")[0] != new_key("a")[2].hash.partition("$")[0]


def test_a_consumer_comes_back_from_the_store():
    _, key_id, consumer = new_key("dispatch", owner="ops", scopes=("metrics",), expires="2027-01-31", at="2026-01-01")
    body = msgspec.json.decode(msgspec.json.encode(body_of(consumer)))
    assert consumer_of(key_id, body) == consumer


@pytest.mark.parametrize("body", [
    {}, {"name": 5, "hash": "x", "scopes": []}, {"name": "a", "hash": "x", "scopes": "predict"},
])
def test_a_damaged_consumer_is_named(body):
    with pytest.raises(CorruptStore, match="abc"):
        consumer_of("abc", body)


@pytest.mark.parametrize("key", [None, ""])
def test_no_key_says_how_to_send_one(key):
    status, message = refused(key, {})
    assert status == 401
    assert "Authorization: Bearer" in message


def test_unknown_keys_are_all_refused_alike():
    key, key_id, consumer = new_key("dispatch")
    wrong = key[:-1] + ("a" if key[-1] != "a" else "b")
    said = {refused(text, {key_id: consumer}) for text in (wrong, new_key("other")[0], "lw_", "ключ", "x" * 10_000)}
    assert len(said) == 1
    assert next(iter(said))[0] == 401


def test_an_expired_key_says_since_when():
    key, key_id, consumer = new_key("dispatch", expires="2026-03-01")
    assert authenticate(key, {key_id: consumer}, now=NOW - timedelta(seconds=1)).name == "dispatch"
    status, message = refused(key, {key_id: consumer})
    assert status == 403
    assert "expired on 2026-03-01" in message


def test_a_revoked_key_says_so():
    key, key_id, consumer = new_key("dispatch", expires="2020-01-01")
    revoked = consumer_of(key_id, {**body_of(consumer), "revoked": "2026-02-03T10:00:00Z"})
    status, message = refused(key, {key_id: revoked})
    assert status == 403
    assert "revoked on 2026-02-03" in message


def test_a_wrong_secret_does_not_learn_that_the_key_was_revoked():
    _, key_id, consumer = new_key("dispatch")
    revoked = consumer_of(key_id, {**body_of(consumer), "revoked": "2026-02-03"})
    assert refused(f"lw_{key_id}_{'A' * 43}", {key_id: revoked})[0] == 401


@pytest.mark.parametrize("options", [
    {"name": " "}, {"name": "anonymous"}, {"name": "a\n"}, {"name": "a", "scopes": ("predictt",)},
    {"name": "a", "expires": "soon"},
])
def test_a_consumer_that_makes_no_sense_is_refused(options):
    with pytest.raises(LoopwrightError):
        new_key(options.pop("name"), **options)
