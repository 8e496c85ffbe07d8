"""One-time passwords by mail.

O1  An address without an account gets the same answer after the same work, a commit included, and
    what it is given afterwards behaves as a real one (auth/otp_decoys.py).
O2  A code is stored as a hash, good once, for its own collection and a limited time.
O3  Few attempts are allowed: for each record from one address, and from all addresses together.
O4  A code proves the address it was sent to. An account that was unverified till then may have been
    made by somebody else, so it gets a password nobody knows, which ends every older token.
O5  The mail leaves once the code is durable.

Not here: what else a sign-in must satisfy (auth/completing.py).
"""

from __future__ import annotations

import msgspec

from yadokari.auth.account_changes import AccountChanges
from yadokari.auth.account_mails import AccountMails
from yadokari.auth.account_rows import DECOYS, AccountRows, helper_named
from yadokari.auth.attempts import Attempts
from yadokari.auth.otp_decoys import OtpDecoys
from yadokari.auth.passwords import Passwords
from yadokari.base.dates import date_unix_ms
from yadokari.base.errors import BadRequest, NotFound, Stale, TooMany
from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.ports.store import ABSENT, Row, Store, Transaction
from yadokari.schema.collection import AuthOptions, Collection
from yadokari.schema.field_text import password_cost
from yadokari.schema.fields import PasswordField, Value
from yadokari.schema.index import single_unique_columns
from yadokari.schema.system import OTPS_NAME

OTP_AUTH_OFF = "The collection is not configured to allow OTP authentication."
OTP_INVALID = "Invalid or expired OTP."
OTP_TOO_MANY = "Too many attempts, please try again later with a new OTP."
RECENT_MAX = 10  # The contract's: with so many unexpired ones the newest is used again.
ATTEMPTS_MAX = 5  # The contract's, within the window below.
ATTEMPTS_OF_ALL_MAX = 50  # From however many addresses: at four digits one guess in 200 succeeds.
ATTEMPTS_WINDOW_MS = 180_000

_DIGITS = "0123456789"


