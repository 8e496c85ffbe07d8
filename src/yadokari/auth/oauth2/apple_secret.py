"""Apple's client secret: a token that one signs with the key that Apple gave.

Source: Apple's documentation on creating a client secret; PocketBase's answer.
"""

from __future__ import annotations

from yadokari.base.errors import BadRequest
from yadokari.ports.clock import Clock

_AUDIENCE = "https://appleid.apple.com"
FAILED = "Failed to generate client secret."


def apple_secret(
    *, client_id: str, team_id: str, key_id: str, private_key: str, duration_s: int, clock: Clock
) -> str:
    """A client secret that is good for so long.

    Args:
        private_key: PEM in PKCS #8, an elliptic curve key over P-256.

    Raises:
        BadRequest: the key is another one.
    """
    import jwt
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(private_key.strip().encode("utf-8", "replace"), None)
    except (ValueError, TypeError) as exc:
        raise BadRequest(FAILED) from exc
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise BadRequest(FAILED)
    now_s = clock.unix_ms() // 1_000
    claims: dict[str, object] = {
        "iss": team_id,
        "sub": client_id,
        "aud": [_AUDIENCE],
        "exp": now_s + duration_s,
        "iat": now_s,
    }
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": key_id})
