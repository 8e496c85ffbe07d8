"""Tokens: byte-equal to the contract's, proven by another library, and deaf to hostile ones."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.auth.tokens import TOKEN_CHARS_MAX, Claims, Tokens, peek, sign, verify

KEY = "k" * 50 + "s" * 50
NOW_MS = 1_700_000_000_000
LATER_S = 1_700_000_100
CLAIMS = Claims(
    id="r" * 15, collection_id="pbc_3142635823", exp=LATER_S, refreshable=True, type="auth"
)

texts = st.text(st.characters(codec="utf-8"), max_size=60)


def made(payload: bytes, *, header: bytes = b'{"alg":"HS256","typ":"JWT"}', key: str = KEY) -> str:
    """A token of raw parts, honestly signed with HS256 whatever its header says."""
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload))
    signature = hmac.new(key.encode(), signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def payload(**changes: object) -> bytes:
    """Claims of a valid token as JSON, with changes; None takes a claim out."""
    claims = {"collectionId": "c", "exp": LATER_S, "id": "r", "type": "auth"} | changes
    return json.dumps({k: v for k, v in claims.items() if v is not None}).encode()


def test_bytes_are_those_of_the_contract() -> None:
    """A2: header and claims in sorted order, recomputed here with the standard library."""
    body = (
        b'{"collectionId":"pbc_3142635823","exp":1700000100,'
        b'"id":"rrrrrrrrrrrrrrr","refreshable":true,"type":"auth"}'
    )

    assert sign(CLAIMS, KEY) == made(body)


MADE_BY_POCKETBASE = {
    "auth": (
        "TO3aYOnamH8f8UGL2BgdivAtT7uU7N8WUiW6R3nMdYd9Lu1AiiRtcBxX"
        "IJSuR1EdeWVAFVhLe76BzwheRI7KzP9MLEVsUhe7wYJO "
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJjb2xsZWN0aW9uSWQiOiJwYmNfMzE0MjYzNTgyMyIsImV4c"
        "CI6MTc5NTM1MDc3OCwiaWQiOiJ2ZnRoZGx0aXZnZDVjZm4iLCJyZWZyZXNoYWJsZSI6dHJ1ZSwidHlwZSI6ImF"
        "1dGgifQ.t9051pz7gX1lBExBwl_ES8GSPNb8Q3lOhYatU0ifRSc"
    ),
    "verification of an address with &": (
        "lXu9mMQ87KvURjP5Ub0il9ObeLyWSAX5M9U9QhiZ7rKcqsN0wZIu72tG"
        "BaBjXL6f4PQeFBPSBEIM06NkcyUC25ixkO4n8xr0mqs7 "
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJjb2xsZWN0aW9uSWQiOiJfcGJfdXNlcnNfYXV0aF8iLCJlb"
        "WFpbCI6ImFcdTAwMjZiKzE3OTUyNjQzNzhAZXhhbXBsZS5jb20iLCJleHAiOjE3OTUzNTA3NzgsImlkIjoiNDF"
        "qZXVud2phOHg4aWpxIiwidHlwZSI6InZlcmlmaWNhdGlvbiJ9.REfyqrapSoR89sNzOO6rLhVu5f3i_7YrArKN"
        "kROtyiU"
    ),
}
"""Keys and tokens, taken from a PocketBase 0.40 that no longer exists."""


@pytest.mark.parametrize("kind", MADE_BY_POCKETBASE)
def test_tokens_that_pocketbase_made_are_made_alike(kind: str):
    """A2: equal claims and keys give equal bytes."""
    key, token = MADE_BY_POCKETBASE[kind].split()

    claims = peek(token)

    assert claims is not None
    assert verify(token, key, NOW_MS)
    assert sign(claims, key) == token


def test_html_signs_in_an_address_are_escaped_as_the_contract_does() -> None:
    """A2: the encoder of the contract writes & < > and line separators as escapes."""
    claims = Claims(
        collection_id="c", email="a&b<c>\u2028é@x.co", exp=LATER_S, id="r", type="verification"
    )

    body = sign(claims, KEY).split(".")[1]

    raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    assert b'"a\\u0026b\\u003cc\\u003e\\u2028\xc3\xa9@x.co"' in raw


@given(email=texts, record=texts, key=texts.filter(bool), refreshable=st.booleans())
def test_another_library_reads_what_we_sign(
    email: str, record: str, key: str, refreshable: bool
) -> None:
    """Whoever verifies our tokens uses a library of their own."""
    claims = Claims(
        collection_id="c",
        email=email,
        exp=4_000_000_000,
        id=record,
        refreshable=refreshable,
        type="auth",
    )

    read = jwt.decode(sign(claims, key), _key_for_pyjwt(key), algorithms=["HS256"])

    assert read["email"] == email
    assert read["id"] == record


@given(email=texts, record=texts, key=texts.filter(bool), exp=st.integers(1, 2**40))
def test_we_read_what_another_library_signs(email: str, record: str, key: str, exp: int) -> None:
    """Tokens made by a script with the record's key are as good as ours."""
    token = jwt.encode(
        {"id": record, "email": email, "collectionId": "c", "type": "auth", "exp": exp},
        _key_for_pyjwt(key),
        algorithm="HS256",
    )

    assert peek(token) == Claims(collection_id="c", email=email, exp=exp, id=record, type="auth")
    assert verify(token, key, 0)
    assert not verify(token, key + "x", 0)


