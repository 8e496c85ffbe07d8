"""The end of every sign-in: what must still hold once a method has proved whose record it is.

F1  In this order: the auth rule, the second factor, the known devices. Only then is there a token.
F2  A half-done sign-in is good once, for its own record, by another method than it began with, and
    no longer than the collection allows.
F3  The second factor and the known devices are one unit of work, which finds the record as it was
    when it was proved: a record that went, or whose token key changed meanwhile, signs in nobody.
F4  The news of a new device leaves after that unit of work is durable.

Whoever adds a method proves a record, then calls ``Completing.complete`` with the method's name;
api/signing_in.py does so for HTTP and makes the answer. Exchanging a token for a new one and
signing in as somebody else call ``check_rule`` alone.

Not here: proving (auth/sign_in.py, auth/otps.py), the answer (api/signing_in.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol, TypeAlias

import msgspec

from yadokari.auth.account_rows import AccountRows, helper_named
from yadokari.auth.devices import Device, Devices
from yadokari.base.dates import date_unix_ms
from yadokari.base.errors import BadRequest, Forbidden
from yadokari.contract import messages
from yadokari.ports.clock import Clock
from yadokari.ports.store import ABSENT, Row, Store, Transaction
from yadokari.records.caller import Asking
from yadokari.records.plans import Plans
from yadokari.schema.collection import AuthOptions, Collection
from yadokari.schema.system import MFAS_NAME

Method: TypeAlias = Literal["password", "otp", "oauth2"]
"""Ways to prove a record, as half-done sign-ins and rules (``@request.context``) name them."""

RULE_UNMET = "The request doesn't satisfy the collection requirements to authenticate."
MFA_INVALID = "Invalid MFA session."
MFA_EXPIRED = "Invalid or expired MFA session."
MFA_SAME_METHOD = "A different authentication method is required."


class AlertMails(Protocol):
    """Tells owners of accounts about new devices."""

    def alert(self, collection: Collection, row: Row, *, device: Device) -> None:
        """Send word, later; never fails."""
        ...


class NoAlertMails:
    """Tells nobody: for programs that send no mail."""

    def alert(self, collection: Collection, row: Row, *, device: Device) -> None:
        """See ``AlertMails.alert``."""


class _Outcome(msgspec.Struct, frozen=True, kw_only=True):
    mfa_id: str = ""
    """A second method is needed; "" when it is not."""
    refusal: str = ""
    is_new_device: bool = False


class Completing:
    """Completes sign-ins."""

    def __init__(
        self,
        *,
        store: Store,
        plans: Plans,
        rows: AccountRows,
        clock: Clock,
        mails: AlertMails | None = None,
    ) -> None:
        self._store, self._plans, self._rows, self._clock = store, plans, rows, clock
        self._devices = Devices(rows=rows, clock=clock)
        self._mails: AlertMails = mails or NoAlertMails()

    async def complete(
        self,
        asking: Asking,
        collection: Collection,
        row: Row,
        *,
        method: Method,
        mfa_id: Callable[[], Awaitable[str]],
        device: Device,
    ) -> str:
        """Complete the sign-in of a proved record (F1).

        Args:
            asking: The request, its body included, within the method's context.
            row: The record as it is stored now; a method that changed it hands over the new one.
            mfa_id: Finds the half-done sign-in that the client names, "" for none; asked only
                where a second method is needed.

        Returns:
            "" when the record is signed in; else the id of a half-done sign-in, which the client
            has to bring along with another method.

        Raises:
            Forbidden: the auth rule is not met.
            BadRequest: F2 or F3 is broken.
        """
        await self.check_rule(asking, collection, row)
        options = collection.auth
        assert options is not None, "only auth collections sign in"
        given: str | None = None
        if options.mfa.enabled and await self._wants_second(asking, collection, row):
            given = await mfa_id()
        if given is None and not options.auth_alert.enabled:
            return ""

        async def work(tx: Transaction) -> _Outcome:
            await _find_unchanged(tx, collection, row)
            if given is not None:
                outcome = await self._second(tx, collection, row, method=method, mfa_id=given)
                if outcome.mfa_id or outcome.refusal:
                    return outcome
            is_new = False
            if options.auth_alert.enabled:
                is_new = await self._devices.meet(tx, collection, row, device)
            return _Outcome(is_new_device=is_new)

        outcome = await (await self._store.transact(work)).settled()
        if outcome.refusal:
            raise BadRequest(outcome.refusal)
        if outcome.is_new_device and row.values["email"]:
            self._mails.alert(collection, row, device=device)
        return outcome.mfa_id

    async def check_rule(self, asking: Asking, collection: Collection, row: Row) -> None:
        """Refuse a record that the auth rule does not let in.

        The rule is judged for whoever asks, usually a guest; null lets nobody in but whom a
        superuser signs in.

        Raises:
            Forbidden: it is not met.
        """
        if asking.caller.is_superuser:
            return
        rule = collection.auth.auth_rule if collection.auth is not None else None
        if rule is None or not await self._holds(asking, collection, row, rule):
            raise Forbidden(RULE_UNMET)

    async def _wants_second(self, asking: Asking, collection: Collection, row: Row) -> bool:
        assert collection.auth is not None
        try:
            return await self._holds(asking, collection, row, collection.auth.mfa.rule)
        except BadRequest as exc:  # A rule that no longer fits must not open the door.
            raise BadRequest(messages.SIGN_IN_FAILED) from exc

    async def _holds(self, asking: Asking, collection: Collection, row: Row, rule: str) -> bool:
        if not rule:
            return True
        bound = self._plans.rule(collection, rule, asking.caller.collection, asking.context)
        return await self._store.first(bound.plan, bound.binding, id=row.id) is not None

    async def _second(
        self, tx: Transaction, collection: Collection, row: Row, *, method: Method, mfa_id: str
    ) -> _Outcome:
        """The first or the second method of a sign-in that needs two (F2)."""
        options = collection.auth
        assert options is not None
        mfas = helper_named(tx.schema, MFAS_NAME)
        if not mfa_id:
            begun = self._rows.new(mfas, collection, row, method=method)
            return _Outcome(mfa_id=(await tx.put(begun, expected=ABSENT)).id)
        begun = (await tx.get(mfas, (mfa_id,))).get(mfa_id)
        if begun is None:
            return _Outcome(refusal=MFA_EXPIRED)
        if self._is_expired(begun, options):
            await tx.remove(begun)
            return _Outcome(refusal=MFA_EXPIRED)
        if (begun.values["collectionRef"], begun.values["recordRef"]) != (collection.id, row.id):
            return _Outcome(refusal=MFA_INVALID)
        if begun.values["method"] == method:
            return _Outcome(refusal=MFA_SAME_METHOD)
        await tx.remove(begun)
        return _Outcome()

    def _is_expired(self, begun: Row, options: AuthOptions) -> bool:
        created_ms = date_unix_ms(str(begun.values["created"])) or 0
        return self._clock.unix_ms() - created_ms > options.mfa.duration * 1_000


async def _find_unchanged(tx: Transaction, collection: Collection, row: Row) -> None:
    """Refuse a record that is no longer the one that was proved (F3)."""
    stored = (await tx.get(collection, (row.id,))).get(row.id)
    if stored is None or stored.values["tokenKey"] != row.values["tokenKey"]:
        raise BadRequest(messages.SIGN_IN_FAILED)
