"""Tokens of the wire contract: JSON Web Tokens, HS256, signed with a key of the record itself.

A1  A token is valid only under ``record tokenKey + collection secret``; there is no session list,
    and changing either part ends every token signed with it.
A2  The header is exactly ``{"alg":"HS256","typ":"JWT"}`` and claims are in sorted order, so equal
    claims give equal bytes.
A3  Nothing is believed before ``verify``: ``peek`` only tells which key to look for.
A4  No other algorithm is ever accepted, whatever the header says.

Not here: who the claims belong to (auth/callers.py), how long a kind lives (schema/collection.py).
"""

from __future__ import annotations

import binascii
import hmac
from collections import OrderedDict
from typing import Literal, TypeAlias

import msgspec

TokenKind: TypeAlias = Literal["auth", "file", "verification", "passwordReset", "emailChange"]

TOKEN_CHARS_MAX = 4_096  # Ours are below 600; a header of claims beyond this is an attack.
VERIFIED_TOKENS_MAX = 4_096  # About 1.5 MB; a token costs 10 µs to verify anew.

_HEADER = b'{"alg":"HS256","typ":"JWT"}'
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FOREIGN = frozenset(b"+/=\r\n \t")
_SIGNATURE_BYTES = 32


class Claims(
    msgspec.Struct, frozen=True, gc=False, rename="camel", omit_defaults=True, kw_only=True
):
    """What a token says. Fields stand in the order of their JSON keys (A2)."""

    collection_id: str
    email: str | None = None
    exp: int | float = 0
    """Unix seconds after which it is void; 0 = never (no token of ours)."""
    iat: int | float = 0
    """Unix seconds before which it is void, when another program set it."""
    id: str
    """The record's id."""
    nbf: int | float = 0
    """As ``iat``."""
    new_email: str | None = None
    refreshable: bool | None = None
    """Whether ``auth-refresh`` gives a new one; set on kind auth only."""
    type: str
    """A TokenKind; anything else is no token of ours."""

    def holds_at(self, now_ms: int) -> bool:
        """Whether the dates in it allow its use at this moment."""
        if self.exp and now_ms >= self.exp // 1 * 1_000:
            return False
        return now_ms >= self.nbf // 1 * 1_000 and now_ms >= self.iat // 1 * 1_000


class _Header(msgspec.Struct, frozen=True, gc=False):
    alg: str


_decode_claims = msgspec.json.Decoder(Claims).decode
_decode_header = msgspec.json.Decoder(_Header).decode
_encode = msgspec.json.Encoder().encode


def sign(claims: Claims, key: str) -> str:
    """The token of these claims.

    Args:
        claims: What it says.
        key: The record's ``tokenKey`` followed by its collection's secret of that kind.

    Source: RFC 7515; A2.
    """
    signed = _HEADER_PART + b"." + _to_base64(_escaped(_encode(claims)))
    return (signed + b"." + _to_base64(hmac.digest(key.encode(), signed, "sha256"))).decode()


def peek(token: str) -> Claims | None:
    """What a token says, unproven; None when it is no token at all. Never raises."""
    parts = _split(token)
    if parts is None:
        return None
    header, payload, _ = parts
    try:
        if header != _HEADER_PART and _decode_header(_from_base64(header)).alg != "HS256":
            return None
        return _decode_claims(_from_base64(payload))
    except (ValueError, msgspec.DecodeError, RecursionError):
        return None


def verify(token: str, key: str, now_ms: int) -> bool:
    """Whether the token was signed with ``key`` and holds at ``now_ms``. Never raises."""
    claims = peek(token)
    return claims is not None and claims.holds_at(now_ms) and _is_signed(token, key)


class Tokens:
    """``peek`` and ``verify`` that remember the tokens already proven, the latest used ones.

    Only proven tokens are kept, so made-up ones cannot push out others.
    """

    def __init__(self, *, tokens_max: int = VERIFIED_TOKENS_MAX) -> None:
        self._proven: OrderedDict[str, tuple[Claims, str]] = OrderedDict()
        self._tokens_max = tokens_max

    def peek(self, token: str) -> Claims | None:
        """As the function ``peek``."""
        known = self._proven.get(token)
        return known[0] if known is not None else peek(token)

    def verify(self, token: str, key: str, now_ms: int) -> bool:
        """As the function ``verify``; a token proven under another key counts for nothing."""
        known = self._proven.get(token)
        if known is not None:
            if not hmac.compare_digest(known[1].encode(), key.encode()):
                return False
            self._proven.move_to_end(token)
            return known[0].holds_at(now_ms)
        claims = peek(token)
        if claims is None or not claims.holds_at(now_ms) or not _is_signed(token, key):
            return False
        self._proven[token] = (claims, key)
        if len(self._proven) > self._tokens_max:
            self._proven.popitem(last=False)
        return True


def _is_signed(token: str, key: str) -> bool:
    parts = _split(token)
    if parts is None:
        return False
    header, payload, signature = parts
    try:
        given = _from_base64(signature)
    except ValueError:
        return False
    if len(given) != _SIGNATURE_BYTES:
        return False
    expected = hmac.digest(key.encode(), header + b"." + payload, "sha256")
    return hmac.compare_digest(given, expected)


def _split(token: str) -> tuple[bytes, bytes, bytes] | None:
    if len(token) > TOKEN_CHARS_MAX or not token.isascii():
        return None
    parts = token.encode().split(b".")
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None


def _to_base64(data: bytes) -> bytes:
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=")


def _from_base64(text: bytes) -> bytes:
    """Bytes of unpadded base64url. Raises ValueError."""
    if not _FOREIGN.isdisjoint(text):
        raise ValueError("not base64url")
    padded = text.translate(_TO_STANDARD) + b"=" * (-len(text) % 4)
    return binascii.a2b_base64(padded, strict_mode=True)


def _escaped(json: bytes) -> bytes:
    """JSON with ``& < >`` and the two line separators escaped, as the contract's encoder does."""
    if json.translate(None, b"&<>") != json:
        json = json.replace(b"&", rb"\u0026").replace(b"<", rb"\u003c").replace(b">", rb"\u003e")
    if b"\xe2\x80" in json:
        json = json.replace(b"\xe2\x80\xa8", rb"\u2028").replace(b"\xe2\x80\xa9", rb"\u2029")
    return json


_HEADER_PART = _to_base64(_HEADER)
