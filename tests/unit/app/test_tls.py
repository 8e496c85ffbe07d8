"""HTTPS with files of one's own: a real server, a certificate made here."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.unit.app.served import Served
from yadokari.app.settings import SettingError, read_settings
from yadokari.app.tls import Certificate, follow, headers_for
from yadokari.base.log import SilentLog


def written(folder: Path, *, name: str = "localhost") -> Certificate:
    """A fresh certificate for this name, in files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = Certificate(folder / "chain.pem", folder / "key.pem")
    files.chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


async def shown(port: int) -> bytes:
    """The certificate that a server shows to a new connection."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client)
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return bytes(found)


def der_of(files: Certificate) -> bytes:
    """The certificate in the files, as it travels."""
    return ssl.PEM_cert_to_DER_cert(files.chain.read_text())


def test_a_server_speaks_https(tmp_path: Path):
    """Requests that are exchanges and others alike; to whoever trusts the certificate."""
    files = written(tmp_path)
    trusting = ssl.create_default_context(cafile=files.chain)
    trusting.check_hostname = False
    flags = ("--tls-cert", str(files.chain), "--tls-key", str(files.key))
    served = Served(tmp_path / "data", *flags)
    try:
        assert served.url.startswith("https://127.0.0.1:")
        assert served.ask("/api/health", context=trusting) == 200
        assert served.ask("/api/collections/users/records", context=trusting) == 200
        assert served.ask("/_/", context=trusting) == 200
    finally:
        code, _, _ = served.stop()
    assert code == 0


async def test_a_renewed_certificate_is_taken_up(tmp_path: Path):
    """Q1: without a restart; and a broken one is not."""
    files = written(tmp_path)
    context = files.context()
    server = await asyncio.start_server(lambda _, w: w.close(), "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    following = asyncio.create_task(follow(files, context, log=SilentLog(), look_s=0.01))
    try:
        first = der_of(files)
        assert await shown(port) == first

        files.chain.write_text("half a certif")
        await asyncio.sleep(0.1)
        assert await shown(port) == first

        written(tmp_path)
        for _ in range(500):
            await asyncio.sleep(0.02)
            if await shown(port) == der_of(files):
                break
        assert await shown(port) == der_of(files)
    finally:
        following.cancel()
        server.close()


def test_files_that_cannot_serve_stop_the_start(tmp_path: Path):
    """With their names, before anything is opened."""
    files = written(tmp_path)
    files.key.write_text("no key")

    with pytest.raises(SettingError, match=r"key\.pem"):
        files.context()
    with pytest.raises(SettingError, match="cannot be used"):
        Certificate(tmp_path / "missing.pem", files.key).context()
    with pytest.raises(SettingError, match="come together"):
        read_settings({"tls_cert": str(files.chain)}, {}, on_terminal=False)


@pytest.mark.parametrize(("host", "count"), [("127.0.0.1", 0), ("localhost", 0), ("0.0.0.0", 1)])
def test_browsers_are_told_to_stay_with_https(host: str, count: int):
    """Q2."""
    assert len(headers_for(host)) == count
