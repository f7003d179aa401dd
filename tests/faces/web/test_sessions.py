import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from loopwright.faces.web.sessions import HOURS, begun, cookie_name, read, sealed, token

SECRET = b"s" * 32


def opened(cookie, *, secret=SECRET, stamp="1", now=0.0):
    return read(cookie, secret=secret, stamp=lambda user: stamp, now=now)


@given(user=st.text(max_size=60), now=st.integers(0, 2**33))
def test_a_session_is_read_back_until_it_is_over(user, now):
    session = begun(user, now=now)
    cookie = sealed(session, secret=SECRET, stamp="1")
    assert opened(cookie, now=now + HOURS * 3600 - 1) == session
    assert opened(cookie, now=now + HOURS * 3600) is None


@given(st.data())
def test_a_cookie_of_which_any_letter_was_changed_is_nobodys(data):
    cookie = sealed(begun("ada", now=0), secret=SECRET, stamp="1")
    place = data.draw(st.integers(0, len(cookie) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda one: one != cookie[place]))
    changed = cookie[:place] + letter + cookie[place + 1 :]
    assert opened(changed) is None


@given(st.text(max_size=200))
def test_anything_else_is_nobodys(text):
    assert opened(text) is None


def test_a_cookie_that_claims_another_user_or_a_longer_time_is_nobodys():
    cookie = sealed(begun("vera", now=0), secret=SECRET, stamp="1")
    body, _, seal = cookie.partition(".")
    key, user, expires = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    for claim in ([key, "ada", expires], [key, user, expires * 2], [key, user], {"id": key}, [key, user, "9"], None):
        forged = base64.urlsafe_b64encode(json.dumps(claim).encode()).decode().rstrip("=")
        assert opened(f"{forged}.{seal}") is None


def test_another_secret_another_password_or_no_account_end_a_session():
    cookie = sealed(begun("ada", now=0), secret=SECRET, stamp="1")
    assert opened(cookie) is not None
    assert opened(cookie, secret=b"t" * 32) is None
    assert opened(cookie, stamp="2") is None
    assert opened(cookie, stamp=None) is None


def test_every_session_has_its_own_id_and_token():
    first, second = begun("ada", now=0), begun("ada", now=0)
    assert first.id != second.id
    assert token(first, secret=SECRET) != token(second, secret=SECRET)
    assert token(first, secret=SECRET) not in sealed(first, secret=SECRET, stamp="1")


def test_two_projects_on_one_machine_keep_their_cookies_apart():
    assert cookie_name(SECRET) != cookie_name(b"t" * 32)
    assert SECRET.decode() not in cookie_name(SECRET)
