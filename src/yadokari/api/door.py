"""What every handler needs: the collection of the path, the caller, the facts for rules.

D1  Handlers translate; whether something is allowed is decided below them, except the coarse
    levels of the contract (signed in, superuser) which are checked here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec
from msgspec.structs import replace

from yadokari.api.body import is_empty
from yadokari.api.client_ip import parse_networks, within
from yadokari.api.request import Request
from yadokari.auth.callers import Callers
from yadokari.base.errors import Forbidden, NotFound, Unauthenticated
from yadokari.contract import messages
from yadokari.ports.clock import Clock
from yadokari.ports.store import Row
from yadokari.records.caller import Asking, Caller, HeaderFacts, KeyScope
from yadokari.records.service import Records
from yadokari.rules.bind import RequestContext
from yadokari.schema.collection import Collection, Schema

_READS = frozenset(("GET", "HEAD", "DELETE"))
_NO_BODY: Mapping[str, object] = {}


class SuperuserAddresses(Protocol):
    """Which addresses superusers may come from."""

    def allows_superuser(self, ip: str) -> bool:
        """Whether a superuser may act from this address."""
        ...


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """Shared by the handlers of one application."""

    records: Records
    callers: Callers
    clock: Clock
    schema: Callable[[], Schema]
    addresses: SuperuserAddresses

    def collection(
        self, request: Request, *, missing: str = messages.COLLECTION_MISSING
    ) -> Collection:
        """The collection that the path names.

        Raises:
            NotFound: there is none.
        """
        found = self.schema().find(request.params["c"])
        if found is None:
            raise NotFound(missing)
        return found

    def auth_collection(self, request: Request) -> Collection:
        """The auth collection that the path names. Raises NotFound."""
        found = self.collection(request, missing=messages.COLLECTION_INVALID)
        if not found.is_auth:
            raise NotFound(messages.AUTH_COLLECTION_INVALID)
        return found

    async def caller(self, request: Request) -> Caller:
        """Who asks; found once for each request.

        Raises:
            Forbidden: a superuser from an address that is not listed; an API key out of its scope.
        """
        known = request.memo.get("caller")
        if isinstance(known, Caller):
            return known
        caller = await self.callers.of(request.token)
        if caller.is_of_superuser and not self.addresses.allows_superuser(request.real_ip):
            raise Forbidden(messages.CALLER_NOT_ALLOWED)
        if caller.scope is not None:
            self._check_scope(request, caller.scope)
        request.memo["caller"] = caller
        return caller

    def _check_scope(self, request: Request, scope: KeyScope) -> None:
        """Refuse what an API key may not do. Raises Forbidden."""
        found = self.schema().find(request.params.get("c", ""))
        if found is None or not scope.allows(request.action, found):
            raise Forbidden(messages.KEY_NOT_ALLOWED)
        if scope.networks and not within(request.real_ip, parse_networks(scope.networks)):
            raise Forbidden(messages.ADDRESS_NOT_ALLOWED)

    async def member(self, request: Request) -> tuple[Collection, Row]:
        """The collection that the path names, and the caller, who must be one of its records.

        Raises:
            NotFound: there is no such collection.
            Unauthenticated: nobody is signed in.
            Forbidden: a record of another collection is.
        """
        asked = self.collection(request, missing=messages.COLLECTION_INVALID)
        caller = await self.caller(request)
        if caller.row is None or caller.collection is None:
            raise Unauthenticated
        if asked is not caller.collection:
            name = caller.collection.name
            raise Forbidden(f"The request requires auth record from {name} collection.")
        return asked, caller.row

    async def superuser(self, request: Request) -> Caller:
        """The caller, who must be a superuser.

        Raises:
            Unauthenticated: nobody is signed in.
            Forbidden: somebody else is.
        """
        caller = await self.caller(request)
        if caller.is_guest:
            raise Unauthenticated
        if not caller.is_superuser:
            raise Forbidden(messages.CALLER_NOT_ALLOWED)
        return caller

    async def asking(self, request: Request, *, context: str = "default") -> Asking:
        """The request as rules see it."""
        caller = await self.caller(request)
        body = await _body_of_read(request)
        return Asking(
            caller=caller,
            context=lambda: RequestContext(
                context=context,
                method="GET" if request.method == "HEAD" else request.method,
                headers=HeaderFacts(lambda: request.headers),
                query=request.query,
                body=body,
                auth=caller.facts,
                now_ms=self.clock.unix_ms(),
            ),
        )


async def _body_of_read(request: Request) -> Mapping[str, object]:
    """The body of a request that only reads: rules may ask for it, nobody else does."""
    if request.method not in _READS or is_empty(request):
        return _NO_BODY
    return (await request.body()).fields


def as_caller(asking: Asking, caller: Caller) -> Asking:
    """The same request by another caller."""
    return Asking(caller=caller, context=replace(asking.context, auth=caller.facts))
