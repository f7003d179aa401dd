"""Signing in and out, and what becomes of attempts to get round it."""

from urllib.parse import quote

import pytest


def session_of(browser):
    return next(value for name, value in browser.cookies.items() if not name.endswith("_form"))


def commands(browser):
    return [(one.command, one.exit_code, one.who) for one in browser.library.commands]


def test_whoever_signs_in_is_shown_and_led_back(browser):
    reply = browser.sign_in("otto", then="/deployment?refresh=off")
    assert (reply.status, reply.headers["location"]) == (303, "/deployment?refresh=off")
    page = browser.get("/deployment").text
    assert "operator" in page
    assert 'action="/logout"' in page
    assert commands(browser)[-1] == ("dashboard sign-in", 0, "otto@127.0.0.1")


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(browser):
    cookie = browser.sign_in("otto").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie
    assert "Max-Age=43200" in cookie


def test_a_wrong_password_is_refused_and_written_down(browser):
    reply = browser.sign_in("otto", "wrong password")
    assert reply.status == 403
    assert "Name and password do not fit" in reply.text
    assert "wrong password" not in reply.text
    assert commands(browser)[-1] == ("dashboard sign-in", 1, "otto@127.0.0.1")


def test_a_name_that_nobody_has_is_answered_alike_and_not_written_down(browser):
    # People type their password where the name belongs.
    reply = browser.sign_in("my secret password", "otto")
    assert reply.status == 403
    assert "Name and password do not fit" in reply.text
    assert commands(browser)[-1] == ("dashboard sign-in", 1, "unknown user@127.0.0.1")


def test_many_wrong_passwords_have_to_wait_and_the_right_one_too(browser):
    for _ in range(5):
        assert browser.sign_in("otto", "wrong password").status == 403
    for password in ("wrong password", None):
        reply = browser.sign_in("otto", password)
        assert reply.status == 429
        assert int(reply.headers["retry-after"]) >= 1
    assert len([one for one in commands(browser) if one[0] == "dashboard sign-in"]) == 5


def test_a_sign_in_without_the_token_of_its_form_is_refused(browser):
    fields = {"user": "otto", "password": "otto's long password", "next": "/"}
    assert browser.post("/login", fields).status == 403
    browser.get("/login")
    for token in ("", "guess", "ä", "0" * 64):
        assert browser.post("/login", {**fields, "token": token}).status == 403
    assert browser.get("/deployment").text.count("Sign out") == 0


def test_the_token_of_another_browsers_form_does_not_fit(browser, visit):
    stolen = visit(browser.library).token("/login")
    browser.get("/login")
    fields = {"token": stolen, "user": "otto", "password": "otto's long password"}
    assert browser.post("/login", fields).status == 403


def test_a_session_that_was_planted_before_the_sign_in_is_worth_nothing_after_it(browser, visit):
    # Session fixation: an attacker gives the victim's browser cookies that the attacker knows.
    attacker = visit(browser.library)
    attacker.get("/login")
    browser.cookies = dict(attacker.cookies)
    assert browser.sign_in("otto").status == 303
    assert "Sign out" in browser.get("/predictions").text
    assert "Sign out" not in attacker.get("/predictions").text
    assert set(browser.cookies.values()).isdisjoint(attacker.cookies.values())


def test_signing_in_anew_makes_another_session_and_ends_the_old_one(browser, visit):
    browser.sign_in("otto")
    old = visit(browser.library)
    old.cookies = dict(browser.cookies)
    token = visit(browser.library)
    token.get("/login")
    form = token.fields("/login")
    browser.cookies.update(token.cookies)
    assert browser.post("/login", {**form, "user": "ada", "password": "ada's long password"}).status == 303
    assert "admin" in browser.get("/predictions").text
    assert "Sign out" not in old.get("/predictions").text


