"""A caller of a prediction server, over HTTP."""

from __future__ import annotations

import http.client
import json
from datetime import date

from loopwright.errors import LoopwrightError

__all__ = ["Client"]

_TIMEOUT_SECONDS = 60


class Client:
    """A caller of the server, over one connection that is kept.

    Parameters
    ----------
    host : str
    port : int
    key : str
        Of a consumer.
    """

    def __init__(self, host: str, port: int, *, key: str) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def post(self, path: str, body: object) -> dict[str, object]:
        """Send JSON and return the JSON that is answered.

        Raises
        ------
        LoopwrightError
            If the server refuses, or does not answer.
        """
        status, answer = self.ask(path, body)
        if status != http.client.OK:
            raise LoopwrightError(f"the server answered {path} with {status}: {json.dumps(answer)[:2000]}")
        return answer

    def ask(self, path: str, body: object) -> tuple[int, dict[str, object]]:
        """Send JSON and return the status and the JSON that is answered, whatever the server makes of it.

        Raises
        ------
        LoopwrightError
            If the server does not answer.
        """
        content = json.dumps(body, default=_text).encode()
        try:
            status, answer = self._send(path, content)
        except (OSError, http.client.HTTPException):
            # A connection that lay idle may have been closed; ids are idempotent, so asking again is safe.
            self._connection.close()
            try:
                status, answer = self._send(path, content)
            except (OSError, http.client.HTTPException) as error:
                raise LoopwrightError(
                    f"the server does not answer at {path}: {error}. See whether it still runs."
                ) from error
        return status, _read(answer, path)

    def _send(self, path: str, content: bytes) -> tuple[int, bytes]:
        self._connection.request("POST", path, body=content, headers=self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def _read(answer: bytes, path: str) -> dict[str, object]:
    try:
        found = json.loads(answer)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise LoopwrightError(
            f"what answers at {path} is no prediction server: {answer[:200]!r}. Give the address of one."
        )
    return found


def _text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
