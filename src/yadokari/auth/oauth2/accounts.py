"""Which record a person of another service is, and linking the two.

AC1  The linked record comes first, then the signed-in caller, then the record with the profile's
     e-mail; only when there is none of these is one made, under the create rule.
AC2  Whoever registered an address before its owner came gains nothing: signing in as an unverified
     record that is not the caller's own changes its password and drops its other links.
AC3  What is slow (hashing, the picture) happens before the unit of work. It is done for what was
     found then; should the unit find otherwise, everything is looked at anew.

Not here: who the person is (auth/oauth2/people.py), the answer (api/oauth2.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec
from msgspec.structs import replace

from yadokari.auth.account_changes import AccountChanges
from yadokari.auth.account_rows import AccountRows, helper_named
from yadokari.auth.oauth2.pictures import Picture, Pictures
from yadokari.auth.oauth2.profiles import Profile
from yadokari.base.errors import BadRequest, Conflict, YadokariError, invalid
from yadokari.base.problems import Problem, required
from yadokari.contract import messages
from yadokari.ports.entropy import Entropy
from yadokari.ports.store import ABSENT, Reads, Row, Store, Transaction
from yadokari.records.caller import Asking
from yadokari.records.service import Records
from yadokari.records.submission import Submission
from yadokari.rules.bind import RequestContext
from yadokari.schema.collection import SUPERUSERS_ID, Collection
from yadokari.schema.field_address import is_email
from yadokari.schema.field_text import not_unique, text_problem
from yadokari.schema.fields import FileField, TextField, Value
from yadokari.schema.ids import ALPHANUMERIC
from yadokari.schema.index import single_unique_columns
from yadokari.schema.system import EXTERNAL_AUTHS_NAME

MADE_PASSWORD_CHARS = 30  # As long as the reference draws them; below bcrypt's 72 bytes.
TRIES_MAX = 5  # Others change the same account meanwhile; nobody is that busy.
_NO_CONTEXT = RequestContext()


class Uploads(Protocol):
    """Takes files in before a write and out again when it fails; files/intake.py does."""

    def taking(
        self,
        collection: Collection,
        record_id: str,
        fields: Mapping[str, object],
        files: Mapping[str, Sequence[Picture]],
    ) -> AbstractAsyncContextManager[Mapping[str, object]]:
        """Fields with the stored names of the files among them."""
        ...


class AlsoKeeps(Protocol):
    """Keeps something beside a link, in the same unit of work."""

    async def __call__(self, tx: Transaction, link: Row) -> None:
        """Keep it."""
        ...


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a person."""

    row: Row
    is_new: bool


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    link: Row | None = None
    row: Row | None = None


class _Changed(YadokariError):
    """The unit of work found another account than was prepared for. Look again."""


