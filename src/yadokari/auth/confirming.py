"""What owners of an address confirm by a link in a mail: the address, a password, another address.

CF1  Nothing tells whether an address has an account: requests for others end the same way.
CF2  A token is good for its kind, its record, its collection and the address it was sent to; what
     it changes ends it, where that is a password or an address.
CF3  Nobody gets the same mail twice within two minutes.

Not here: forms (api/confirmations.py), the mails' words (auth/account_mails.py).
"""

from __future__ import annotations

from yadokari.auth.account_changes import AccountChanges, password_field
from yadokari.auth.account_mails import AccountMails
from yadokari.auth.attempts import Attempts
from yadokari.auth.callers import Callers
from yadokari.auth.passwords import Passwords
from yadokari.auth.tokens import Claims, TokenKind
from yadokari.base.errors import BadRequest, Conflict, Invalid, Stale
from yadokari.base.log import Log
from yadokari.base.problems import Problem, Problems
from yadokari.contract import messages
from yadokari.contract.codes import sentence_of
from yadokari.ports.clock import Clock
from yadokari.ports.mail import MailNotSent
from yadokari.ports.store import Reads, Row, Store, Transaction
from yadokari.schema.collection import Collection
from yadokari.schema.field_text import password_problem
from yadokari.schema.fields import Value
from yadokari.schema.index import single_unique_columns

RESEND_MS = 120_000  # The contract's.
EMAIL_CHANGE_FAILED = "Failed to request email change."
PASSWORD_NOT_SET = "Failed to set new password."


