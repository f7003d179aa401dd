"""Posts incidents as JSON to an address."""

from __future__ import annotations

import base64
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.parse import SplitResult, unquote, urlsplit

from loopwright.errors import LoopwrightError
from loopwright.records.alert import Alert
from loopwright.stages.monitoring.messages import Message, message_of

__all__ = ["Webhook"]

_AGAIN = frozenset({408, 425, 429})     # and all from 500 on: the receiver may take it later


class Webhook:
    """Posts incidents as JSON.

    The header ``Idempotency-Key`` is the same whenever the same alerts are sent again, so that a receiver that
    answered too late to be heard need not tell twice. The incident's own name stands in the body.

    Parameters
    ----------
    url : str
        http:// or https://; user and password in it are sent as basic authorization. It may hold secrets, so no
        error quotes more of it than host and port.
    timeout_s : float, default=10.0
        Longest silence of the receiver.
    tries : int, default=3
        How often to try before giving up until the next tick.
    pause_s : float, default=0.5
        Before the second try; doubled before each further one.

    Raises
    ------
    LoopwrightError
        If the address cannot be used.

    Examples
    --------
    >>> Webhook("https://hooks.example.org/T0/secret").name
    'webhook'
    """

    name = "webhook"

    def __init__(self, url: str, *, timeout_s: float = 10.0, tries: int = 3, pause_s: float = 0.5) -> None:
        self._parts = _checked(url)
        self._timeout_s, self._tries, self._pause_s = timeout_s, tries, pause_s
        self._opener = urllib.request.build_opener(_SameHost)

    def __repr__(self) -> str:
        return f"Webhook({self._host!r})"

    def notify(self, alerts: Sequence[Alert]) -> None:
        """Post alerts of one incident.

        Raises
        ------
        LoopwrightError
            If the receiver did not say, by a status from 200 to 299, that it has them.
        """
        message = message_of(alerts)
        for number in range(self._tries):
            problem, is_final = self._try(message)
            if not problem:
                return
            if is_final or number == self._tries - 1:
                raise LoopwrightError(
                    f"the alert {message.subject!r} cannot be posted to {self._host}: {problem} "
                    f"({number + 1} {'try' if number == 0 else 'tries'}). It is tried again with the next tick. See "
                    f"[monitor] webhook in loopwright.toml."
                )
            time.sleep(self._pause_s * 2**number)

    @property
    def _host(self) -> str:
        return f"{self._parts.hostname}:{self._parts.port}" if self._parts.port else str(self._parts.hostname)

    def _try(self, message: Message) -> tuple[str, bool]:
        """Return what went wrong, if something did, and whether trying again is useless."""
        try:
            with self._opener.open(self._request(message), timeout=self._timeout_s) as response:
                status = int(response.status)
        except urllib.error.HTTPError as error:
            error.close()
            return _refusal(error), not (error.code in _AGAIN or error.code >= 500)
        except urllib.error.URLError as error:
            return f"{type(error.reason).__name__}: {error.reason}" if isinstance(
                error.reason, OSError) else str(error.reason), False
        except OSError as error:
            return f"{type(error).__name__}: {error}", False
        except (HTTPException, ValueError) as error:
            # Their texts may quote the address.
            return f"its answer is no HTTP ({type(error).__name__})", False
        return ("", True) if 200 <= status < 300 else (f"it answered with status {status}", True)

    def _request(self, message: Message) -> urllib.request.Request:
        headers = {
            "Content-Type": "application/json", "User-Agent": "loopwright", "Idempotency-Key": message.key,
        }
        if self._parts.username is not None:
            pair = f"{unquote(self._parts.username)}:{unquote(self._parts.password or '')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        bare = self._parts._replace(netloc=self._parts.netloc.rpartition("@")[2], fragment="")
        return urllib.request.Request(  # noqa: S310 - the scheme was checked when this was made
            bare.geturl(), data=message.json, headers=headers, method="POST"
        )


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or any(letter.isspace() or not letter.isascii() for letter in url):
        raise LoopwrightError(
            "[monitor] webhook in loopwright.toml is no http:// or https:// address with a host. Write it as the "
            "receiver gave it, special letters as %-codes."
        )
    return parts


def _refusal(error: urllib.error.HTTPError) -> str:
    if 300 <= error.code < 400:
        there = urlsplit(error.headers.get("Location", "")).hostname or "another address"
        return (
            f"it redirects to {there} (status {error.code}), and alerts go nowhere but to the host that was "
            f"written down. Write the new address"
        )
    return f"it answered with status {error.code}"


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows redirects that keep the method and the host; all others are errors."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        """Return the request to send next."""
        before, after = urlsplit(req.full_url), urlsplit(newurl)
        same = (before.scheme, before.netloc) == (after.scheme, after.netloc)
        if code not in {307, 308} or not same:
            raise urllib.error.HTTPError(req.full_url, code, msg, headers, fp)
        return urllib.request.Request(  # noqa: S310 - the scheme is that of the first address
            newurl, data=req.data, headers=dict(req.header_items()), method="POST"
        )
