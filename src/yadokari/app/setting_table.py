"""Every setting of the program: its name, what it means, its unit and its range.

G1  This table is the only source: command-line flags, variables and docs/settings.md follow it.
G2  A flag ``--query-timeout`` is also the variable ``YADOKARI_QUERY_TIMEOUT``; the flag wins.
G3  Secrets have no flag: a command line can be read by every user of the machine.

Not here: reading and checking (app/settings.py), settings changed over the API (upkeep).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

ENV_PREFIX = "YADOKARI_"

SettingKind: TypeAlias = Literal["text", "list", "switch", "number", "choice", "secret"]


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    """Words joined by ``-``: the flag without its dashes."""
    kind: SettingKind
    default: str
    """As one would type it; lists with commas."""
    sentence: str
    unit: str = ""
    low: int = 0
    high: int = 0
    """Range of a number, both ends included."""
    choices: tuple[str, ...] = ()
    switches: str = ""
    """The choice that `true` and `1` mean; then `false` and `0` mean the default."""
    aliases: tuple[str, ...] = ()
    """Other flags, mostly PocketBase's spelling."""
    also: str = ""
    """A variable without the prefix that is understood too; it comes after ours."""

    @property
    def key(self) -> str:
        """Name as an identifier: ``query_timeout``."""
        return self.name.replace("-", "_")

    @property
    def flags(self) -> tuple[str, ...]:
        """Its flags, ours first; none for a secret (G3)."""
        if self.kind == "secret":
            return ()
        return (f"--{self.name}", *self.aliases)

    @property
    def variable(self) -> str:
        """The variable with the prefix."""
        return ENV_PREFIX + self.key.upper()

    @property
    def range_text(self) -> str:
        """What may be given, for people."""
        if self.kind == "number":
            return f"{self.low} to {self.high}"
        return " or ".join(self.choices)


DIR = Setting(
    name="dir",
    kind="text",
    default="yadokari_data",
    sentence="Folder of the database, uploads, lock and control socket; made when missing.",
)

