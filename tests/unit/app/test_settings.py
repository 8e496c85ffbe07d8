"""Settings: where they come from, what they may be, and what a wrong one says."""

from __future__ import annotations

import re

import pytest

from yadokari.app.setting_table import SETTINGS
from yadokari.app.settings import Address, SettingError, Settings, read_settings


def read(flags: dict[str, str] | None = None, **environment: str) -> Settings:
    """Settings of these flags and variables, away from a terminal."""
    return read_settings(flags or {}, environment, on_terminal=False)


def test_nothing_given_gives_the_defaults():
    """A newcomer types `yadokari serve` and gets a server on this machine only."""
    settings = read()

    assert settings.http == Address(host="127.0.0.1", port=8080)
    assert settings.dir.root.name == "yadokari_data"
    assert settings.migrations_dir.name == "yadokari_migrations"
    assert settings.log_format == "json"
    assert not settings.automigrate


def test_a_flag_wins_over_a_variable_and_that_over_a_plain_one():
    """G4: the nearer to the call, the stronger."""
    variables = {"YADOKARI_HTTP": "127.0.0.1:2", "PORT": "3"}

    assert read({"http": "127.0.0.1:1"}, **variables).http.port == 1
    assert read(None, **variables).http.port == 2
    assert read(None, PORT="3").http == Address(host="0.0.0.0", port=3)
    assert read(None, YADOKARI_HTTP="", PORT="3").http.port == 3


def test_domains_move_the_doors():
    """`yadokari serve example.com` is what PocketBase's users type."""
    settings = read({"domains": "Example.com, www.example.com., example.com"})

    assert settings.http == Address(host="0.0.0.0", port=80)
    assert settings.automatic is not None
    assert settings.automatic.https == Address(host="0.0.0.0", port=443)
    assert settings.automatic.domains == ("example.com", "www.example.com")
    assert settings.automatic.directory.startswith("https://acme-v02.api.letsencrypt.org/")
    assert read().automatic is None

    elsewhere = read({"domains": "a.test", "http": "[::1]:81", "https": "127.0.0.1:444"})
    assert elsewhere.http == Address(host="::1", port=81)
    assert elsewhere.automatic is not None
    assert elsewhere.automatic.https == Address(host="127.0.0.1", port=444)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"domains": "https://example.com"}, "without scheme"),
        ({"domains": "example.com:443"}, "without scheme"),
        ({"domains": "*.example.com"}, "example.com"),
        ({"domains": "-a.example.com"}, "example.com"),
        ({"domains": "a..example.com"}, "example.com"),
        ({"domains": "../etc"}, "example.com"),
        ({"domains": "203.0.113.7"}, "example.com"),
        ({"domains": "日本.example"}, "xn--"),
        ({"domains": "a" * 64 + ".example"}, "example.com"),
        ({"domains": ".".join(["a" * 60] * 5)}, "example.com"),
        ({"https": "0.0.0.0:443"}, "needs domains"),
        ({"domains": "a.test", "https": "443"}, "address:port"),
        ({"domains": "a.test", "tls_cert": "a", "tls_key": "b"}, "exclude"),
        ({"domains": "a.test", "acme_directory": "http://ca.test/"}, "https://"),
        ({"domains": "a.test", "acme_email": "nobody"}, "e-mail"),
        ({"domains": "a.test", "acme_ca": "/nowhere.pem"}, "no such file"),
    ],
)
def test_domains_that_cannot_be_stop_the_start(flags: dict[str, str], said: str):
    """G5: before an authority counts it as a failure."""
    with pytest.raises(SettingError, match=re.escape(said)):
        read(flags)


def test_development_switches_readable_lines_and_migrations_on():
    """One flag for the desk."""
    settings = read({"dev": "true"})

    assert settings.log_format == "text"
    assert settings.automigrate
    assert not read({"dev": "true", "automigrate": "false"}).automigrate


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:0", "127.0.0.1", 0),
        (":80", "", 80),
        ("localhost:65535", "localhost", 65_535),
        ("[::1]:8080", "::1", 8080),
    ],
)
def test_addresses_are_host_and_port(text: str, host: str, port: int):
    """IPv6 stands in brackets, as in URLs."""
    assert read({"http": text}).http == Address(host=host, port=port)