@pytest.mark.parametrize(("now_ms", "holds"), [(99_999, True), (100_000, False), (100_001, False)])
def test_a_token_ends_at_its_second(now_ms: int, holds: bool) -> None:
    """The oracle refuses from the exact second on."""
    token = sign(Claims(collection_id="c", exp=100, id="r", type="auth"), KEY)

    assert verify(token, KEY, now_ms) is holds


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({"exp": None}, True),
        ({"exp": 0}, True),
        ({"exp": LATER_S + 0.5}, True),
        ({"exp": 1e400}, False),
        ({"exp": "1800000000"}, False),
        ({"exp": 10**40}, True),
        ({"nbf": LATER_S}, False),
        ({"iat": LATER_S}, False),
        ({"iat": 5, "nbf": 5}, True),
        ({"type": 1}, False),
        ({"id": 1}, False),
        ({"collectionId": None}, False),
        ({"more": {"deep": []}}, True),
    ],
)
def test_claims_count_as_the_oracle_counts_them(changes: dict[str, object], holds: bool) -> None:
    """Measured on the oracle with tokens signed by hand; absurd dates are refused."""
    assert verify(made(payload(**changes)), KEY, NOW_MS) is holds


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        (b'{"typ":"JWT","alg":"HS256"}', True),
        (b'{"alg":"HS256"}', True),
        (b'{"alg":"none","typ":"JWT"}', False),
        (b'{"alg":"HS384","typ":"JWT"}', False),
        (b'{"alg":"RS256","typ":"JWT"}', False),
        (b'{"ALG":"HS256"}', False),
        (b'{"alg":["HS256"]}', False),
        (b"[" * 2_000, False),
        (b"", False),
    ],
)
def test_only_hs256_is_believed(header: bytes, holds: bool) -> None:
    """A4: the header of a token is its sender's claim."""
    assert verify(made(payload(), header=header), KEY, NOW_MS) is holds


VALID = made(payload())


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        VALID + "=",
        VALID + ".x",
        VALID + "\n",
        " " + VALID,
        VALID.rpartition(".")[0] + ".",
        VALID.rpartition(".")[0],
        VALID[:-2],
        VALID.replace(".", "．"),
        "é" * 40,
        "\ud800.a.b",
        "a" * (TOKEN_CHARS_MAX + 1),
        made(payload(pad="x" * TOKEN_CHARS_MAX)),
        made(b'{"collectionId":"c","id":"\xff"}'),
        made(payload() + b"x"),
        made(b"null"),
        made(b"[]"),
        made(payload(), key="other"),
    ],
)
def test_hostile_tokens_are_no_tokens(token: str) -> None:
    """A malformed token makes a guest, never an error."""
    assert not verify(token, KEY, NOW_MS)
    assert not Tokens().verify(token, KEY, NOW_MS)


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    """Whatever stands in the header, the request goes on."""
    assert peek(text) is None or "." in text
    assert not verify(text, KEY, NOW_MS)


@given(st.integers(0, len(VALID) - 2), st.integers(1, 127))
def test_any_changed_character_breaks_it(position: int, change: int) -> None:
    """Each bit is signed; the last character alone has two spare bits, as base64 has."""
    changed = chr((ord(VALID[position]) + change) % 128)

    token = VALID[:position] + changed + VALID[position + 1 :]

    assert not verify(token, KEY, NOW_MS)


def test_remembered_tokens_still_end_and_still_need_their_key() -> None:
    """A1: remembering saves the work, never the question."""
    tokens = Tokens()
    token = sign(CLAIMS, KEY)

    assert tokens.verify(token, KEY, NOW_MS)

    assert tokens.peek(token) == CLAIMS
    assert tokens.verify(token, KEY, NOW_MS)
    assert not tokens.verify(token, KEY + "rotated", NOW_MS)
    assert not tokens.verify(token, KEY, LATER_S * 1_000)


def test_memory_of_proven_tokens_is_bounded_and_keeps_the_latest_used() -> None:
    """Many users must not grow the process."""
    tokens = Tokens(tokens_max=2)
    first, second, third = (
        sign(Claims(collection_id="c", exp=LATER_S, id=name, type="auth"), KEY) for name in "abc"
    )

    for token in (first, second, first, third):
        assert tokens.verify(token, KEY, NOW_MS)

    assert list(tokens._proven) == [first, third]


def _key_for_pyjwt(key: str) -> bytes:
    """A key PyJWT does not warn about for its length: HMAC pads with NULs anyway."""
    return key.encode().ljust(32, b"\0") if len(key.encode()) < 32 else key.encode()