class Otp(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time password, as its owner is told."""

    id: str
    code: str
    duration_s: int


class Otps:
    """Makes and proves one-time passwords."""

    def __init__(
        self,
        *,
        store: Store,
        rows: AccountRows,
        changes: AccountChanges,
        passwords: Passwords,
        mails: AccountMails,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._store, self._rows, self._changes = store, rows, changes
        self._passwords, self._mails = passwords, mails
        self._clock, self._entropy = clock, entropy
        self._decoys = OtpDecoys(clock=clock)
        self._attempts, self._attempts_of_all = (
            Attempts(clock=clock, attempts_max=most, window_ms=ATTEMPTS_WINDOW_MS)
            for most in (ATTEMPTS_MAX, ATTEMPTS_OF_ALL_MAX)
        )

    async def request(self, collection: Collection, *, email: str) -> str:
        """Mail a one-time password to this address if it has an account; returns an id (O1)."""
        any_case = single_unique_columns(collection).get("email", False)
        row = await self._store.by_unique(collection, "email", email, any_case=any_case)
        owner = row or Row(collection.id, {**collection.zeros, "id": self._new_id()})
        code, otp = await self._made(collection, owner, sent_to=email)
        made_up = otp.id
        if row is None:
            made_up = self._decoys.issue(collection, email, fresh_id=otp.id, recent_max=RECENT_MAX)

        async def work(tx: Transaction) -> str:
            """The id that counts; what is new is written, be it a code or what stands for one."""
            recent = await self._recent(tx, collection, owner)
            if len(recent) >= RECENT_MAX:
                return recent[0].id
            if row is not None and await tx.get(collection, (row.id,)):
                await tx.put(otp, expected=ABSENT)
            elif made_up == otp.id:
                await _write_decoy(tx, otp.id)
            return made_up

        id = await (await self._store.transact(work)).settled()
        if row is not None and id == otp.id:
            self._mails.otp(collection, row, otp_id=id, code=code)
        return id

    async def give(self, collection: Collection, *, email: str) -> Otp:
        """Make a one-time password for an operator to pass on; no mail is sent.

        Raises:
            BadRequest: one-time passwords are off.
            NotFound: nobody has this address.
        """
        options = _options(collection)
        if not options.otp.enabled:
            raise BadRequest(f"One-time passwords are off for {collection.name}.")
        row = await self._store.by_unique(collection, "email", email, any_case=False)
        if row is None:
            raise NotFound(f'{collection.name} has no record with the address "{email}".')
        code, otp = await self._made(collection, row, sent_to="")

        async def work(tx: Transaction) -> None:
            await tx.put(otp, expected=ABSENT)

        await (await self._store.transact(work)).settled()
        return Otp(id=otp.id, code=code, duration_s=options.otp.duration)

    async def prove(self, collection: Collection, *, id: str, code: str, ip: str) -> Row:
        """The record that this one-time password is for, as it is stored now; the code is used up.

        Args:
            ip: Real address of the client, whose attempts are counted.

        Raises:
            BadRequest: wrong, used, over, or of another collection.
            TooMany: O3.
        """
        otps = helper_named(self._store.schema, OTPS_NAME)
        otp = (await self._store.get(otps, (id,))).get(id)
        if otp is not None and not self._is_good(collection, otp):
            otp = None
        subject = (
            str(otp.values["recordRef"])
            if otp is not None
            else self._decoys.subject_of(collection, id)
        )
        if subject:
            allowed = self._attempts.allows(f"{subject} {ip}")
            if not self._attempts_of_all.allows(subject) or not allowed:
                raise TooMany(OTP_TOO_MANY)
        cost = _cost(otps)
        fits = (
            await self._passwords.verify(code, str(otp.values["password"]))
            if otp is not None
            else await self._passwords.verify_nothing(code, cost=cost)
        )
        if otp is None or not fits:
            raise BadRequest(OTP_INVALID)
        return await self._use(collection, otp)

    async def _use(self, collection: Collection, otp: Row) -> Row:
        """Take the code away and note what it proved (O2, O4)."""
        record_id = str(otp.values["recordRef"])
        before = (await self._store.get(collection, (record_id,))).get(record_id)
        proves = before is not None and _proves_address(before, otp)
        unknown = ""
        if proves and not _options(collection).mfa.enabled:
            unknown = await self._changes.unknown_password(collection)

        async def work(tx: Transaction) -> Row:
            row = (await tx.get(collection, (record_id,))).get(record_id)
            try:
                await tx.remove(otp)
            except Stale as exc:  # Another request used it.
                raise BadRequest(OTP_INVALID) from exc
            if row is None:
                raise BadRequest(OTP_INVALID)
            if not proves or not _proves_address(row, otp):
                return row
            values: dict[str, Value] = {"verified": True}
            if unknown:
                values["password"] = unknown
            return await self._changes.put(tx, collection, row, values)

        return await (await self._store.transact(work)).settled()

    async def _made(self, collection: Collection, owner: Row, *, sent_to: str) -> tuple[str, Row]:
        """A code and the row that keeps its hash, not stored yet."""
        otps = helper_named(self._store.schema, OTPS_NAME)
        code = self._entropy.text(_options(collection).otp.length, alphabet=_DIGITS)
        hashed = await self._passwords.hash(code, cost=_cost(otps))
        address = str(owner.values["email"]) if sent_to else ""
        return code, self._rows.new(otps, collection, owner, password=hashed, sentTo=address)

    async def _recent(self, tx: Transaction, collection: Collection, owner: Row) -> list[Row]:
        """Codes of a record that are not over, the newest first."""
        otps = helper_named(tx.schema, OTPS_NAME)
        found = await self._rows.of(tx, otps, collection, owner)
        return [otp for otp in found if not self._is_over(collection, otp)]

    def _is_good(self, collection: Collection, otp: Row) -> bool:
        mine = otp.values["collectionRef"] == collection.id
        return mine and not self._is_over(collection, otp)

    def _is_over(self, collection: Collection, otp: Row) -> bool:
        made_ms = date_unix_ms(str(otp.values["created"])) or 0
        return self._clock.unix_ms() - made_ms > _options(collection).otp.duration * 1_000

    def _new_id(self) -> str:
        otps = helper_named(self._store.schema, OTPS_NAME)
        return self._rows.new_id(otps)


def _proves_address(row: Row, otp: Row) -> bool:
    sent_to = otp.values["sentTo"]
    return not row.values["verified"] and bool(sent_to) and row.values["email"] == sent_to


async def _write_decoy(tx: Transaction, value: str) -> None:
    kept = (await tx.get(DECOYS, ("decoy",))).get("decoy")
    values: dict[str, Value] = {"id": "decoy", "value": value}
    if kept is None:
        await tx.put(Row(DECOYS.id, values), expected=ABSENT)
    else:
        await tx.put(Row(DECOYS.id, values, kept.version, kept.stamp), expected=kept.version)


def _cost(otps: Collection) -> int:
    field = otps.by_name["password"]
    assert isinstance(field, PasswordField)
    return password_cost(field)


def _options(collection: Collection) -> AuthOptions:
    assert collection.auth is not None, "only auth collections have one-time passwords"
    return collection.auth
