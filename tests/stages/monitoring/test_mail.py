"""Mails arrive at a real server, in one thread per incident."""

from __future__ import annotations

import email
import email.policy
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from loopwright.errors import LoopwrightError
from loopwright.records import Alert, Ref
from loopwright.settings import EmailSettings
from loopwright.stages.monitoring.mail import Email, mail_of
from loopwright.stages.monitoring.messages import incident_id, message_of
from loopwright.testing import NotifierContract

ALERT = Alert(
    deployment=Ref(kind="deployment", digest="d" * 64), quantity="drift:fare", severity="critical",
    title="fare is multiplied by 100", explanation="Its median is 825, and was 8.25.", advice="Convert it back.",
    cause="unit change", group="drift:fare@2015-09-07T00:00:00", first_bad="2015-09-07T00:00:00",
    last_bad="2015-09-14T00:00:00",
)
LATER = replace(ALERT, quantity="quality:roc_auc", title="roc_auc fell")


class Post:
    """Takes mails, but for some addresses."""

    def __init__(self):
        self.mails = []
        self.logins = []
        self.unknown = set()

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address in self.unknown:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    def authenticate(self, _server, _session, _envelope, _mechanism, data):
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"right", handled=False)


class Trusting(Controller):
    """Greets itself, to see that it is up, as one that knows its certificate."""

    trusted: ssl.SSLContext

    def _trigger_server(self):
        with (
            socket.create_connection((self.hostname, self.port), 5) as plain,
            self.trusted.wrap_socket(plain, server_hostname=self.hostname) as secure,
        ):
            secure.recv(1024)


@pytest.fixture
def post() -> Iterator[tuple[Post, int]]:
    found = Post()
    controller = Controller(
        found, hostname="127.0.0.1", port=0, auth_require_tls=False, authenticator=found.authenticate, ready_timeout=30
    )
    # The controller greets itself by its port to see that it is up, and so cannot take any that is free.
    controller.port = _free()
    controller.start()
    yield found, controller.port
    controller.stop()


def _free() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _settings(port, **changes):
    return EmailSettings(**{
        "to": ("ops@example.org", "ada@example.org"), "sender": "Loopwright <watch@example.org>",
        "server": f"127.0.0.1:{port}", "encryption": "none", **changes,
    })


class TestEmail(NotifierContract):
    @pytest.fixture
    def notifier(self, post):
        return Email(_settings(post[1]))

    @pytest.fixture
    def received(self, post):
        return lambda: [
            f"{mail['Subject']}\n{mail.get_body(('plain',)).get_content()}" for mail in post[0].mails
        ]

    @pytest.fixture
    def unreachable(self):
        return Email(_settings(_free()))


def test_a_mail_has_a_subject_a_text_and_a_page(post):
    Email(_settings(post[1])).notify([ALERT])
    mail, = post[0].mails
    assert mail["Subject"] == "[critical] fare is multiplied by 100"
    assert mail["From"] == "Loopwright <watch@example.org>"
    assert mail["To"] == "ops@example.org, ada@example.org"
    assert mail["Importance"] == "high"
    assert "Its median is 825" in mail.get_body(("plain",)).get_content()
    assert "<p>Its median is 825" in mail.get_body(("html",)).get_content()


def test_later_mails_of_an_incident_answer_the_first():
    settings = _settings(25)
    first, later = (mail_of(message_of([alert]), settings=settings) for alert in (ALERT, LATER))
    assert first["Message-ID"] == f"<{incident_id(ALERT.group)}@example.org>"
    assert later["References"] == later["In-Reply-To"] == first["Message-ID"]
    assert later["Message-ID"] != first["Message-ID"]
    assert first["References"] is None


def test_the_password_comes_from_the_environment(post, monkeypatch):
    monkeypatch.setenv("MAIL_SECRET", "right")
    Email(_settings(post[1], user="ada", password_variable="MAIL_SECRET")).notify([ALERT])
    assert post[0].logins == [("ada", "right")]
    assert "MAIL_SECRET" in os.environ


