import asyncio
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.requests import Request

from loopwright.faces.web.requests import form, inside, with_query


@pytest.mark.parametrize(
    "address",
    [
        "//elsewhere.example", "///elsewhere.example", "/\\elsewhere.example", "\\\\elsewhere.example",
        "https://elsewhere.example", "javascript:alert(1)", "/\t/elsewhere.example", "/\n/elsewhere.example",
        "elsewhere.example", "", "/ä", "/a b", "/a\r\nset-cookie: a=b", "/" + "a" * 3000, "http:/elsewhere.example",
    ],
)
def test_no_address_leads_elsewhere(address):
    assert inside(address) == "/"


@pytest.mark.parametrize("address", ["/", "/alerts?standing=open", "/predictions/a%2F1", "/actions/promote"])
def test_addresses_of_these_pages_stay_as_they_are(address):
    assert inside(address) == address


@given(st.text())
def test_whatever_is_written_the_way_stays_on_this_host(address):
    parts = urlsplit(inside(address))
    assert (parts.scheme, parts.netloc) == ("", "")
    assert parts.path.startswith("/")


def test_a_part_of_a_query_is_changed_or_taken_out():
    assert with_query("/a", {"x": "1", "refresh": "off"}, refresh=None) == "/a?x=1"
    assert with_query("/a", {}, refresh=None) == "/a"
    assert with_query("/a", {"x": "&="}) == "/a?x=%26%3D"


def asked(body, kind="application/x-www-form-urlencoded"):
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", kind.encode())]
    return asyncio.run(form(Request({"type": "http", "method": "POST", "headers": headers}, receive)))


def test_a_form_is_read():
    assert asked(b"why=better+by+2%25&empty=&name=J%C3%BCrgen") == {
        "why": "better by 2%", "empty": "", "name": "Jürgen",
    }


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a=b", "multipart/form-data", 415),
        (b"{}", "application/json", 415),
        (b"a=" + b"x" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a=b" for _ in range(50)), "application/x-www-form-urlencoded", 400),
        (b"a=%ff", "application/x-www-form-urlencoded", 400),
        (b"a=\xff", "application/x-www-form-urlencoded", 400),
    ],
)
def test_what_is_no_small_form_is_refused(body, kind, status):
    with pytest.raises(HTTPException) as refused:
        asked(body, kind)
    assert refused.value.status_code == status
