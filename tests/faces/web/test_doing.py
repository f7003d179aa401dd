"""Actions, and everything that must not lead to one."""

import pytest

RELEASE = ("approve", "promote", "reject", "roll-back")


def audit(browser):
    return [(one.command, one.exit_code, one.who) for one in browser.library.commands if "sign-in" not in one.command]


def send(browser, path, **fields):
    """Send the form of a page as it was opened, with some fields filled in."""
    hidden = browser.fields(path)
    return browser.post(path.partition("?")[0], {**hidden, "why": "because", **fields})


@pytest.fixture
def operator(browser):
    browser.sign_in("otto")
    return browser


@pytest.mark.parametrize("verb", RELEASE)
def test_an_operator_acts_on_the_release_with_a_reason(operator, verb):
    reply = send(operator, f"/actions/{verb}", why="  better by\n 0.02 ")
    assert (reply.status, reply.headers["location"]) == (303, "/deployment")
    assert operator.actions.done == [(verb.replace("-", "_"), "otto", "better by 0.02")]
    assert audit(operator)[-1] == (f"dashboard {verb}: better by 0.02", 0, "otto@127.0.0.1")
    assert f"dashboard {verb}: better by 0.02" in operator.get("/activity").text


def test_an_alert_is_acknowledged_with_a_note(operator):
    digest = operator.library.all("alert")[1].digest
    reply = send(operator, f"/actions/acknowledge?alert={digest}", why="asked the meter team")
    assert (reply.status, reply.headers["location"]) == (303, f"/alerts/{digest}")
    assert operator.actions.done == [("acknowledge", digest, "otto", "asked the meter team")]


def test_a_quantity_is_silenced_until_a_time(operator):
    reply = send(operator, "/actions/silence?pattern=drift:fare", pattern="drift:fare", hours="72")
    assert (reply.status, reply.headers["location"]) == (303, "/alerts")
    assert operator.actions.done == [
        ("silence", "drift:fare", "2026-05-09T09:00:00.000000Z", "otto", "because")
    ]
    assert audit(operator)[-1][0] == "dashboard silence drift:fare for 3 days: because"


@pytest.mark.parametrize("pattern", ["*", "**"])
def test_only_an_admin_silences_everything(operator, visit, pattern):
    fields = {"pattern": pattern, "hours": "4"}
    assert send(operator, "/actions/silence", **fields).status == 403
    admin = visit(operator.library)
    admin.sign_in("ada")
    assert send(admin, "/actions/silence", **fields).status == 303
    assert operator.actions.done == []
    assert admin.actions.done[0][1] == pattern


@pytest.mark.parametrize(
    "fields", [{"pattern": ""}, {"pattern": "x" * 300}, {"hours": "0"}, {"hours": "9999999"}, {"hours": "-4"}]
)
def test_a_silence_needs_a_pattern_and_a_time(operator, fields):
    reply = send(operator, "/actions/silence", **{"pattern": "drift:*", "hours": "4", **fields})
    assert reply.status in {403, 409}
    assert operator.actions.done == []


@pytest.mark.parametrize("why", ["", "   ", "\n", "x" * 501])
def test_nothing_is_done_without_a_reason(operator, why):
    reply = send(operator, "/actions/promote", why=why)
    assert reply.status == 409
    assert "reason" in reply.text
    assert operator.actions.done == []


# -- what must not lead to an action -------------------------------------------------------------------------


def test_looking_does_nothing(operator):
    for verb in RELEASE:
        for query in ("", "?why=because", "?why=because&token=x", "?refresh=on"):
            page = operator.get(f"/actions/{verb}{query}")
            assert page.status == 200
            assert 'http-equiv="refresh"' not in page.text
    assert operator.actions.done == []
    assert audit(operator)[-1][0] == "loopwright score"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_no_other_method_is_taken(operator, method):
    reply = operator._ask(method, "/actions/promote", headers={"origin": "http://localhost"})
    assert reply.status == 405
    assert operator.actions.done == []


def test_a_form_without_the_token_does_nothing(operator):
    fields = {**operator.fields("/actions/promote"), "why": "because"}
    for token in (None, "", "guess", "ä", fields["token"][:-1], fields["token"].upper() + "0"):
        changed = {name: value for name, value in {**fields, "token": token}.items() if value is not None}
        assert operator.post("/actions/promote", changed).status == 403
    assert operator.actions.done == []


def test_the_token_of_another_session_does_nothing(operator, visit):
    other = visit(operator.library)
    other.sign_in("ada")
    fields = {**operator.fields("/actions/promote"), "why": "because", "token": other.token("/actions/promote")}
    assert operator.post("/actions/promote", fields).status == 403
    assert operator.actions.done == []


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://localhost:9999"},
        {"origin": "http://localhost.evil.example"},
        {"origin": "http://[bad"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
)
def test_a_form_of_a_foreign_site_does_nothing_even_with_the_right_token(operator, headers):
    fields = {**operator.fields("/actions/promote"), "why": "because"}
    assert operator.post("/actions/promote", fields, **headers).status == 403
    assert operator.actions.done == []
    assert operator.post("/actions/promote", fields, **{"sec-fetch-site": "same-origin"}).status == 303


def test_a_form_that_does_not_say_where_it_comes_from_does_nothing(operator):
    fields = {**operator.fields("/actions/promote"), "why": "because"}
    assert operator._ask("POST", "/actions/promote", data=fields).status == 403
    assert operator.actions.done == []


