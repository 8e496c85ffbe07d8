"""Response headers that the contract fixes, as ASGI wants them (lower-case bytes).

H1  The tuples are shared by all answers and never changed.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Header: TypeAlias = tuple[bytes, bytes]

CONTENT_TYPE_JSON: Final[Header] = (b"content-type", b"application/json")
XSS_PROTECTION: Final[Header] = (b"x-xss-protection", b"1; mode=block")
NO_SNIFF: Final[Header] = (b"x-content-type-options", b"nosniff")
SAME_ORIGIN_FRAMES: Final[Header] = (b"x-frame-options", b"SAMEORIGIN")
SAME_ORIGIN_OPENER: Final[Header] = (b"cross-origin-opener-policy", b"same-origin")
VARY_ORIGIN: Final[Header] = (b"vary", b"Origin")

FIXED: Final[tuple[Header, ...]] = (
    SAME_ORIGIN_OPENER,
    VARY_ORIGIN,
    NO_SNIFF,
    SAME_ORIGIN_FRAMES,
    XSS_PROTECTION,
)
"""On every answer."""
FIXED_DOWNLOAD: Final[tuple[Header, ...]] = (
    SAME_ORIGIN_OPENER,
    VARY_ORIGIN,
    NO_SNIFF,
    XSS_PROTECTION,
)
"""On downloads of files: pages of other origins may frame them."""
DOWNLOAD_POLICY: Final[Header] = (
    b"content-security-policy",
    b"default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
)
"""What is downloaded never runs as script."""
DOWNLOAD_CACHE: Final[Header] = (
    b"cache-control",
    b"max-age=2592000, stale-while-revalidate=86400",
)
JSON: Final[tuple[Header, ...]] = (CONTENT_TYPE_JSON, *FIXED)
"""On every JSON answer."""
EVENT_STREAM: Final[tuple[Header, ...]] = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    *FIXED,
)
"""On a stream of server-sent events."""

CORS_METHODS: Final = b"GET,HEAD,PUT,PATCH,POST,DELETE"
