"""Every mailer keeps the promises of the port; the one over SMTP some more."""

from __future__ import annotations

import datetime
import re
import socket
import ssl
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.smtp_sink import Received, Sink, sink
from yadokari.mail import smtp
from yadokari.mail.printing import PrintingMailer
from yadokari.mail.smtp import SmtpMailer, SmtpSettings
from yadokari.ports.mail import MailNotSent
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy
from yadokari.testing.fake_mailer import FakeMailer
from yadokari.testing.mail_suite import LETTER, Arrived, Carrier, MailSuite


class TestFakeMailer(MailSuite):
    @pytest.fixture
    def carrier(self) -> Carrier:
        mailer = FakeMailer()

        async def refuse() -> None:
            mailer.refuses = True

        def arrived() -> list[Arrived]:
            return [
                Arrived(
                    sender=f"{mail.sender.name} {mail.sender.address}",
                    to=f"{mail.to.name} {mail.to.address}",
                    subject=mail.subject,
                    words=mail.html,
                    recipients=(mail.to.address,),
                )
                for mail in mailer.sent
            ]

        return Carrier(mailer=mailer, arrived=arrived, refuse=refuse)


class TestSmtpMailer(MailSuite):
    @pytest.fixture
    def carrier(self) -> Iterator[Carrier]:
        with sink() as far:

            async def refuse() -> None:
                far.refuses = True

            yield Carrier(
                mailer=over_smtp(far),
                arrived=lambda: [arrived(mail) for mail in far.mails],
                refuse=refuse,
            )


class TestPrintingMailer(MailSuite):
    @pytest.fixture
    def carrier(self) -> Carrier:
        terminal = StringIO()
        mailer = PrintingMailer(terminal.write, clock=FakeClock(), entropy=FakeEntropy())

        async def refuse() -> None:
            terminal.close()

        def arrived() -> list[Arrived]:
            rule = "-" * 72 + "\n"
            texts = terminal.getvalue().split(rule)
            return [read(text) for text in texts if text]

        return Carrier(mailer=mailer, arrived=arrived, refuse=refuse)


def arrived(mail: Received) -> Arrived:
    """What the sink got, as the suite wants it."""
    return Arrived(
        sender=str(mail.message["From"]),
        to=str(mail.message["To"]),
        subject=mail.subject,
        words=mail.body("plain"),
        recipients=mail.recipients,
    )


def read(text: str) -> Arrived:
    """A printed mail as a person reads it."""
    heads, _, words = text.partition("\n\n")
    lines = dict(line.split(": ", 1) for line in heads.split("\n"))
    addresses = re.findall(r"[^\s<>]+@example\.com", lines["To"])
    return Arrived(
        sender=lines["From"],
        to=lines["To"],
        subject=lines["Subject"],
        words=words,
        recipients=tuple(addresses[-1:]),
    )


def over_smtp(
    far: Sink,
    *,
    host: str = "127.0.0.1",
    trust: ssl.SSLContext | None = None,
    username: str = "",
    password: str = "",
    method: str = "PLAIN",
    tls: bool = False,
    local_name: str = "",
) -> SmtpMailer:
    """A mailer to this sink."""
    settings = SmtpSettings(
        host=host,
        port=far.port,
        username=username,
        password=password,
        auth_method="LOGIN" if method == "LOGIN" else "PLAIN",
        tls=tls,
        local_name=local_name,
    )
    return SmtpMailer(settings, clock=FakeClock(), entropy=FakeEntropy(), trust=trust)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts of a server called localhost, and of whoever trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder: Path = tmp_path_factory.mktemp("certificate")
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    client = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    return server, client


async def test_starttls_is_used_where_it_is_offered(
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    """SM1: and the password crosses after it."""
    server, client = certificate
    with sink(host="localhost", starttls=server) as far:
        mailer = over_smtp(far, host="localhost", trust=client, username="user", password="hush")
        await mailer.send(LETTER)

    assert far.encrypted == [True]
    assert far.logins == [("PLAIN", b"user", b"hush")]


async def test_tls_encrypts_from_the_first_byte(
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    """SM1."""
    server, client = certificate
    with sink(host="localhost", tls=server) as far:
        await over_smtp(far, host="localhost", trust=client, tls=True).send(LETTER)

    assert far.encrypted == [True]


@pytest.mark.parametrize("offered", ["tls", "starttls"])
async def test_a_certificate_nobody_trusts_gets_no_mail(
    certificate: tuple[ssl.SSLContext, ssl.SSLContext], offered: str
) -> None:
    """SM1: an encrypted line to whoever answers is none."""
    server, _ = certificate
    tls, starttls = (server, None) if offered == "tls" else (None, server)
    with sink(host="localhost", tls=tls, starttls=starttls) as far:
        with pytest.raises(MailNotSent):
            await over_smtp(far, host="localhost", tls=offered == "tls").send(LETTER)

        assert far.mails == []


@pytest.mark.parametrize("method", ["PLAIN", "LOGIN"])
async def test_the_chosen_method_signs_in(method: str) -> None:
    """Old servers know LOGIN alone."""
    with sink() as far:
        await over_smtp(far, username="user", password="pässword", method=method).send(LETTER)

        assert far.logins == [(method, b"user", "pässword".encode())]
        assert len(far.mails) == 1


async def test_a_wrong_password_is_told_without_being_repeated() -> None:
    """The operator reads the reason, and so do logs."""
    with sink() as far:
        with pytest.raises(MailNotSent) as raised:
            await over_smtp(far, username="nobody", password="hush-hush").send(LETTER)

        assert "535" in raised.value.reason
        assert "hush-hush" not in raised.value.reason


async def test_a_password_never_crosses_the_network_in_the_clear() -> None:
    """SM2: a listener between two offices would have it."""
    with sink(host="127.0.0.2") as far:
        with pytest.raises(MailNotSent, match="encryption"):
            await over_smtp(far, host="127.0.0.2", username="user", password="hush").send(LETTER)

        assert far.logins == []


@pytest.mark.parametrize(("given", "greeted"), [("", "localhost"), ("app.example.com",) * 2])
async def test_the_greeting_has_the_name_that_was_set(given: str, greeted: str) -> None:
    """Some relays check it."""
    with sink() as far:
        await over_smtp(far, local_name=given).send(LETTER)

        assert far.greetings[0] == greeted


async def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """ML4: else every mail after it would wait, too."""
    monkeypatch.setattr(smtp, "SEND_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(MailNotSent):
        await over_smtp(Sink(port=silent.getsockname()[1])).send(LETTER)


async def test_a_server_that_is_not_there_is_an_error() -> None:
    """ML1."""
    with sink() as far:
        port = far.port

    with pytest.raises(MailNotSent):
        await over_smtp(Sink(port=port)).send(LETTER)


async def test_the_message_has_the_shape_that_mail_readers_know() -> None:
    """M1: mixed, alternative, plain before HTML; an id under the sender's domain."""
    with sink() as far:
        await over_smtp(far).send(LETTER)

        message = far.mails[0].message
        assert [part.get_content_type() for part in message.walk()] == [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "text/html",
        ]
        assert re.fullmatch(r"<[a-zA-Z0-9]{15}@example\.com>", message["Message-ID"])
        assert message["Date"] == "Sun, 15 Jun 2025 15:06:40 +0000"
        assert message["MIME-Version"] == "1.0"
