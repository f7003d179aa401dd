"""Who asks must be declared: by a key that is known, not expired, not revoked, and good for what is asked."""

from __future__ import annotations

import pytest

ROW = {"miles": 4.0, "fare": 11.5, "payment": "card"}


@pytest.fixture(scope="module")
def served(fares_ready, tmp_path_factory):
    """One server for all tests of this file; each declares consumers of its own."""
    with fares_ready.copied(tmp_path_factory.mktemp("story") / "served") as found:
        yield found


def declared(served, name, *words):
    return served.place.give(
        "consumers", "add", name, "--owner", "ops", "--purpose", "a story", "--json", *words, code=0
    ).json


def asked(served, key):
    return served.ask("POST", "/predict", {"row": ROW}, key=key)


def test_without_a_key_or_with_an_unknown_one_nothing_is_answered(served):
    for key, told in ((None, "no key was sent"), (f"lw_{'0' * 12}_{'x' * 43}", "unknown"), ("nonsense", "unknown")):
        refused = asked(served, key)
        assert refused.status == 401
        assert told in refused.json["error"]
        assert refused.headers["www-authenticate"].startswith("Bearer")


def test_a_consumer_who_is_declared_while_the_server_runs_is_answered_soon(served, patience):
    key = declared(served, "billing")["key"]
    assert patience(lambda: asked(served, key).status == 200) < 2
    assert served.ask("POST", "/predict", {"row": ROW}, key=None, headers={"X-API-Key": key}).status == 200
    rows, _ = served.live()
    assert set(rows["__consumer"]) >= {"billing"}


def test_a_revoked_key_is_refused_within_a_second_or_so(served, patience):
    made = declared(served, "leaving")
    patience(lambda: asked(served, made["key"]).status == 200)
    served.place.give("consumers", "revoke", "leaving", code=0)
    assert patience(lambda: asked(served, made["key"]).status == 403) < 2
    assert "revoked" in asked(served, made["key"]).json["error"]
    listed = {item["id"]: item for item in served.place.give("consumers", "list", "--json").json}
    assert listed[made["id"]]["revoked"]


def test_an_expired_key_is_refused(served, patience):
    key = declared(served, "guest", "--expires", "2020-01-31")["key"]
    patience(lambda: asked(served, key).status != 401)
    refused = asked(served, key)
    assert refused.status == 403
    assert "expired on 2020-01-31" in refused.json["error"]


def test_a_key_is_good_for_its_scopes_only(served, patience):
    key = declared(served, "teller", "--scope", "outcomes")["key"]
    patience(lambda: asked(served, key).status != 401)
    assert asked(served, key).status == 403
    assert served.ask("GET", "/metrics", key=key).status == 403
    assert served.ask("POST", "/outcomes", {"id": "x", "label": 1}, key=key).status == 200


def test_no_secret_is_kept_and_no_key_stands_in_the_log(served, patience):
    key = declared(served, "secretive")["key"]
    patience(lambda: asked(served, key).status == 200)
    secret = key.rpartition("_")[2].encode()
    kept = [path for path in served.place.folder.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if secret in path.read_bytes()]


def test_a_declaration_that_makes_no_sense_is_told_so(served):
    typo = served.place.refuses("consumers", "add", "x", "--owner", "o", "--purpose", "p", "--scope", "predcit")
    assert "no scope 'predcit' (did you mean 'predict'?)" in typo
    assert "2027-01-31" in served.place.refuses(
        "consumers", "add", "late", "--owner", "o", "--purpose", "p", "--expires", "soon"
    )
    assert "consumers list" in served.place.refuses("consumers", "revoke", "nobody")


def test_for_trying_out_anyone_on_this_machine_is_answered(fares_ready, tmp_path):
    with fares_ready.copied(tmp_path / "open") as found:
        found.stop()
        found.words = ("--anyone",)
        found.start()
        assert asked(found, None).status == 200
        assert found.ask("POST", "/predict", {"row": ROW}, headers={"Host": "evil.example"}).status == 421
    refused = found.place.refuses("serve", "--anyone", "--host", "0.0.0.0")
    assert "consumers add" in refused
