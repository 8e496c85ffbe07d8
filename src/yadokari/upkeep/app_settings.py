"""Settings of an application, changed over the API while it runs.

U1  A change merges deeply into what is there: objects key by key, lists as a whole, null is the
    zero value. Keys match without regard to case; unknown ones are dropped.
U2  Secrets go in and never come out: they are left out of every answer, kept when a change leaves
    them out, and sealed where they are stored.
U3  Settings are checked as a whole before they count; what is in force is always valid.

Not here: checks (upkeep/app_settings_check.py), the row they are kept in (app), settings of the
process (app/settings.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

import msgspec

from yadokari.base.errors import BadRequest
from yadokari.base.json_text import JsonValue
from yadokari.contract import messages

S = TypeVar("S", bound=msgspec.Struct)

_INTEGER_BITS = 63


class Box(Protocol):
    """What seals and opens secrets; auth/secret_key.py has one."""

    def seal(self, text: str, *, context: str) -> str:
        """The sealed form, good in this place only."""
        ...

    def open(self, sealed: str, *, context: str) -> str:
        """What was sealed. Raises an error of ours when it cannot be opened."""
        ...


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of the settings; members stand in the order of the wire."""


class Smtp(_Part, frozen=True):
    """How mails leave."""

    enabled: bool = False
    port: int = 587
    host: str = "smtp.example.com"
    username: str = ""
    password: str = ""
    """Secret."""
    auth_method: str = ""
    """PLAIN, LOGIN or "" for PLAIN."""
    tls: bool = False
    local_name: str = ""
    """Name given in the greeting; "" = localhost."""


class S3(_Part, frozen=True):
    """A bucket that speaks S3."""

    enabled: bool = False
    bucket: str = ""
    region: str = ""
    endpoint: str = ""
    access_key: str = ""
    secret: str = ""
    """Secret."""
    force_path_style: bool = False


class Backups(_Part, frozen=True):
    """When backups are made and where they are kept."""

    cron: str = ""
    cron_max_keep: int = 3
    s3: S3 = S3()


class Meta(_Part, frozen=True):
    """How the application calls itself."""

    accent_color: str = "#1055c9"
    app_name: str = "Acme"
    app_url: str = msgspec.field(default="http://localhost:8090", name="appURL")
    sender_name: str = "Support"
    sender_address: str = "support@example.com"
    hide_controls: bool = False


class RateLimitRule(_Part, frozen=True):
    """At most ``max_requests`` in ``duration`` seconds, for one kind of request and caller."""

    label: str = ""
    audience: str = ""
    duration: int = 0
    max_requests: int = 0


class RateLimits(_Part, frozen=True):
    """Limits on how often one caller may ask."""

    rules: tuple[RateLimitRule, ...] = (
        RateLimitRule(label="*:auth", duration=3, max_requests=2),
        RateLimitRule(label="*:create", duration=5, max_requests=20),
        RateLimitRule(label="/api/batch", duration=1, max_requests=3),
        RateLimitRule(label="/api/", duration=10, max_requests=300),
    )
    excluded_ips: tuple[str, ...] = msgspec.field(default=(), name="excludedIPs")
    enabled: bool = False


class TrustedProxy(_Part, frozen=True):
    """Which headers tell the real address of a client."""

    headers: tuple[str, ...] = ()
    use_leftmost_ip: bool = msgspec.field(default=False, name="useLeftmostIP")


class Batch(_Part, frozen=True):
    """Many writes in one request."""

    enabled: bool = False
    max_requests: int = 50
    timeout: int = 3
    """Seconds."""
    max_body_size: int = 0
    """Bytes; 0 = the default of 128 MiB."""


class Logs(_Part, frozen=True):
    """What is kept of requests."""

    max_data_size: int = 0
    max_days: int = 5
    """0 = nothing is kept."""
    min_level: int = 0
    log_ip: bool = msgspec.field(default=True, name="logIP")
    log_auth_id: bool = False


