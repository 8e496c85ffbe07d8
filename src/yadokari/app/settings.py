"""Settings of one run: read once from flags and variables, checked, then frozen.

G4  The first of these that is given counts: flag, ``YADOKARI_…`` variable, plain variable
    (``PORT``, ``DATABASE_URL``, ``SECRET_KEY``), default.
G5  A wrong value stops the start with its name, what was given and what may be given; a secret's
    value is never repeated.

Not here: the list of settings (app/setting_table.py), settings changed over the API (upkeep).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from typing_extensions import override

from yadokari.api.client_ip import parse_networks
from yadokari.app.data_dir import DataDir
from yadokari.app.log_lines import LogFormat, LogLevel
from yadokari.app.setting_table import SETTINGS, Setting
from yadokari.base.errors import YadokariError
from yadokari.schema.mail_templates import Language

TRUE_WORDS = frozenset({"true", "1", "yes", "on"})
FALSE_WORDS = frozenset({"false", "0", "no", "off"})
_LOG_FORMATS: Mapping[str, LogFormat] = {"json": "json", "google": "google", "aws": "aws"}
_LEVELS: tuple[LogLevel, ...] = ("debug", "info", "warning", "error")
_PORT_MAX = 65_535
_HTTPS_PORT = 443
_NAME_CHARS_MAX = 253  # RFC 1035, as text.
_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - with domains, the public is whom they are for


class SettingError(YadokariError):
    """A setting has a value that cannot be. Correct what the message names, then start again."""


class Address(msgspec.Struct, frozen=True):
    """Where to listen."""

    host: str
    """A name, an IPv4 or an IPv6 address without brackets; empty = every address."""
    port: int
    """0 = any free one."""

    def url(self, scheme: str = "http") -> str:
        """The address for a browser on this machine."""
        host = self.host
        if host in {"", "0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
            host = "127.0.0.1"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"


class Automatic(msgspec.Struct, frozen=True, kw_only=True):
    """HTTPS with certificates that are asked for (app/automatic_https.py)."""

    domains: tuple[str, ...]
    """In lower case, each once; at least one."""
    https: Address
    directory: str
    email: str
    ca: Path | None
    """Authorities to believe when talking to the directory; None = the public ones."""


class SecretSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Secrets as they were given: texts or references; hidden from ``repr``."""

    secret_key: str = ""
    secret_key_previous: tuple[str, ...] = ()
    superuser_email: str = ""
    superuser_password: str = ""
    basic_auth: str = ""
    bearer_secret: str = ""

    @override
    def __repr__(self) -> str:
        return "SecretSettings(…)"


StorageProvider: TypeAlias = Literal["local", "s3", "r2", "supabase", "gcs", "azure"]
_PROVIDERS: tuple[StorageProvider, ...] = ("local", "s3", "r2", "supabase", "gcs", "azure")


class StorageSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where uploads are kept; secrets as they were given, hidden from ``repr``."""

    provider: StorageProvider = "local"
    bucket: str = ""
    region: str = ""
    endpoint: str = ""
    """For ``supabase`` the project's URL."""
    path_style: bool = True
    access_key: str = ""
    secret: str = ""

    @override
    def __repr__(self) -> str:
        return f"StorageSettings({self.provider}, {self.bucket})"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What one run of the program was told. Sentences and ranges: app/setting_table.py."""

    dir: DataDir
    http: Address
    public: Path | None
    index_fallback: bool
    origins: tuple[str, ...]
    allow_ips: tuple[IPv4Network | IPv6Network, ...]
    proxies: int
    gate: Literal["all", "any"]
    maintenance: Literal["off", "on", "read-only"]
    trusted_issuers: Path | None
    bearer_life_s: int
    bearer_collection: str
    certificate: tuple[Path, Path] | None
    """Chain and key."""
    automatic: Automatic | None
    """With it, ``http`` only redirects and proves domains."""
    dev: bool
    migrations_dir: Path
    automigrate: bool
    lock_schema: bool
    query_timeout_s: int
    sqlite_sync: Literal["full", "normal", "off"]
    connections_max: int
    head_timeout_s: int
    body_timeout_s: int
    keep_alive_s: int
    stop_timeout_s: int
    log_format: LogFormat
    log_level: LogLevel
    log_requests: Literal["none", "problems", "all"]
    slow_request_ms: int
    language: Language
    storage: StorageSettings
    secrets: SecretSettings


def read_settings(
    flags: Mapping[str, str], environment: Mapping[str, str], *, on_terminal: bool
) -> Settings:
    """The settings of this run.

    Args:
        flags: Given flags by key (``query_timeout``), as typed.
        environment: Variables of the process.
        on_terminal: Whether standard error is read by a person.

    Raises:
        SettingError: a value that cannot be (G5).
    """
    given = _Given(flags, environment)
    workers = given.number("workers")
    _check_store(given.text("store"), workers=workers)
    directory = DataDir(Path(given.text("dir")).expanduser().absolute())
    dev = given.switch("dev")
    automatic = _automatic(given)
    public = given.text("public")
    migrations = given.text("migrations_dir")
    return Settings(
        dir=directory,
        http=_http(given, automatic),
        public=_folder("public", public) if public else None,
        index_fallback=given.switch("index_fallback"),
        origins=given.many("origins") or ("*",),
        allow_ips=_networks(given),
        proxies=given.number("proxies"),
        gate="any" if given.text("gate") == "any" else "all",
        maintenance=_maintenance(given.text("maintenance")),
        trusted_issuers=_path(given.text("trusted_issuers")),
        bearer_life_s=given.number("bearer_life") * 60,
        bearer_collection=given.text("bearer_collection"),
        certificate=_certificate(given),
        automatic=automatic,
        dev=dev,
        migrations_dir=Path(migrations).expanduser().absolute()
        if migrations
        else directory.root.parent / "yadokari_migrations",
        automigrate={"auto": dev, "true": True}.get(given.text("automigrate"), False),
        lock_schema=given.switch("lock_schema"),
        query_timeout_s=given.number("query_timeout"),
        sqlite_sync=_sync(given.text("sqlite_sync")),
        connections_max=given.number("connections_max"),
        head_timeout_s=given.number("head_timeout"),
        body_timeout_s=given.number("body_timeout"),
        keep_alive_s=given.number("keep_alive"),
        stop_timeout_s=given.number("stop_timeout"),
        log_format=_log_format(given.text("log_format"), readable=dev or on_terminal),
        log_level=next(level for level in _LEVELS if level == given.text("log_level")),
        log_requests=_log_requests(given.text("log_requests")),
        slow_request_ms=given.number("slow_request"),
        language="ja" if given.text("language") == "ja" else "en",
        storage=_storage(given),
        secrets=_secrets(given, environment),
    )


class _Given:
    """Values as they were given, by key, checked against their row of the table."""

    def __init__(self, flags: Mapping[str, str], environment: Mapping[str, str]) -> None:
        self._rows = {row.key: row for row in SETTINGS}
        self._flags, self._environment = flags, environment

    def source(self, key: str) -> str:
        """Where the value comes from: a flag, a variable or ``default`` (G4)."""
        row = self._rows[key]
        if key in self._flags:
            return row.flags[0]
        for variable in (row.variable, row.also):
            if variable and self._environment.get(variable, "") != "":
                return variable
        return "default"

    def text(self, key: str) -> str:
        """The value as text. Raises SettingError for one that is no choice."""
        row = self._rows[key]
        source = self.source(key)
        if source == "default":
            value = row.default
        else:
            value = self._flags[key] if key in self._flags else self._environment[source]
        if row.kind == "choice":
            value = value.strip().lower()
            if row.switches and value in TRUE_WORDS | FALSE_WORDS:
                value = row.switches if value in TRUE_WORDS else row.default
            if value not in row.choices:
                raise SettingError(f"{source} is {value!r}; it can be {row.range_text}")
        return value if row.kind == "secret" else value.strip()

    def many(self, key: str) -> tuple[str, ...]:
        """The parts between commas, without empty ones."""
        return tuple(part.strip() for part in self.text(key).split(",") if part.strip())

    def switch(self, key: str) -> bool:
        """On or off."""
        value = self.text(key).lower()
        if value in TRUE_WORDS:
            return True
        if value in FALSE_WORDS:
            return False
        raise SettingError(f"{self.source(key)} is {value!r}; it can be true or false")

    def number(self, key: str) -> int:
        """A whole number in its range."""
        row: Setting = self._rows[key]
        text = self.text(key)
        value = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
        if not row.low <= value <= row.high:
            raise SettingError(
                f"{self.source(key)} is {text!r}; it can be {row.range_text} {row.unit}"
            )
        return value


def _http(given: _Given, automatic: Automatic | None) -> Address:
    if automatic is not None and given.source("http") == "default":
        return Address(host=_EVERYWHERE, port=80)
    return _address(given, "http")


def _address(given: _Given, key: str) -> Address:
    source, text = given.source(key), given.text(key)
    if source == "PORT" and ":" not in text:
        text = f"0.0.0.0:{text}"
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port[:6]) > _PORT_MAX:
        raise SettingError(f"{source} is {text!r}; write address:port, such as 127.0.0.1:8080")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        try:
            ipaddress.IPv6Address(host.partition("%")[0])
        except ValueError as exc:
            raise SettingError(f"{source} is {text!r}; that is no IPv6 address") from exc
    elif ":" in host:
        raise SettingError(f"{source} is {text!r}; write an IPv6 address in brackets: [::1]:8080")
    return Address(host=host, port=int(port))


def _check_store(store: str, *, workers: int) -> None:
    kind = store.partition(":")[0]
    if kind != "sqlite" or store not in {"sqlite", "sqlite:"}:
        shown = f"{kind}:…" if kind and kind != store else "that"
        raise SettingError(
            f"the store {shown} is not supported by this version; it knows sqlite, which lives in "
            "the data folder. If DATABASE_URL is meant for another program, give --store sqlite"
        )
    if workers > 1:
        raise SettingError(
            f"workers is {workers}, but SQLite lets one process write, and that process also "
            "keeps the realtime connections; leave it at 1"
        )


def _networks(given: _Given) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return parse_networks(given.many("allow_ips"))
    except ValueError as exc:
        source = given.source("allow_ips")
        raise SettingError(f"{source}: {exc}; write addresses, or networks as 10.0.0.0/8") from exc


def _certificate(given: _Given) -> tuple[Path, Path] | None:
    chain, key = given.text("tls_cert"), given.text("tls_key")
    if bool(chain) != bool(key):
        raise SettingError("tls-cert and tls-key come together; one is missing")
    if not chain:
        return None
    return Path(chain).expanduser().absolute(), Path(key).expanduser().absolute()


def _automatic(given: _Given) -> Automatic | None:
    domains = tuple(dict.fromkeys(_domain(name, given) for name in given.many("domains")))
    if not domains:
        if given.text("https"):
            raise SettingError(
                f"{given.source('https')} needs domains to fetch certificates for; name them, as "
                "in `yadokari serve example.com`, or give tls-cert and tls-key and --http alone"
            )
        return None
    if given.text("tls_cert") or given.text("tls_key"):
        raise SettingError(
            "domains and tls-cert exclude each other: certificates are either fetched or given"
        )
    directory = given.text("acme_directory")
    if not directory.startswith("https://"):
        raise SettingError(f"{given.source('acme_directory')} is {directory!r}; it begins https://")
    email, ca = given.text("acme_email"), given.text("acme_ca")
    if email and "@" not in email[1:-1]:
        raise SettingError(f"{given.source('acme_email')} is {email!r}; that is no e-mail address")
    path = Path(ca).expanduser().absolute() if ca else None
    if path is not None and not path.is_file():
        raise SettingError(f"{given.source('acme_ca')} is {ca!r}; there is no such file")
    everywhere = Address(host=_EVERYWHERE, port=_HTTPS_PORT)
    return Automatic(
        domains=domains,
        https=_address(given, "https") if given.text("https") else everywhere,
        directory=directory,
        email=email,
        ca=path,
    )


def _domain(text: str, given: _Given) -> str:
    name = text.lower().removesuffix(".")
    last = name.rpartition(".")[2]
    if len(name) > _NAME_CHARS_MAX or not _NAME.fullmatch(name) or last.isdigit():
        raise SettingError(
            f"{given.source('domains')} has {text!r}, for which no certificate can be fetched; "
            "write names such as example.com, without scheme, port or *, international ones as "
            "xn--…"
        )
    return name


def _maintenance(text: str) -> Literal["off", "on", "read-only"]:
    return "on" if text == "on" else "read-only" if text == "read-only" else "off"


def _path(text: str) -> Path | None:
    return Path(text).expanduser().absolute() if text else None


def _folder(name: str, text: str) -> Path:
    path = Path(text).expanduser().absolute()
    if not path.is_dir():
        raise SettingError(f"{name} is {text!r}; there is no such folder")
    return path


def _secrets(given: _Given, environment: Mapping[str, str]) -> SecretSettings:
    name = given.text("encryption_env")
    secret_key = given.text("secret_key")
    if given.source("encryption_env") != "default":
        if not environment.get(name):
            raise SettingError(f"encryption-env names the variable {name}, which is not set")
        secret_key = environment[name]
    email, password = given.text("superuser_email").strip(), given.text("superuser_password")
    if bool(email) != bool(password):
        raise SettingError(
            "YADOKARI_SUPERUSER_EMAIL and YADOKARI_SUPERUSER_PASSWORD come together; one is missing"
        )
    return SecretSettings(
        secret_key=secret_key,
        secret_key_previous=given.many("secret_key_previous"),
        superuser_email=email,
        superuser_password=password,
        basic_auth=given.text("basic_auth"),
        bearer_secret=given.text("bearer_secret"),
    )


def _storage(given: _Given) -> StorageSettings:
    named = given.text("storage_provider")
    provider = next(one for one in _PROVIDERS if one == named)
    if provider == "local":
        return StorageSettings()
    access_key, secret = given.text("storage_access_key"), given.text("storage_secret")
    endpoint = given.text("storage_endpoint")
    if provider == "supabase":
        endpoint = endpoint or given.text("supabase_url")
        key, colon, more = given.text("supabase_key").partition(":")
        if not secret:
            access_key, secret = (
                (key, more) if colon and key != "file" else ("", key + colon + more)
            )
    storage = StorageSettings(
        provider=provider,
        bucket=given.text("storage_bucket"),
        region=given.text("storage_region"),
        endpoint=endpoint.rstrip("/"),
        path_style=given.switch("storage_path_style"),
        access_key=access_key.strip(),
        secret=secret.strip(),
    )
    _check_storage(storage)
    return storage


def _check_storage(storage: StorageSettings) -> None:
    """Raises SettingError for what no object store could be reached with."""
    provider, lacks = storage.provider, ""
    if not storage.bucket:
        lacks = "YADOKARI_STORAGE_BUCKET (or S3_BUCKET)"
    elif provider == "r2" and not storage.endpoint:
        lacks = "YADOKARI_STORAGE_ENDPOINT, https://ACCOUNT.r2.cloudflarestorage.com"
    elif provider == "supabase" and not (storage.endpoint and storage.secret):
        lacks = "SUPABASE_URL and SUPABASE_KEY"
    elif provider == "azure" and not storage.access_key:
        lacks = "YADOKARI_STORAGE_ACCESS_KEY, the name of the account"
    elif provider in ("s3", "r2") and bool(storage.access_key) != bool(storage.secret):
        lacks = "one of YADOKARI_STORAGE_ACCESS_KEY and YADOKARI_STORAGE_SECRET"
    if lacks:
        raise SettingError(f"storage-provider is {provider}, which needs {lacks}")
    scheme = storage.endpoint.partition("://")[0]
    if storage.endpoint and scheme not in ("http", "https"):
        raise SettingError("the address of the object store begins with https://")


def _log_format(text: str, *, readable: bool) -> LogFormat:
    if text == "auto":
        return "text" if readable else "json"
    return _LOG_FORMATS.get(text, "text")


def _sync(text: str) -> Literal["full", "normal", "off"]:
    return "normal" if text == "normal" else "off" if text == "off" else "full"


def _log_requests(text: str) -> Literal["none", "problems", "all"]:
    return "none" if text == "none" else "all" if text == "all" else "problems"