def test_json_is_no_form(operator):
    fields = {**operator.fields("/actions/promote"), "why": "because"}
    reply = operator._ask("POST", "/actions/promote", json=fields, headers={"origin": "http://localhost"})
    assert reply.status == 415
    assert operator.actions.done == []


@pytest.mark.parametrize("verb", [*RELEASE, "acknowledge", "silence"])
def test_a_viewer_may_not_act(browser, visit, verb):
    browser.sign_in("vera")
    assert browser.get(f"/actions/{verb}").status == 403
    operator = visit(browser.library)
    operator.sign_in("otto")
    alert = browser.library.all("alert")[0].digest
    token = browser.get("/predictions").text.partition('name="token" value="')[2].partition('"')[0]
    seen = operator.fields("/actions/promote")["seen"]
    fields = {"token": token, "seen": seen, "alert": alert, "pattern": "drift:fare", "hours": "4", "why": "because"}
    reply = browser.post(f"/actions/{verb}", fields)
    assert reply.status == 403
    assert "takes the role operator" in reply.text
    assert browser.actions.done == []
    assert audit(browser)[-1] == (f"dashboard {verb} (refused: takes operator)", 1, "vera@127.0.0.1")


def test_whoever_has_not_signed_in_is_asked_to_and_comes_back(browser):
    reply = browser.get("/actions/promote")
    assert (reply.status, reply.headers["location"]) == (303, "/login?next=%2Factions%2Fpromote")
    assert browser.post("/actions/promote", {"why": "because"}).status == 403
    assert browser.actions.done == []


def test_a_form_that_was_sent_after_the_session_was_over_does_nothing(operator):
    fields = {**operator.fields("/actions/promote"), "why": "because"}
    operator.library.time = "2026-05-07T09:00:00+00:00"
    reply = operator.post("/actions/promote", fields)
    assert reply.status == 403
    assert "Sign in" in reply.text
    assert operator.actions.done == []


def test_what_has_changed_since_it_was_looked_at_is_not_acted_on(operator):
    from dataclasses import replace

    fields = {**operator.fields("/actions/promote"), "why": "because"}
    now = operator.library.newest("deployment")
    operator.library.add(replace(now, made_from=(now.ref,), event="advance", share=0.5, awaiting=False))
    reply = operator.post("/actions/promote", fields)
    assert reply.status == 409
    assert "has changed since" in reply.text
    assert operator.actions.done == []


def test_what_cannot_be_done_now_is_said_and_not_done(operator):
    from dataclasses import replace

    now = operator.library.newest("deployment")
    operator.library.add(replace(now, made_from=(now.ref,), event="reject", stage="single", challenger=None, share=0.0,
                                 awaiting=False))
    assert "There is no challenger." in operator.get("/actions/promote").text
    seen = operator.library.newest("deployment").digest
    fields = {"token": operator.token("/retraining"), "seen": seen, "why": "because"}
    assert operator.post("/actions/promote", fields).status == 409
    assert operator.actions.done == []
    assert "/actions/promote" not in operator.get("/deployment").text


def test_a_refusal_of_the_project_is_shown_and_written_down(visit, acting, lively):
    browser = visit(lively, actions=acting("the challenger's file is damaged; restore it."))
    browser.sign_in("otto")
    reply = send(browser, "/actions/promote")
    assert reply.status == 409
    assert "the challenger&#39;s file is damaged; restore it." in reply.text
    command, code, who = audit(browser)[-1]
    assert command.startswith("dashboard promote: because (not done: the challenger's file is damaged")
    assert (code, who) == (1, "otto@127.0.0.1")


def test_a_dashboard_without_actions_only_shows(lively, ask):
    assert ask(lively, "/actions/promote").status == 403
    reply = ask(lively, "/actions/promote", method="POST", origin="http://localhost",
                **{"content-type": "application/x-www-form-urlencoded"})
    assert reply.status == 403
    assert "/actions/" not in ask(lively, "/deployment").text


def test_an_unknown_deed_or_alert_is_said(operator):
    assert operator.get("/actions/explode").status == 404
    assert operator.get("/actions/acknowledge?alert=ffffffff").status == 404
    assert operator.get(f"/actions/acknowledge?alert={operator.library.newest('model').digest}").status == 404
    token = operator.token("/retraining")
    assert operator.post("/actions/explode", {"token": token, "why": "because"}).status == 404
    assert operator.post("/actions/acknowledge", {"token": token, "why": "x", "alert": "ffff"}).status == 404


def test_buttons_are_there_for_those_who_may_only(browser, visit):
    for path in ("/deployment", "/alerts", f"/alerts/{browser.library.all('alert')[1].digest}"):
        assert 'href="/actions/' not in browser.get(path).text
        assert "sign in" in browser.get(path).text
    for name, expected in (("vera", False), ("otto", True), ("ada", True)):
        other = visit(browser.library)
        other.sign_in(name)
        assert ('href="/actions/approve"' in other.get("/deployment").text) == expected


def test_without_any_user_the_pages_say_how_to_add_one(visit, live_library):
    page = visit(live_library).get("/deployment").text
    assert "loopwright users add NAME --role operator" in page
    assert "/actions/" not in page


def test_a_reason_is_never_markup(operator):
    send(operator, "/actions/promote", why="<script>alert(1)</script>")
    assert "<script" not in operator.get("/activity").text