SETTINGS: tuple[Setting, ...] = (
    DIR,
    Setting(
        name="http",
        kind="text",
        default="127.0.0.1:8080",
        sentence="Address and port to listen on; port 0 takes a free one. "
        "PORT alone means 0.0.0.0 with that port.",
        also="PORT",
    ),
    Setting(
        name="store",
        kind="text",
        default="sqlite",
        sentence="The database. This version knows `sqlite`, kept in the data folder.",
        also="DATABASE_URL",
    ),
    Setting(
        name="public",
        kind="text",
        default="",
        sentence="Folder of static files served at `/`; empty serves none.",
        aliases=("--publicDir",),
    ),
    Setting(
        name="index-fallback",
        kind="switch",
        default="true",
        sentence="Answer unknown paths with the public folder's index.html, as single-page "
        "applications need.",
        aliases=("--indexFallback",),
    ),
    Setting(
        name="origins",
        kind="list",
        default="*",
        sentence="Origins that browsers may call from; `*` and `?` are wildcards.",
    ),
    Setting(
        name="allow-ips",
        kind="list",
        default="",
        sentence="Addresses and networks (CIDR) that may reach the site; empty lets everyone in. "
        "The health check stays open.",
    ),
    Setting(
        name="basic-auth",
        kind="secret",
        default="",
        sentence="`user:password` pairs, one a line, or `file:/path` of them, that a browser asks "
        "for before it shows anything: an outer gate for sites in the making.",
    ),
    Setting(
        name="gate",
        kind="choice",
        default="all",
        choices=("all", "any"),
        sentence="With both allow-ips and basic-auth: all asks for both, any for one of them.",
    ),
    Setting(
        name="proxies",
        kind="number",
        default="0",
        unit="proxies",
        low=0,
        high=10,
        sentence="Proxies of yours (load balancer, CDN) that every request passes: the client's "
        "address is that many from the end of X-Forwarded-For. 0 trusts no header. The application "
        "settings' trustedProxy, where it names headers, comes first.",
    ),
    Setting(
        name="maintenance",
        kind="choice",
        default="off",
        choices=("off", "on", "read-only"),
        switches="on",
        sentence="Answer the API with 503: on for everyone but superusers, who may look; read-only "
        "for whatever is not reading. `yadokari maintenance` changes it while the server runs.",
    ),
    Setting(
        name="tls-cert",
        kind="text",
        default="",
        sentence="File with the certificate chain (PEM) to serve HTTPS with; read again when it "
        "changes.",
    ),
    Setting(
        name="tls-key",
        kind="text",
        default="",
        sentence="File with that certificate's private key (PEM).",
    ),
    Setting(
        name="trusted-issuers",
        kind="text",
        default="",
        sentence="JSON file of other programs whose tokens are good here: issuer, audience, "
        "collection, jwksURL or publicKey, match (id or email).",
    ),
    Setting(
        name="domains",
        kind="list",
        default="",
        sentence="Domains to serve over HTTPS with certificates that are fetched and renewed by "
        "themselves; as arguments too: `yadokari serve example.com`. HTTP then listens on "
        "0.0.0.0:80, and only redirects and proves the domains to the authority.",
    ),
    Setting(
        name="https",
        kind="text",
        default="",
        sentence="Address and port for HTTPS when domains are given; empty means 0.0.0.0:443.",
    ),
    Setting(
        name="acme-directory",
        kind="text",
        default="https://acme-v02.api.letsencrypt.org/directory",
        sentence="Where the authority that gives certificates for the domains is asked: the "
        "directory URL of its ACME service. Giving domains agrees to its terms.",
    ),
    Setting(
        name="acme-email",
        kind="text",
        default="",
        sentence="Address that the authority may write to; it can do without.",
    ),
    Setting(
        name="acme-ca",
        kind="text",
        default="",
        sentence="File (PEM) of the authorities to believe when talking to the ACME service, for "
        "a private one; empty means the public ones.",
    ),
    Setting(
        name="bearer-life",
        kind="number",
        default="30",
        unit="minutes",
        low=1,
        high=43_200,
        sentence="How long a token of `POST /api/v1/auth/login` holds.",
    ),
    Setting(
        name="bearer-collection",
        kind="text",
        default="users",
        sentence="Auth collection whose records sign in at `POST /api/v1/auth/login`.",
    ),
    Setting(
        name="dev",
        kind="switch",
        default="false",
        sentence="Development: readable log lines, and schema changes write migration files.",
    ),
    Setting(
        name="migrations-dir",
        kind="text",
        default="",
        sentence="Folder of migration files; empty means yadokari_migrations beside the data "
        "folder.",
        aliases=("--migrationsDir",),
    ),
    Setting(
        name="automigrate",
        kind="choice",
        default="auto",
        choices=("auto", "true", "false"),
        sentence="Write a migration file at each schema change through the API; auto does so "
        "with --dev.",
    ),
    Setting(
        name="lock-schema",
        kind="switch",
        default="false",
        sentence="Refuse schema changes through the API; migrations alone change it.",
    ),
    Setting(
        name="query-timeout",
        kind="number",
        default="30",
        unit="seconds",
        low=1,
        high=3_600,
        sentence="Longest time one query may run.",
        aliases=("--queryTimeout",),
    ),
    Setting(
        name="workers",
        kind="number",
        default="1",
        unit="processes",
        low=1,
        high=64,
        sentence="Server processes. SQLite has one writer, so more than 1 needs another store.",
    ),
    Setting(
        name="sqlite-sync",
        kind="choice",
        default="full",
        choices=("full", "normal", "off"),
        sentence="When SQLite waits for the disk: full at each commit; normal at checkpoints only, "
        "when a power cut may take the last commits; off never, for data that it may take whole.",
    ),
    Setting(
        name="connections-max",
        kind="number",
        default="10000",
        unit="connections",
        low=10,
        high=1_000_000,
        sentence="Connections served at once, realtime ones included; more get 503.",
    ),
    Setting(
        name="head-timeout",
        kind="number",
        default="10",
        unit="seconds",
        low=1,
        high=600,
        sentence="Longest time for a request's line and headers; slower clients are hung up on.",
    ),
    Setting(
        name="body-timeout",
        kind="number",
        default="300",
        unit="seconds",
        low=1,
        high=3_600,
        sentence="Longest time for a request's body, uploads included.",
    ),
    Setting(
        name="keep-alive",
        kind="number",
        default="75",
        unit="seconds",
        low=1,
        high=3_600,
        sentence="How long an idle connection stays open; longer than the load balancer's own "
        "idle time, or it meets closed ones.",
    ),
    Setting(
        name="stop-timeout",
        kind="number",
        default="8",
        unit="seconds",
        low=1,
        high=600,
        sentence="Longest wait for running requests on SIGTERM; platforms kill after 10.",
    ),
    Setting(
        name="storage-provider",
        kind="choice",
        default="local",
        choices=("local", "s3", "r2", "supabase", "gcs", "azure"),
        sentence="Where uploads are kept: in the data folder, or in an object store. S3 settings "
        "made over the API come before it.",
        also="STORAGE_PROVIDER",
    ),
    Setting(
        name="storage-bucket",
        kind="text",
        default="",
        sentence="Bucket of uploads, Azure's container; it must exist.",
        also="S3_BUCKET",
    ),
    Setting(
        name="storage-region",
        kind="text",
        default="",
        sentence="Region of an S3 bucket; empty means us-east-1, or auto for R2.",
        also="AWS_REGION",
    ),
    Setting(
        name="storage-endpoint",
        kind="text",
        default="",
        sentence="Address of an object store that is not the provider's own; R2 needs its "
        "account's.",
    ),
    Setting(
        name="storage-path-style",
        kind="switch",
        default="true",
        sentence="With an endpoint: the bucket's name stands in the path, not in the host name.",
    ),
    Setting(
        name="storage-access-key",
        kind="secret",
        default="",
        sentence="Access key of the object store, Azure's account name; a text, or `file:/path`. "
        "Empty leaves it to the machine's own identity.",
        also="AWS_ACCESS_KEY_ID",
    ),
    Setting(
        name="storage-secret",
        kind="secret",
        default="",
        sentence="The key's secret, Azure's account key, or the JSON of a Google service account; "
        "a text, or `file:/path`.",
        also="AWS_SECRET_ACCESS_KEY",
    ),
    Setting(
        name="supabase-url",
        kind="text",
        default="",
        sentence="Address of the Supabase project, such as https://PROJECT.supabase.co.",
        also="SUPABASE_URL",
    ),
    Setting(
        name="supabase-key",
        kind="secret",
        default="",
        sentence="S3 access keys of the project's storage as `ID:SECRET`. A key of the project "
        "alone, a JWT, opens a session under the storage's access policies.",
        also="SUPABASE_KEY",
    ),
    Setting(
        name="log-format",
        kind="choice",
        default="auto",
        choices=("auto", "json", "google", "aws", "text"),
        sentence="Form of log lines on standard error; auto is text on a terminal or with --dev. "
        "google is JSON as Cloud Logging reads it, aws as CloudWatch does.",
    ),
    Setting(
        name="log-level",
        kind="choice",
        default="info",
        choices=("debug", "info", "warning", "error"),
        sentence="Least level that is written.",
    ),
    Setting(
        name="log-requests",
        kind="choice",
        default="problems",
        choices=("none", "problems", "all"),
        sentence="Requests that get a log line: problems are failures of the server and slow ones.",
    ),
    Setting(
        name="slow-request",
        kind="number",
        default="1000",
        unit="milliseconds",
        low=1,
        high=600_000,
        sentence="From here on a request counts as slow.",
    ),
    Setting(
        name="language",
        kind="choice",
        default="en",
        choices=("en", "ja"),
        sentence="Language of mails whose template nobody changed: English or Japanese.",
    ),
    Setting(
        name="encryption-env",
        kind="text",
        default="SECRET_KEY",
        sentence="Name of the variable that holds the secret key.",
        aliases=("--encryptionEnv",),
    ),
    Setting(
        name="secret-key",
        kind="secret",
        default="",
        sentence="Secret of at least 32 characters, or `file:/path` of one, that seals stored "
        "secrets. Without it one is made in the data folder.",
        also="SECRET_KEY",
    ),
    Setting(
        name="secret-key-previous",
        kind="secret",
        default="",
        sentence="Former secret keys, separated by commas: what they sealed can still be read.",
        also="SECRET_KEY_PREVIOUS",
    ),
    Setting(
        name="bearer-secret",
        kind="secret",
        default="",
        sentence="Secret of at least 32 characters, or `file:/path` of one, that signs the tokens "
        "of `POST /api/v1/auth/login`; who knows it can verify them. Without it one is derived "
        "from the secret key.",
    ),
    Setting(
        name="superuser-email",
        kind="secret",
        default="",
        sentence="Address of a superuser to make at the start when it is missing.",
    ),
    Setting(
        name="superuser-password",
        kind="secret",
        default="",
        sentence="Password of that superuser; a text, or `file:/path`.",
    ),
)