class Accounts:
    """Finds, makes and links records."""

    def __init__(
        self,
        *,
        store: Store,
        records: Records,
        rows: AccountRows,
        changes: AccountChanges,
        uploads: Uploads,
        pictures: Pictures,
        entropy: Entropy,
    ) -> None:
        self._store, self._records, self._rows = store, records, rows
        self._changes, self._uploads, self._pictures = changes, uploads, pictures
        self._entropy = entropy

    async def sign_in(
        self,
        asking: Asking,
        collection: Collection,
        provider: str,
        profile: Profile,
        *,
        create_data: Mapping[str, object],
        also: AlsoKeeps,
    ) -> SignedIn:
        """The record of a person, made and linked where it was not yet.

        Args:
            asking: The request within the context ``oauth2``.
            provider: Name in the table.
            create_data: Further fields of a new record, as submitted.
            also: Called with the link, new or old.

        Raises:
            Forbidden: a new record is needed and the create rule is null.
            BadRequest, Invalid: a new record is needed and cannot be made, or the link cannot.
        """
        for _ in range(TRIES_MAX):
            found = await self._find(self._store, asking, collection, provider, profile)
            try:
                if found.row is None:
                    row = await self._make(asking, collection, provider, profile, create_data, also)
                    return SignedIn(row=row, is_new=True)
                row = await self._enter(asking, collection, provider, profile, found.row, also)
                return SignedIn(row=row, is_new=False)
            except _Changed:
                continue
        raise BadRequest(messages.SIGN_IN_FAILED)

    # --- finding -------------------------------------------------------------------------------

    async def _find(
        self, reads: Reads, asking: Asking, collection: Collection, provider: str, profile: Profile
    ) -> _Found:
        """AC1."""
        link = await self._link_of(reads, collection, provider, profile.id)
        if link is not None:
            id = str(link.values["recordRef"])
            return _Found(link=link, row=(await reads.get(collection, (id,))).get(id))
        caller = asking.caller
        if caller.row is not None and caller.row.collection_id == collection.id:
            return _Found(row=(await reads.get(collection, (caller.row.id,))).get(caller.row.id))
        if profile.email:
            any_case = single_unique_columns(collection).get("email", False)
            row = await reads.by_unique(collection, "email", profile.email, any_case=any_case)
            return _Found(row=row)
        return _Found()

    async def _link_of(
        self, reads: Reads, collection: Collection, provider: str, provider_id: str
    ) -> Row | None:
        if not provider_id:
            return None
        mine = self._records.plans.query(
            helper_named(self._store.schema, EXTERNAL_AUTHS_NAME),
            (),
            caller=None,
            context=_NO_CONTEXT,
            filter=f"collectionRef = '{collection.id}' && provider = '{provider}'"
            f" && providerId = '{_quoted(provider_id)}'",
            restricted=False,
        )
        return await reads.first(mine.plan, mine.binding)

    # --- a new record --------------------------------------------------------------------------

    async def _make(
        self,
        asking: Asking,
        collection: Collection,
        provider: str,
        profile: Profile,
        create_data: Mapping[str, object],
        also: AlsoKeeps,
    ) -> Row:
        if collection.id == SUPERUSERS_ID:
            raise BadRequest(messages.SIGN_IN_FAILED)
        fields, files = await self._payload(collection, profile, create_data)
        made = frozenset(("password",)) if "password" not in fields else frozenset[str]()
        if made:
            drawn = self._entropy.text(MADE_PASSWORD_CHARS, alphabet=ALPHANUMERIC)
            fields["password"] = fields["passwordConfirm"] = drawn
        creating = _as_create(asking)
        fresh_id = self._records.writing.new_id(collection)
        chosen = fields.get("id")
        id = chosen if isinstance(chosen, str) and chosen else fresh_id

        async def work(tx: Transaction, submission: Submission) -> Row:
            found = await self._find(tx, asking, collection, provider, profile)
            if found.row is not None:
                raise _Changed
            writing = self._records.writing
            row = await writing.create(tx, creating, collection, submission, fresh_id=fresh_id)
            if row.values["email"] == profile.email and not row.values["verified"]:
                row = await writing.touch(tx, collection, row, {"verified": True})
            await self._link(tx, collection, row, provider, profile, found.link, also)
            return row

        async with self._uploads.taking(collection, id, fields, files) as taken:
            submission = await self._records.prepare(collection, taken)
            submission = replace(submission, made_passwords=made)
            done = await self._store.transact(lambda tx: work(tx, submission))
            return await done.settled()

    async def _payload(
        self, collection: Collection, profile: Profile, create_data: Mapping[str, object]
    ) -> tuple[dict[str, object], dict[str, list[Picture]]]:
        """What a client would have submitted: its own data over the profile's."""
        assert collection.auth is not None, "only auth collections sign in"
        mapped = collection.auth.oauth2.mapped_fields
        fields = dict(create_data)
        files: dict[str, list[Picture]] = {}
        email = fields.get("email")
        if not isinstance(email, str) or not email:
            fields["email"] = profile.email
        for name, value in ((mapped.id, profile.id), (mapped.name, profile.name)):
            if name and name not in fields:
                fields[name] = value
        username = mapped.username
        if username and username not in fields:
            if_free = await self._can_have(collection, username, profile.username)
            fields |= {username: profile.username} if if_free else {}
        avatar = mapped.avatar_url
        if avatar and avatar not in fields:
            if isinstance(collection.by_name.get(avatar), FileField):
                picture = await self._pictures.fetch(profile.avatar_url)
                files = {avatar: [picture]} if picture is not None else {}
            else:
                fields[avatar] = profile.avatar_url
        return fields, files

    async def _can_have(self, collection: Collection, name: str, username: str) -> bool:
        """Whether a username is valid and free; a profile's is a wish, not a demand."""
        field = collection.by_name.get(name)
        if not isinstance(field, TextField) or text_problem(field, username, stored=None):
            return False
        unique = single_unique_columns(collection)
        if not username or name not in unique:
            return True
        any_case = unique[name]
        taken = await self._store.by_unique(collection, name, username, any_case=any_case)
        return taken is None

    # --- a record that is there ------------------------------------------------------------------

    async def _enter(
        self,
        asking: Asking,
        collection: Collection,
        provider: str,
        profile: Profile,
        expected: Row,
        also: AlsoKeeps,
    ) -> Row:
        new_hash = ""
        if _is_doubtful(asking, expected):
            new_hash = await self._changes.unknown_password(collection)

        async def work(tx: Transaction) -> Row:
            found = await self._find(tx, asking, collection, provider, profile)
            row = found.row
            if row is None or row.id != expected.id or _is_doubtful(asking, row) > bool(new_hash):
                raise _Changed
            changes: dict[str, Value] = {}
            if _is_doubtful(asking, row):
                changes["password"] = new_hash
                await self._drop_links(tx, collection, row, but=found.link)
            email = str(row.values["email"])
            if not email and profile.email:
                if not is_email(profile.email):
                    raise _failed(email=Problem("validation_is_email", "Is no e-mail address."))
                changes["email"] = email = profile.email
            if not row.values["verified"] and email == profile.email:
                changes["verified"] = True
            if changes:
                try:
                    row = await self._changes.put(tx, collection, row, changes)
                except Conflict as exc:
                    raise _failed(**{name: not_unique() for name in exc.fields}) from exc
            await self._link(tx, collection, row, provider, profile, found.link, also)
            return row

        return await (await self._store.transact(work)).settled()

    async def _drop_links(
        self, tx: Transaction, collection: Collection, row: Row, *, but: Row | None
    ) -> None:
        """AC2."""
        helper = helper_named(tx.schema, EXTERNAL_AUTHS_NAME)
        for link in await self._rows.of(tx, helper, collection, row):
            if but is None or link.id != but.id:
                await tx.remove(link)

    async def _link(
        self,
        tx: Transaction,
        collection: Collection,
        row: Row,
        provider: str,
        profile: Profile,
        link: Row | None,
        also: AlsoKeeps,
    ) -> None:
        if link is None:
            if not profile.id:
                raise _failed(providerId=required())
            helper = helper_named(tx.schema, EXTERNAL_AUTHS_NAME)
            made = self._rows.new(helper, collection, row, provider=provider, providerId=profile.id)
            try:
                link = await tx.put(made, expected=ABSENT)
            except Conflict as exc:
                raise _failed(**{name: not_unique() for name in exc.fields}) from exc
        await also(tx, link)


def _is_doubtful(asking: Asking, row: Row) -> bool:
    """Whether somebody else may have registered this address (AC2)."""
    return bool(row.values["email"]) and not row.values["verified"] and not asking.caller.owns(row)


def _as_create(asking: Asking) -> Asking:
    """The request as the create rule sees it: a create without a query."""
    return Asking(
        caller=asking.caller,
        context=lambda: replace(asking.context, context="oauth2", method="POST", query={}),
    )


def _failed(**problems: Problem) -> BadRequest:
    return invalid(messages.SIGN_IN_FAILED, problems)


def _quoted(value: str) -> str:
    """Text inside the single quotes of a filter."""
    return value.replace("\\", "\\\\").replace("'", "\\'")
