"""Known devices: where an account was signed in to, so that a sign-in from elsewhere is noticed.

D1  A device is an address together with a user agent; only their fingerprint is kept.
D2  An account has at most five; a sixth takes the place of the one that was known first.
D3  The first device of an account is no news.

Not here: the mail about a new one (auth/account_mails.py).
"""

from __future__ import annotations

import hashlib

import msgspec

from yadokari.auth.account_rows import AccountRows, helper_named
from yadokari.base.dates import date_text
from yadokari.ports.clock import Clock
from yadokari.ports.store import ABSENT, Row, Transaction
from yadokari.schema.collection import Collection
from yadokari.schema.system import AUTH_ORIGINS_NAME

DEVICES_MAX = 5  # The contract's.
AGENT_BYTES_MAX = 200  # The contract's; a longer user agent is cut.


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request comes from."""

    ip: str
    """Real address of the client."""
    user_agent: str

    @property
    def agent(self) -> bytes:
        """The user agent, cut to a sensible length."""
        sent = self.user_agent.encode()
        return sent if len(sent) <= AGENT_BYTES_MAX else sent[:AGENT_BYTES_MAX] + b"..."

    @property
    def fingerprint(self) -> str:
        """What is kept of it (D1)."""
        seen = self.ip.encode() + self.agent
        return hashlib.md5(seen, usedforsecurity=False).hexdigest()

    def described(self, *, now_ms: int) -> str:
        """The device in a mail's words: when, where, what."""
        agent = self.agent.decode(errors="replace")
        return f"{date_text(now_ms)} - {self.ip} {agent}"


class Devices:
    """The known devices of accounts."""

    def __init__(self, *, rows: AccountRows, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock

    async def meet(self, tx: Transaction, collection: Collection, row: Row, device: Device) -> bool:
        """Remember a device; returns whether it is news to the account's owner (D3)."""
        origins = helper_named(tx.schema, AUTH_ORIGINS_NAME)
        known = await self._rows.of(tx, origins, collection, row)
        fingerprint = device.fingerprint
        for one in known:
            if one.values["fingerprint"] == fingerprint:
                await tx.put(self._seen_again(one), expected=one.version)
                return False
        for oldest in known[DEVICES_MAX - 1 :]:
            await tx.remove(oldest)
        made = self._rows.new(origins, collection, row, fingerprint=fingerprint)
        await tx.put(made, expected=ABSENT)
        return bool(known)

    def _seen_again(self, row: Row) -> Row:
        values = row.values | {"updated": date_text(self._clock.unix_ms())}
        return Row(row.collection_id, values, row.version, row.stamp)
