"""An authority of one's own: Pebble, the ACME test server of Let's Encrypt, and a DNS for it.

It proves names for real: it asks its DNS where they are, and there for the challenge.
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.oracle.server import free_port
from tests.report_missing import missing

WAIT_S = 20
NOWHERE = "127.0.0.9"
"""Where nobody listens."""


class Pebble:
    """A running authority."""

    def __init__(self, folder: Path, *, http_port: int, dns_port: int, dns_url: str) -> None:
        """Run in ``folder``; names are proven on ``http_port``."""
        self.ca = folder / "pebble-ca.pem"
        self._dns_url = dns_url
        api, management = free_port(), free_port()
        self.directory = f"https://127.0.0.1:{api}/dir"
        self._management = f"https://127.0.0.1:{management}"
        key = _write_certificate(self.ca)
        config = {
            "pebble": {
                "listenAddress": f"127.0.0.1:{api}",
                "managementListenAddress": f"127.0.0.1:{management}",
                "certificate": str(self.ca),
                "privateKey": str(key),
                "httpPort": http_port,
                "tlsPort": free_port(),
            }
        }
        file = folder / "pebble.json"
        file.write_text(json.dumps(config))
        # Names are judged at once, nothing is refused by dice, and no proof is remembered.
        dice = {
            "PEBBLE_VA_NOSLEEP": "1",
            "PEBBLE_WFE_NONCEREJECT": "0",
            "PEBBLE_AUTHZREUSE": "0",
            "PEBBLE_VA_ALWAYS_VALID": "0",
        }
        dns = f"127.0.0.1:{dns_port}"
        self._process = subprocess.Popen(
            ["pebble", "-config", str(file), "-dnsserver", dns],
            env=os.environ | dice,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def roots(self) -> str:
        """Whoever trusts this (PEM) trusts what the authority gives."""
        trusting = ssl.create_default_context(cafile=self.ca)
        with urllib.request.urlopen(
            f"{self._management}/roots/0", timeout=WAIT_S, context=trusting
        ) as answer:
            return str(answer.read().decode())

    def lead(self, name: str, address: str) -> None:
        """From now on this name is at this address."""
        for action in ("clear-a", "add-a"):
            body = json.dumps({"host": f"{name}.", "addresses": [address]}).encode()
            with urllib.request.urlopen(f"{self._dns_url}/{action}", body, timeout=WAIT_S):
                pass

    def stop(self) -> None:
        """End it."""
        stop(self._process)


@contextlib.contextmanager
def authority(folder: Path, *, http_port: int) -> Iterator[Pebble]:
    """Run an authority for whom every name is at 127.0.0.1 until told otherwise."""
    for program in ("pebble", "pebble-challtestsrv"):
        if shutil.which(program) is None:
            missing("Pebble", because=f"no {program} on PATH (Debian package pebble)")
    dns_port, dns_management = free_port(), free_port()
    dns = subprocess.Popen(
        [
            *("pebble-challtestsrv", "-dns01", f"127.0.0.1:{dns_port}", "-defaultIPv6", ""),
            *("-management", f"127.0.0.1:{dns_management}"),
            *("-http01", "", "-https01", "", "-tlsalpn01", ""),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    dns_url = f"http://127.0.0.1:{dns_management}"
    try:
        pebble = Pebble(folder, http_port=http_port, dns_port=dns_port, dns_url=dns_url)
        try:
            wait_for_port(dns_management)
            wait_for_port(int(pebble.directory.rsplit(":", 1)[1].partition("/")[0]))
            yield pebble
        finally:
            pebble.stop()
    finally:
        stop(dns)


def wait_for_port(port: int) -> None:
    """Wait until somebody listens there."""
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and wait for it."""
    process.terminate()
    process.wait(timeout=WAIT_S)


def _write_certificate(path: Path) -> Path:
    """A certificate for the authority's own address, trusted by whoever is given it; its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pebble for tests")])
    now = datetime.datetime.now(datetime.UTC)
    local = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([local]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file = path.with_suffix(".key")
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return key_file
