"""Mails incidents to people."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import urlsplit

from loopwright.errors import LoopwrightError
from loopwright.records.alert import Alert
from loopwright.settings import EmailSettings
from loopwright.stages.monitoring.messages import Message, message_of

__all__ = ["Email", "mail_of"]

_PORTS = {"none": 25, "starttls": 587, "tls": 465}


class Email:
    """Mails incidents; mails of one incident stand in one thread.

    Parameters
    ----------
    settings : EmailSettings
        Where to, from whom, and over which server.
    environment : mapping of str to str, optional
        Where the password is looked up; by default the environment variables of the process.
    timeout_s : float, default=20.0
        Longest silence of the mail server.
    context : ssl.SSLContext, optional
        What is trusted; by default the certificates that the system trusts.

    Raises
    ------
    LoopwrightError
        If the settings cannot be used.
    """

    name = "email"

    def __init__(
        self,
        settings: EmailSettings,
        *,
        environment: Mapping[str, str] | None = None,
        timeout_s: float = 20.0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._environment = os.environ if environment is None else environment
        self._timeout_s, self._context = timeout_s, context
        self._host, self._port = _server(settings)
        if not settings.to:
            raise LoopwrightError("[monitor.email] to in loopwright.toml names nobody. Give at least one address.")

    def notify(self, alerts: Sequence[Alert]) -> None:
        """Mail alerts of one incident.

        Raises
        ------
        LoopwrightError
            If the password is missing, or the server cannot be reached or does not take the mail for anybody; if it
            refuses some of the addresses only, the others have it.
        """
        message = message_of(alerts)
        password = self._password()
        try:
            mail = mail_of(message, settings=self._settings)
            with self._server() as server:
                if self._settings.user is not None:
                    server.login(self._settings.user, password)
                server.send_message(mail)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise LoopwrightError(
                f"the alert {message.subject!r} cannot be mailed through {self._host}:{self._port}: "
                f"{_reason(error)}. It is tried again with the next tick. See [monitor.email] in loopwright.toml."
            ) from None

    def _password(self) -> str:
        if self._settings.user is None:
            return ""
        variable = self._settings.password_variable
        if not self._environment.get(variable):
            raise LoopwrightError(
                f"the mail server wants the password of {self._settings.user!r}, and the environment variable "
                f"{variable} is not set. Set it where the watcher runs, or take user out of [monitor.email]."
            )
        return self._environment[variable]

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        context = self._context or ssl.create_default_context()
        if self._settings.encryption == "tls":
            with smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout_s, context=context) as server:
                yield server
            return
        with smtplib.SMTP(self._host, self._port, timeout=self._timeout_s) as server:
            if self._settings.encryption == "starttls":
                server.starttls(context=context)
            yield server


def mail_of(message: Message, *, settings: EmailSettings) -> EmailMessage:
    """Return the mail of an incident: plain text, and a small page.

    The first mail of an incident carries the incident's name as its Message-ID, and all later ones point at it,
    so that mail programs show them as one thread.

    Raises
    ------
    ValueError
        If an address cannot stand in a header.
    """
    domain = settings.sender.rpartition("@")[2].strip("> ") or "localhost"
    incident = f"<{message.incident}@{domain}>"
    mail = EmailMessage()
    mail["Subject"] = message.subject
    mail["From"] = settings.sender
    mail["To"] = ", ".join(settings.to)
    mail["Date"] = formatdate()
    mail["Message-ID"] = incident if message.is_first else f"<{message.key[:32]}.{message.incident}@{domain}>"
    if not message.is_first:
        mail["In-Reply-To"] = incident
        mail["References"] = incident
    mail["Auto-Submitted"] = "auto-generated"
    if message.severity == "critical":
        mail["Importance"] = "high"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def _server(settings: EmailSettings) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{settings.server}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host:
        raise LoopwrightError(
            f"[monitor.email] server is {settings.server!r}; write it as host or host:port, such as "
            f"'mail.example.org:587'."
        )
    return host, port or _PORTS[settings.encryption]


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return f"it said {error.smtp_code} {said}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"it refused {', '.join(sorted(error.recipients))}"
    return f"{type(error).__name__}: {error}"
