"""Fetching a certificate from an authority that speaks ACME (RFC 8555); blocks, for a thread.

Q10  What proves a name is its HTTP-01 challenge: the authority asks plain HTTP on port 80 for a
     token. TLS-ALPN-01 would need the certificate of a handshake to be chosen by its ALPN, which
     Python's ``ssl`` does not show before it is chosen.
Q11  Each certificate has a new key; the account's key stays.

Imported by the first order only: it brings an HTTP client of its own.
Not here: when (app/certificate_keeper.py), answering challenges (app/plain_http.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import josepy
import requests
from acme import challenges, crypto_util, errors, messages
from acme.client import ClientNetwork, ClientV2
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from yadokari.app.certificate_keeper import OrderFailed
from yadokari.app.certificate_shelf import write_whole
from yadokari.app.plain_http import Challenges
from yadokari.app.settings import Automatic

ACCOUNT_KEY_BITS = 2_048  # What every authority takes; it signs a dozen requests in two months.
TIMEOUT_S = 30  # For one request; authorities answer in seconds or not at all.
LIMITED_WAIT_MS = 3_600_000  # The shortest window of Let's Encrypt's limits.
USER_AGENT = "yadokari"
_PEM = serialization.Encoding.PEM
_PKCS8 = serialization.PrivateFormat.PKCS8
_PLAIN = serialization.NoEncryption()
_ABOUT_NAME = frozenset(
    ("caa", "connection", "dns", "incorrectResponse", "rejectedIdentifier", "tls", "unauthorized")
)
"""Errors of ACME that another name may not meet."""


def fetch(
    name: str, *, automatic: Automatic, account_key: Path, challenges_of: Challenges
) -> bytes:
    """A new certificate for ``name``: key and chain as PEM.

    Args:
        name: A domain.
        automatic: Whom to ask.
        account_key: File of the key that the authority knows us by; made when missing.
        challenges_of: Takes the answers that the authority asks for meanwhile.

    Raises:
        OrderFailed: none was given; with the operator's next step.
        OSError: a file of ours cannot be read or written.
    """
    tokens: list[str] = []
    with translated(name, automatic.directory):
        client = _client(automatic, _account_key(account_key))
        key = ec.generate_private_key(ec.SECP256R1()).private_bytes(_PEM, _PKCS8, _PLAIN)
        order = client.new_order(crypto_util.make_csr(key, [name]))
        try:
            for body in _open_challenges(order):
                response, authorization = body.response_and_validation(client.net.key)
                token = body.chall.encode("token")
                tokens.append(token)
                challenges_of.put(token, authorization)
                client.answer_challenge(body, response)
            done = client.poll_and_finalize(order)
        finally:
            for token in tokens:
                challenges_of.remove(token)
        return key + done.fullchain_pem.encode()


def _client(automatic: Automatic, key: josepy.JWK) -> ClientV2:
    net = ClientNetwork(key, user_agent=USER_AGENT, timeout=TIMEOUT_S)
    if automatic.ca is not None:
        net.verify_ssl = str(automatic.ca)  # type: ignore[assignment]  # requests takes a path too
    client = ClientV2(ClientV2.get_directory(automatic.directory, net), net)
    wanted = messages.NewRegistration.from_data(
        email=automatic.email or None, terms_of_service_agreed=True
    )
    try:
        client.new_account(wanted)
    except errors.ConflictError as known:
        found = messages.RegistrationResource(body=messages.Registration(), uri=known.location)
        client.query_registration(found)
    return client


def _account_key(path: Path) -> josepy.JWK:
    try:
        pem = path.read_bytes()
    except FileNotFoundError:
        made = rsa.generate_private_key(public_exponent=65_537, key_size=ACCOUNT_KEY_BITS)
        pem = made.private_bytes(_PEM, _PKCS8, _PLAIN)
        write_whole(path, pem)
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        advice = f"remove {path}; a new account is made by itself"
        raise OrderFailed(
            f"{path} does not hold the account's key", advice=advice, is_about_name=False
        )
    return josepy.JWKRSA(key=josepy.ComparableRSAKey(key))


def _open_challenges(order: messages.OrderResource) -> Iterator[messages.ChallengeBody]:
    """The HTTP-01 challenge of each name that is not proven yet."""
    for authorization in order.authorizations:
        if authorization.body.status == messages.STATUS_VALID:
            continue
        for body in authorization.body.challenges:
            if isinstance(body.chall, challenges.HTTP01):
                yield body


@contextmanager
def translated(name: str, directory: str) -> Iterator[None]:
    """Turn the library's errors into OrderFailed, once and here."""
    try:
        yield
    except errors.ValidationError as exc:
        found = [
            body.error
            for authorization in exc.failed_authzrs
            for body in authorization.body.challenges
            if body.error is not None
        ]
        raise _refused(found[0] if found else messages.Error(), name) from exc
    except errors.IssuanceError as exc:
        raise _refused(exc.error, name) from exc
    except messages.Error as exc:
        raise _refused(exc, name) from exc
    except errors.TimeoutError as exc:
        advice = f"see that port 80 of {name} leads to this server; the authority may be slow too"
        raise OrderFailed(
            "the authority did not decide in time", advice=advice, is_about_name=True
        ) from exc
    except (requests.RequestException, errors.ClientError) as exc:
        advice = (
            f"see that this machine reaches {directory}, and trusts it (acme-ca for a private one)"
        )
        raise OrderFailed(
            f"the authority cannot be asked: {exc}", advice=advice, is_about_name=False
        ) from exc
    except errors.Error as exc:
        advice = "it is tried again; if it stays, look at the authority's status page"
        raise OrderFailed(str(exc), advice=advice, is_about_name=True) from exc


def _refused(error: messages.Error, name: str) -> OrderFailed:
    code = error.code or ""
    reason = f"{code or error.typ}: {error.detail or error.title or 'no reason given'}"
    if code == "rateLimited":
        advice = "wait; until then the authority gives no more, whatever is tried"
        return OrderFailed(reason, advice=advice, is_about_name=False, wait_ms=LIMITED_WAIT_MS)
    advice = {
        "dns": f"see that {name} has an A or AAAA record, and that it leads here",
        "caa": f"let a CAA record of {name} allow this authority, or remove them",
        "connection": f"see that port 80 of {name} leads to this server, through every firewall",
        "rejectedIdentifier": f"the authority gives nothing for {name}; is it a public name?",
        "externalAccountRequired": "this authority wants accounts made by hand; choose another",
        "invalidContact": "correct acme-email, or leave it out",
        "unsupportedContact": "correct acme-email, or leave it out",
    }.get(code, f"see that http://{name}/ leads to this server and to no other")
    return OrderFailed(reason, advice=advice, is_about_name=code in _ABOUT_NAME)