def test_a_password_that_is_not_set_is_named_by_its_variable(post):
    with pytest.raises(LoopwrightError, match="environment variable LOOPWRIGHT_SMTP_PASSWORD is not set"):
        Email(_settings(post[1], user="ada"), environment={}).notify([ALERT])


def test_a_wrong_password_is_an_error_that_does_not_show_it(post):
    with pytest.raises(LoopwrightError) as told:
        Email(_settings(post[1], user="ada"), environment={"LOOPWRIGHT_SMTP_PASSWORD": "hush"}).notify([ALERT])
    assert f"127.0.0.1:{post[1]}: it said 535" in str(told.value)
    assert "hush" not in str(told.value)
    assert post[0].mails == []


def test_a_server_without_tls_is_not_spoken_to_in_the_clear(post):
    with pytest.raises(LoopwrightError, match="STARTTLS"):
        Email(_settings(post[1], encryption="starttls")).notify([ALERT])
    with pytest.raises(LoopwrightError, match=f"127.0.0.1:{post[1]}"):
        Email(_settings(post[1], encryption="tls"), timeout_s=5).notify([ALERT])
    assert post[0].mails == []


def test_addresses_that_are_refused_do_not_keep_the_others_waiting(post):
    post[0].unknown = {"ada@example.org"}
    Email(_settings(post[1])).notify([ALERT])
    assert len(post[0].mails) == 1
    post[0].unknown = {"ada@example.org", "ops@example.org"}
    with pytest.raises(LoopwrightError, match=r"refused ada@example.org, ops@example.org"):
        Email(_settings(post[1])).notify([ALERT])


@pytest.mark.parametrize("encryption", ["tls", "starttls"])
def test_mail_goes_over_tls_where_the_server_is_trusted(encryption, certificate):
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*certificate)
    trusted = ssl.create_default_context(cafile=certificate[0])
    found = Post()
    make = Controller if encryption == "starttls" else Trusting
    kwargs = {"tls_context" if encryption == "starttls" else "ssl_context": server}
    controller = make(found, hostname="127.0.0.1", port=_free(), ready_timeout=30, **kwargs)
    controller.trusted = trusted
    controller.start()
    try:
        Email(_settings(controller.port, encryption=encryption), context=trusted).notify([ALERT])
        with pytest.raises(LoopwrightError, match="CERTIFICATE_VERIFY_FAILED"):
            Email(_settings(controller.port, encryption=encryption)).notify([ALERT])
    finally:
        controller.stop()
    assert len(found.mails) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[str, str]:
    """Return the files of a certificate for 127.0.0.1 and of its key."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("needs the program openssl to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=folder, check=True, capture_output=True,
    )
    return str(folder / "cert.pem"), str(folder / "key.pem")


@pytest.mark.parametrize("server", ["", ":25", "host:port", "[::1"])
def test_a_server_that_is_none_is_refused(server):
    with pytest.raises(LoopwrightError, match=r"\[monitor.email\] server"):
        Email(_settings(25, server=server))


def test_somebody_must_be_written_to():
    with pytest.raises(LoopwrightError, match="names nobody"):
        Email(_settings(25, to=()))


def test_an_address_that_cannot_stand_in_a_header_is_an_error(post):
    with pytest.raises(LoopwrightError, match="cannot be mailed"):
        Email(_settings(post[1], to=("a@example.org\nBcc: b@example.org",))).notify([ALERT])
    assert post[0].mails == []


@pytest.mark.parametrize(("encryption", "port"), [("none", 25), ("starttls", 587), ("tls", 465)])
def test_a_server_without_a_port_has_the_usual_one(encryption, port):
    with pytest.raises(LoopwrightError, match=f"no-such-host.invalid:{port}"):
        Email(_settings(25, server="no-such-host.invalid", encryption=encryption), timeout_s=5).notify([ALERT])