class AppSettings(_Part, frozen=True):
    """All of them; the defaults are those of a new installation."""

    superuser_ips: tuple[str, ...] = msgspec.field(default=(), name="superuserIPs")
    smtp: Smtp = Smtp()
    backups: Backups = Backups()
    s3: S3 = S3()
    meta: Meta = Meta()
    rate_limits: RateLimits = RateLimits()
    trusted_proxy: TrustedProxy = TrustedProxy()
    batch: Batch = Batch()
    logs: Logs = Logs()

    def to_json(self) -> bytes:
        """As the API shows them: everything but secrets (U2)."""
        document = msgspec.to_builtins(self)
        for *path, key in _SECRETS:
            _part_of(document, path).pop(key)
        return msgspec.json.encode(document)

    def to_stored(self, box: Box) -> bytes:
        """As they are kept: JSON with sealed secrets."""
        document = msgspec.to_builtins(self)
        for *path, key in _SECRETS:
            part = _part_of(document, path)
            if part[key]:
                part[key] = box.seal(str(part[key]), context=_context(*path, key))
        return msgspec.json.encode(document)

    def merge(self, changes: Mapping[str, JsonValue]) -> AppSettings:
        """The settings after a change (U1), not checked yet.

        Raises:
            BadRequest: a value has the wrong JSON type, or two keys mean one member.
        """
        return _merged(self, changes)


def from_stored(stored: bytes, box: Box) -> AppSettings:
    """Settings as ``to_stored`` wrote them; members added since have their defaults.

    Raises: what ``box`` raises for a secret it cannot open; msgspec.DecodeError for a damaged row.
    """
    document = msgspec.json.decode(stored, type=dict[str, object])
    for *path, key in _SECRETS:
        part = _part_of(document, path)
        sealed = part.get(key)
        if isinstance(sealed, str) and sealed:
            part[key] = box.open(sealed, context=_context(*path, key))
    return msgspec.convert(document, AppSettings)


_SECRETS: tuple[tuple[str, ...], ...] = (
    ("smtp", "password"),
    ("s3", "secret"),
    ("backups", "s3", "secret"),
)


def _context(*path: str) -> str:
    return ".".join(("settings", *path))


def _part_of(document: dict[str, object], path: list[str]) -> dict[str, object]:
    for key in path:
        part = document.setdefault(key, {})
        assert isinstance(part, dict)
        document = part
    return document


def _merged(current: S, changes: Mapping[str, JsonValue]) -> S:
    members = {_folded(field.encode_name): field for field in msgspec.structs.fields(current)}
    values: dict[str, object] = {}
    for key, given in changes.items():
        field = members.get(_folded(key))
        if field is None:
            continue
        if field.name in values:
            raise BadRequest(messages.UNREADABLE)
        values[field.name] = _value(getattr(current, field.name), given, kind=field.type)
    return msgspec.structs.replace(current, **values)


def _value(current: object, given: JsonValue, *, kind: object) -> object:
    if isinstance(current, msgspec.Struct):
        if given is None:
            return _zero(type(current))
        if isinstance(given, dict):
            return _merged(current, given)
    elif isinstance(current, tuple):
        if given is None:
            return ()
        if isinstance(given, list):
            item = str if kind == tuple[str, ...] else RateLimitRule
            return tuple(_value(_zero(item), element, kind=item) for element in given)
    elif given is None:
        return type(current)()
    elif type(given) is type(current) and not _is_beyond(given):
        return given
    raise BadRequest(messages.UNREADABLE)


def _zero(kind: type) -> object:
    """The zero value of a type: false, 0, empty; of an object, one with these."""
    if not issubclass(kind, msgspec.Struct):
        return kind()
    fields = msgspec.structs.fields(kind)
    defaults = {field.name: getattr(kind(), field.name) for field in fields}
    return kind(
        **{
            name: _zero(type(value)) if not isinstance(value, tuple) else ()
            for name, value in defaults.items()
        }
    )


def _is_beyond(given: JsonValue) -> bool:
    return type(given) is int and given.bit_length() > _INTEGER_BITS


def _folded(key: str) -> str:
    return key.replace("_", "").replace("-", "").casefold()