class Confirming:
    """Sends such mails and takes what comes back."""

    def __init__(
        self,
        *,
        store: Store,
        callers: Callers,
        changes: AccountChanges,
        passwords: Passwords,
        mails: AccountMails,
        clock: Clock,
        log: Log,
    ) -> None:
        self._store, self._callers, self._changes = store, callers, changes
        self._passwords, self._mails, self._log = passwords, mails, log
        self._sent = Attempts(clock=clock, attempts_max=1, window_ms=RESEND_MS)

    # --- requests --------------------------------------------------------------------------------

    async def request_verification(self, collection: Collection, *, email: str) -> None:
        """Mail a link that confirms this address, if an unverified record has it (CF1, CF3)."""
        row = await _with_email(self._store, collection, email)
        key = f"verification {row.id}" if row is not None else ""
        if row is None or row.values["verified"] or not self._sent.allows(key):
            return
        self._mails.verification(collection, row, on_failed=lambda: self._sent.forget(key))

    async def request_password_reset(self, collection: Collection, *, email: str) -> None:
        """Mail a link that lets one choose a new password, if a record has this address."""
        row = await _with_email(self._store, collection, email)
        key = f"passwordReset {row.id}" if row is not None else ""
        if row is None or not self._sent.allows(key):
            return
        self._mails.password_reset(collection, row, on_failed=lambda: self._sent.forget(key))

    async def request_email_change(
        self, collection: Collection, row: Row, *, new_email: str
    ) -> None:
        """Mail a link that makes this the record's address.

        Raises:
            Invalid: another record has the address.
            BadRequest: the mail could not be sent.
        """
        if await _with_email(self._store, collection, new_email) is not None:
            problem = _problem("validation_invalid_new_email")
            raise Invalid(messages.NOT_VALID, problems={"newEmail": problem})
        try:
            await self._mails.email_change(collection, row, new_email=new_email)
        except MailNotSent as exc:
            self._log.warning("mail_not_sent", kind="email_change", reason=exc.reason)
            raise BadRequest(EMAIL_CHANGE_FAILED) from exc

    # --- confirmations ---------------------------------------------------------------------------

    async def confirm_verification(self, collection: Collection, *, token: str) -> None:
        """Make the record verified that the token is for.

        Raises:
            Invalid: the token is not good; ``problems`` says why.
        """
        claims = self._callers.claims(token)
        if claims is None or not claims.email:
            raise _refused("validation_invalid_token_claims")
        row = await self._proved(collection, token, "verification")
        if row.values["email"] != claims.email:
            raise _refused("validation_token_email_mismatch")
        if row.values["verified"]:
            return
        values: dict[str, Value] = {"verified": True}
        assert collection.auth is not None
        if not collection.auth.password_auth.enabled:
            values["password"] = await self._changes.unknown_password(collection)
        await self._change(collection, row, values)
        self._sent.forget(f"verification {row.id}")

    async def password_reset_problem(self, collection: Collection, *, token: str) -> Problem | None:
        """What is wrong with a token that shall reset a password."""
        found = await self._whose(collection, token, "passwordReset")
        return found if isinstance(found, Problem) else None

    async def confirm_password_reset(
        self, collection: Collection, *, token: str, password: str
    ) -> None:
        """Give the record that the token is for a new password.

        Raises:
            Invalid: the token is not good, or the password not acceptable.
        """
        row = await self._proved(collection, token, "passwordReset")
        hashed = await self._new_password(collection, password)
        values: dict[str, Value] = {"password": hashed}
        claims = self._callers.claims(token)
        if claims is not None and claims.email and row.values["email"] == claims.email:
            values["verified"] = True
        await self._change(collection, row, values)
        self._sent.forget(f"passwordReset {row.id}")

    async def email_change_problems(
        self, collection: Collection, *, token: str, password: str
    ) -> Problems:
        """What is wrong with a token and password that shall change an address.

        With a bad token every password is wrong.
        """
        problems: Problems = {}
        claims = self._callers.claims(token)
        found: Row | Problem | None = None
        if token:
            found = await self._email_change(collection, token, claims)
        if isinstance(found, Problem):
            problems["token"] = found
        if password:
            fits = isinstance(found, Row) and await self._passwords.verify(
                password, str(found.values["password"])
            )
            if not fits:
                problems["password"] = _problem("validation_invalid_password")
        return problems

    async def confirm_email_change(self, collection: Collection, *, token: str) -> None:
        """Make the token's new address the record's own, verified.

        The password was checked by ``email_change_problems``.

        Raises:
            Invalid: the token is not good any more, or the address is taken.
        """
        claims = self._callers.claims(token)
        row = await self._email_change(collection, token, claims)
        if isinstance(row, Problem):
            raise Invalid(messages.NOT_VALID, problems={"token": row})
        assert claims is not None
        assert claims.new_email is not None
        try:
            await self._change(collection, row, {"email": claims.new_email, "verified": True})
        except Conflict as exc:
            raise _refused("validation_invalid_token_email") from exc

    # --- tokens ----------------------------------------------------------------------------------

    async def _proved(self, collection: Collection, token: str, kind: TokenKind) -> Row:
        found = await self._whose(collection, token, kind)
        if isinstance(found, Problem):
            raise Invalid(messages.NOT_VALID, problems={"token": found})
        return found

    async def _whose(self, collection: Collection, token: str, kind: TokenKind) -> Row | Problem:
        """The record a token is for, or what is wrong with the token (CF2)."""
        caller = await self._callers.of(token, kind=kind)
        if caller.row is None or caller.collection is None:
            return _problem("validation_invalid_token")
        if caller.collection.id != collection.id:
            return _problem("validation_token_collection_mismatch")
        return caller.row

    async def _email_change(
        self, collection: Collection, token: str, claims: Claims | None
    ) -> Row | Problem:
        if claims is None or not claims.new_email:
            return _problem("validation_invalid_token_payload")
        found = await self._whose(collection, token, "emailChange")
        if isinstance(found, Problem):
            return found
        if await _with_email(self._store, collection, claims.new_email) is not None:
            return _problem("validation_invalid_token_email")
        return found

    # --- changes ---------------------------------------------------------------------------------

    async def _new_password(self, collection: Collection, password: str) -> str:
        problem = password_problem(password_field(collection), password)
        if problem is not None:
            raise Invalid(PASSWORD_NOT_SET, problems={"password": problem})
        return await self._changes.hashed(collection, password)

    async def _change(self, collection: Collection, proved: Row, values: dict[str, Value]) -> None:
        """Change the record that a token proved, unless it is another one by now."""

        async def work(tx: Transaction) -> None:
            row = (await tx.get(collection, (proved.id,))).get(proved.id)
            if row is None or row.values["tokenKey"] != proved.values["tokenKey"]:
                raise _refused("validation_invalid_token")
            await self._changes.put(tx, collection, row, values)

        try:
            await (await self._store.transact(work)).settled()
        except Stale as exc:
            raise _refused("validation_invalid_token") from exc


async def _with_email(reads: Reads, collection: Collection, email: str) -> Row | None:
    any_case = single_unique_columns(collection).get("email", False)
    return await reads.by_unique(collection, "email", email, any_case=any_case)


def _problem(code: str) -> Problem:
    return Problem(code, sentence_of(code))


def _refused(code: str) -> Invalid:
    return Invalid(messages.NOT_VALID, problems={"token": _problem(code)})
