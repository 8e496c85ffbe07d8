"""Requests on their way into the log book: noted at once, written together a little later.

Q1  Noting costs a few comparisons and an append: it never waits, never fails, holds no body.
Q2  The queue has an end; what does not fit is dropped and counted, and the count is logged.
Q3  No secret is kept: values of query names that sound secret go, and what looks like a token.
Q4  While nothing is kept (``maxDays`` 0) nobody notes anything; ``is_on`` says so.

Not here: reading (upkeep/logs.py), the file (stores).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from urllib.parse import quote, unquote

import msgspec

from yadokari.base.dates import date_text
from yadokari.base.errors import YadokariError
from yadokari.base.json_text import canonical_number, encode
from yadokari.base.log import Log
from yadokari.ports.entropy import Entropy
from yadokari.ports.log_book import LogBook, LogEntry
from yadokari.upkeep.app_settings import AppSettings, Logs

FLUSH_S = 3.0  # As PocketBase; whoever reads the logs gets what waits, too.
WAITING_MAX = 20_000  # About 20 MB, and a second of the fastest traffic.
BATCH = 2_000  # Written sooner than after FLUSH_S.
TEXT_CHARS_MAX = 4_000  # Of an address, a referer or a user agent; longer ones are attacks.
KEPT_MAX = 500  # Cleaned user agents and referers: there are few, and they come again.
ERROR, INFO = 8, 0
REDACTED = "[redacted]"
TRUNCATED = "__pb_truncated__"
"""PocketBase's mark of data that was cut."""

_SECRET_NAME = re.compile(
    r"token|passw|secret|api_?key|^key$|^code$|^state$|credential|signature|otp|jwt", re.IGNORECASE
)
_PATH_SAFE = "/:@!$&'()*+,;=~-._"
_SUSPECT = frozenset(".$:")
"""A token has a dot, a hash a dollar, an address with a password a colon."""
_ENCODER = msgspec.json.Encoder(order="sorted")
_ID_CHARS = 15
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


class Noted(msgspec.Struct, frozen=True, gc=False):
    """One request that is over, as the hook saw it."""

    at_ms: int
    method: str
    path: str
    """Decoded."""
    query: str
    status: int
    took_us: int
    referer: str
    user_agent: str
    auth: str
    """Name of the caller's collection, "" for a guest."""
    auth_id: str
    user_ip: str
    remote_ip: str
    error: str = ""
    details: object = None


class LogQueue:
    """Takes notes, and brings them to the log book."""

    def __init__(
        self,
        *,
        book: LogBook,
        entropy: Entropy,
        log: Log,
        clean: Callable[[str], str] = str,
    ) -> None:
        """``clean`` takes out of a text what looks secret."""
        self._book, self._entropy, self._log, self._clean = book, entropy, log, clean
        self._seldom_new = lru_cache(KEPT_MAX)(self._cleaned)
        self._waiting: list[Noted] = []
        self._dropped = 0
        self._wake = asyncio.Event()
        self._writing = asyncio.Lock()
        self._settings = Logs()

    @property
    def is_on(self) -> bool:
        """Whether anything is kept (Q4)."""
        return self._settings.max_days > 0

    def follow(self, settings: AppSettings) -> None:
        """These settings are in force."""
        self._settings = settings.logs

    def note(self, noted: Noted) -> None:
        """Take note of a request (Q1)."""
        if self._settings.min_level > (ERROR if noted.status >= 400 else INFO):
            return
        waiting = self._waiting
        if len(waiting) >= WAITING_MAX:
            self._dropped += 1
            return
        waiting.append(noted)
        if len(waiting) == BATCH:
            self._wake.set()

    async def run(self) -> None:
        """Write what waits, until cancelled; then write the rest."""
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(FLUSH_S):
                        await self._wake.wait()
                self._wake.clear()
                await self._try_flush()
        finally:
            await self._try_flush()

    async def flush(self) -> None:
        """Write what waits now. Raises Unavailable; what could not be written is lost (LB1)."""
        async with self._writing:
            waiting = self._waiting
            self._waiting = []
            dropped, self._dropped = self._dropped, 0
            if dropped:
                self._log.warning("request_logs_dropped", count=dropped)
            settings = self._settings
            for start in range(0, len(waiting), BATCH):
                part = waiting[start : start + BATCH]
                entries = await asyncio.to_thread(self._entries, part, settings)
                await self._book.add(entries)

    async def _try_flush(self) -> None:
        if not self._waiting and not self._dropped:
            return
        try:
            await self.flush()
        except YadokariError as error:
            self._log.warning("request_logs_lost", reason=str(error))

    def _cleaned(self, text: str) -> str:
        return self._clean(text[:TEXT_CHARS_MAX])

    def _entries(self, noted: list[Noted], settings: Logs) -> list[LogEntry]:
        return [self._entry(one, settings) for one in noted]

    def _entry(self, noted: Noted, settings: Logs) -> LogEntry:
        url = safe_url(quote(noted.path, safe=_PATH_SAFE), noted.query)[:TEXT_CHARS_MAX]
        if noted.query or not _SUSPECT.isdisjoint(url):  # Half of an entry's time, mostly for "no".
            url = self._clean(url)
        failed = noted.status >= 400
        data: dict[str, object] = {
            "auth": noted.auth,
            "execTime": canonical_number(noted.took_us / 1_000),
            "method": noted.method,
            "referer": self._seldom_new(_safe_referer(noted.referer)),
            "status": noted.status,
            "type": "request",
            "url": url,
            "userAgent": self._seldom_new(noted.user_agent),
        }
        if settings.log_auth_id:
            data["authId"] = noted.auth_id
        if settings.log_ip:
            data["userIP"], data["remoteIP"] = noted.user_ip, noted.remote_ip
        if failed:
            data["error"], data["details"] = self._clean(noted.error), noted.details
        return LogEntry(
            self._entropy.text(_ID_CHARS, alphabet=_ALPHABET),
            date_text(noted.at_ms),
            ERROR if failed else INFO,
            f"{noted.method} {unquote(url, errors='replace')}",
            _json(bounded(data, settings.max_data_size)),
        )


def _json(data: dict[str, object]) -> str:
    try:
        return _ENCODER.encode(data).decode()
    except UnicodeEncodeError:  # Half a surrogate pair in what a client sent.
        return encode(data, sort_keys=True).decode()


def bounded(data: dict[str, object], bytes_max: int) -> dict[str, object]:
    """The data without the keys, in order, that no longer fit; 0 = all fits."""
    if bytes_max <= 0:
        return data
    kept: dict[str, object] = {}
    size = 0
    for key in sorted(data):
        size += len(encode({key: data[key]})) - 1  # A brace less, a comma more.
        if size > bytes_max:
            return {TRUNCATED: True, **kept}
        kept[key] = data[key]
    return kept


def safe_url(path: str, query: str) -> str:
    """A request's address without secrets (Q3)."""
    if not query:
        return path
    return f"{path}?{'&'.join(_safe_pair(pair) for pair in query.split('&'))}"


def _safe_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if value and _SECRET_NAME.search(unquote(name, errors="replace")):
        return f"{name}{equals}{REDACTED}"
    return pair


def _safe_referer(referer: str) -> str:
    base, mark, rest = referer.partition("?")
    query, fragment_mark, fragment = rest.partition("#")
    shown = safe_url(base, query) if mark else base
    return f"{shown}{fragment_mark}{REDACTED if fragment else ''}"