def test_the_cookie_of_the_form_is_no_session(browser):
    browser.get("/login")
    (name, value), = browser.cookies.items()
    browser.cookies = {name.removesuffix("_form"): value}
    assert "Sign out" not in browser.get("/predictions").text


def test_a_session_ends_after_twelve_hours(browser):
    browser.sign_in("otto")
    browser.library.time = "2026-05-06T20:59:59+00:00"
    assert "Sign out" in browser.get("/predictions").text
    browser.library.time = "2026-05-06T21:00:00+00:00"
    assert "Sign out" not in browser.get("/predictions").text


@pytest.mark.parametrize("change", [lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"), lambda text: "x" + text,
                                    lambda text: text.partition(".")[0], lambda text: "." + text.partition(".")[2]])
def test_a_cookie_that_was_changed_is_nobodys(browser, change):
    browser.sign_in("otto")
    browser.cookies = {name: change(value) for name, value in browser.cookies.items()}
    assert "Sign out" not in browser.get("/predictions").text


def test_signing_out_ends_the_session_also_for_whoever_copied_the_cookie(browser, visit):
    browser.sign_in("otto")
    thief = visit(browser.library)
    thief.cookies = dict(browser.cookies)
    assert "Sign out" in thief.get("/predictions").text
    reply = browser.post("/logout", {"token": browser.token("/retraining")})
    assert (reply.status, reply.headers["location"]) == (303, "/")
    assert "Sign out" not in thief.get("/predictions").text
    assert commands(browser)[-1][0] == "dashboard sign-out"


def test_nobody_is_signed_out_by_a_foreign_form(browser):
    browser.sign_in("otto")
    assert browser.post("/logout", {"other": "field"}).status == 403
    assert browser.post("/logout", {"token": "guess"}).status == 403
    assert "Sign out" in browser.get("/predictions").text


def test_a_new_password_or_a_closed_account_ends_the_session_and_a_role_counts_at_once(browser):
    from loopwright.faces.web.accounts import closed

    browser.sign_in("otto")
    body = browser.library.marks("user")["otto"].body
    browser.library.mark("user", "otto", {**body, "role": "viewer"})
    assert browser.get("/actions/promote").status == 403
    browser.library.mark("user", "otto", closed())
    assert "Sign out" not in browser.get("/predictions").text


@pytest.mark.parametrize(
    "there",
    ["//elsewhere.example", "https://elsewhere.example/", "/\\elsewhere.example", "/%0d%0aset-cookie:a=b",
     "javascript:alert(1)", "/\t/elsewhere.example"],
)
def test_nobody_is_led_elsewhere_after_signing_in(browser, there):
    assert "elsewhere.example" not in browser.get(f"/login?next={quote(there)}").text
    reply = browser.sign_in("otto", then=there)
    assert reply.status == 303
    assert reply.headers["location"].startswith("/")
    assert not reply.headers["location"].startswith(("//", "/\\", "/\t"))
    assert "elsewhere" not in reply.headers["location"]
    assert reply.headers["set-cookie"].count("a=b") == 0


def test_whoever_has_signed_in_is_not_asked_again(browser):
    browser.sign_in("otto")
    reply = browser.get("/login?next=/alerts")
    assert (reply.status, reply.headers["location"]) == (303, "/alerts")


def test_without_any_user_the_page_says_how_to_add_one(visit, live_library):
    page = visit(live_library).get("/login").text
    assert "loopwright users add NAME --role operator" in page
    assert 'action="/login"' not in page


def test_what_is_typed_comes_back_as_text(browser):
    reply = browser.sign_in('"><script>alert(1)</script>', "wrong password")
    assert "<script" not in reply.text
    assert "&#34;&gt;&lt;script&gt;" in reply.text


def test_pages_are_kept_by_no_cache(browser):
    browser.sign_in("otto")
    for path in ("/", "/login", "/actions/promote", "/deployment.json"):
        assert browser.get(path).headers.get("cache-control", "no-store") == "no-store"