@pytest.mark.parametrize(
    "text", ["8080", "host:", "host:x", "host:65536", "::1:80", "[x]:80", "host:-1", "host:９"]
)
def test_other_addresses_are_refused(text: str):
    """Better no start than one on the wrong port."""
    with pytest.raises(SettingError, match="--http is"):
        read({"http": text})


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"query_timeout": "0"}, "--query-timeout is '0'; it can be 1 to 3600 seconds"),
        ({"query_timeout": "1e3"}, "--query-timeout"),
        ({"query_timeout": "9" * 5_000}, "--query-timeout"),
        ({"dev": "maybe"}, "--dev is 'maybe'; it can be true or false"),
        ({"log_level": "loud"}, "debug or info or warning or error"),
        ({"public": "/does/not/exist"}, "no such folder"),
        ({"workers": "2"}, "SQLite lets one process write"),
        ({"store": "mysql://root:secret@db/app"}, "not supported by this version"),
        ({"encryption_env": "NOT_SET"}, "NOT_SET"),
    ],
)
def test_a_wrong_value_says_what_it_can_be(flags: dict[str, str], said: str):
    """G5: the reader's next step is in the message."""
    with pytest.raises(SettingError) as caught:
        read(flags)

    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_database_url_of_another_program_can_be_overruled():
    """Platforms set DATABASE_URL for everyone."""
    with pytest.raises(SettingError, match="--store sqlite"):
        read(None, DATABASE_URL="postgres://db")

    assert read({"store": "sqlite"}, DATABASE_URL="postgres://db")


def test_a_superuser_needs_address_and_password():
    """Half of it is a mistake, not a wish."""
    with pytest.raises(SettingError, match="come together"):
        read(None, YADOKARI_SUPERUSER_EMAIL="a@b.co")


def test_the_secret_may_stand_in_a_variable_of_any_name():
    """PocketBase's --encryptionEnv names it."""
    settings = read({"encryption_env": "MY_KEY"}, MY_KEY="k" * 32, SECRET_KEY="other")

    assert settings.secrets.secret_key == "k" * 32


def test_settings_never_show_their_secrets():
    """Settings end up in logs and tracebacks."""
    settings = read(
        None,
        SECRET_KEY="k" * 40,
        SECRET_KEY_PREVIOUS="p" * 40,
        YADOKARI_SUPERUSER_EMAIL="a@b.co",
        YADOKARI_SUPERUSER_PASSWORD="w" * 40,
    )

    shown = repr(settings) + str(settings.secrets)

    assert not [secret for secret in ("k" * 40, "p" * 40, "w" * 40) if secret in shown]


def test_every_row_of_the_table_is_whole():
    """G1: flags, variables and documents are made from it."""
    for row in SETTINGS:
        assert row.sentence.endswith(".")
        assert (row.kind == "number") == bool(row.unit)
        assert (row.kind == "choice") == bool(row.choices)
        assert row.kind != "choice" or row.default in row.choices
        assert row.kind != "number" or row.low <= int(row.default) <= row.high
    assert len({row.key for row in SETTINGS}) == len(SETTINGS)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, ("local", "", "", "", "")),
        (
            {"STORAGE_PROVIDER": "s3", "S3_BUCKET": "b", "AWS_ACCESS_KEY_ID": "k",
             "AWS_SECRET_ACCESS_KEY": "sesame"},
            ("s3", "b", "", "k", "sesame"),
        ),
        ({"STORAGE_PROVIDER": "s3", "S3_BUCKET": "b"}, ("s3", "b", "", "", "")),
        (
            {"STORAGE_PROVIDER": "supabase", "S3_BUCKET": "b", "SUPABASE_KEY": "id:se:cret",
             "SUPABASE_URL": "https://p.supabase.co/"},
            ("supabase", "b", "https://p.supabase.co", "id", "se:cret"),
        ),
        (
            {"STORAGE_PROVIDER": "supabase", "S3_BUCKET": "b", "SUPABASE_KEY": "jwt",
             "SUPABASE_URL": "https://p.supabase.co"},
            ("supabase", "b", "https://p.supabase.co", "", "jwt"),
        ),
        ({"S3_BUCKET": "b", "AWS_REGION": "r"}, ("local", "", "", "", "")),
    ],
)  # fmt: skip
def test_storage_is_told_in_the_words_of_its_provider(
    variables: dict[str, str], expected: tuple[str, ...]
):
    """Platforms set these variables themselves."""
    storage = read(None, **variables).storage

    assert (
        storage.provider, storage.bucket, storage.endpoint, storage.access_key, storage.secret
    ) == expected  # fmt: skip
    assert storage.secret == "" or storage.secret not in repr(storage)


@pytest.mark.parametrize(
    ("provider", "more", "word"),
    [
        ("s3", {}, "S3_BUCKET"),
        ("s3", {"S3_BUCKET": "b", "AWS_ACCESS_KEY_ID": "k"}, "SECRET"),
        ("s3", {"S3_BUCKET": "b", "YADOKARI_STORAGE_ENDPOINT": "s3.example"}, "https://"),
        ("r2", {"S3_BUCKET": "b"}, "r2.cloudflarestorage.com"),
        ("supabase", {"S3_BUCKET": "b", "SUPABASE_KEY": "k"}, "SUPABASE_URL"),
        ("azure", {"S3_BUCKET": "b"}, "account"),
        ("ftp", {"S3_BUCKET": "b"}, "supabase"),
    ],
)
def test_storage_that_cannot_be_reached_stops_the_start(
    provider: str, more: dict[str, str], word: str
):
    """G5: what is missing is named."""
    with pytest.raises(SettingError, match=word):
        read(None, STORAGE_PROVIDER=provider, **more)
