"""The shared end of every way to sign in: what is still checked, and the answer.

A method's handler proves a record and calls ``SigningIn.finish``, which does in this order: the
addresses of superusers (403), auth rule (403), second factor (``401 {"mfaId":…}``), known devices
and their alert, the answer with record, token and, where a method has some, ``meta``. Handlers
that exchange a token or sign in as somebody else call ``answer``, after ``Completing.check_rule``.

Not here: proving a record (the handlers and auth), deciding (auth/completing.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from yadokari.api.door import Door, as_caller
from yadokari.api.request import Request
from yadokari.api.response import Response, json_bytes, json_response
from yadokari.auth.completing import Completing, Method
from yadokari.auth.devices import Device
from yadokari.base.errors import BadRequest, Forbidden
from yadokari.base.json_text import encode
from yadokari.contract import messages
from yadokari.ports.store import Row
from yadokari.records.caller import Asking, Caller
from yadokari.schema.collection import Collection

MFA_UNREADABLE = "Failed to read MFA Id."


class MfaForm(msgspec.Struct, rename="camel"):
    """What a second method's body holds beside its own members."""

    mfa_id: str = ""


class SigningIn(msgspec.Struct, frozen=True, kw_only=True):
    """Finishes sign-ins for the handlers of one application."""

    door: Door
    completing: Completing

    async def asking(self, request: Request, *, context: str = "default") -> Asking:
        """The request as rules on signing in see it: with its body.

        Args:
            context: ``@request.context``: the method's name, or ``default``.

        Raises:
            BadRequest: the body cannot be read.
        """
        asking = await self.door.asking(request, context=context)
        fields = (await request.body()).fields
        return asking.with_body(lambda: fields) if fields else asking

    async def finish(
        self,
        request: Request,
        asking: Asking,
        collection: Collection,
        row: Row,
        *,
        method: Method,
        meta: Mapping[str, object] | None = None,
    ) -> Response:
        """The answer to a request that proved ``row`` by ``method``.

        Args:
            asking: As ``asking`` made it, within the method's context.
            row: The record as it is stored now.
            meta: What the method tells beside the record; JSON values.

        Raises:
            Forbidden: a superuser from an address that is not listed, or the auth rule is not met.
            BadRequest: the half-done sign-in that the client names is not good for this one.
        """
        unfinished = await self.complete(request, asking, collection, row, method=method)
        if unfinished is not None:
            return unfinished
        token = self.door.callers.issue(collection, row)
        return await self.answer(request, asking, collection, row, token=token, meta=meta)

    async def complete(
        self, request: Request, asking: Asking, collection: Collection, row: Row, *, method: Method
    ) -> Response | None:
        """Everything of ``finish`` before the token; the answer, where a second method is needed.

        Raises: as ``finish``.
        """
        self._check_address(request, Caller(row, collection))

        async def mfa_id() -> str:
            return await _mfa_id(request)

        device = Device(ip=request.real_ip, user_agent=request.header(b"user-agent"))
        second = await self.completing.complete(
            asking, collection, row, method=method, mfa_id=mfa_id, device=device
        )
        if not second:
            return None
        # Not an error's body, and nothing is picked from it.
        return json_bytes(encode({"mfaId": second}), status=401)

    async def answer(
        self,
        request: Request,
        asking: Asking,
        collection: Collection,
        row: Row,
        *,
        token: str,
        meta: Mapping[str, object] | None = None,
    ) -> Response:
        """Record and token; the record is shown as to its owner, its e-mail always.

        Raises:
            Forbidden: a superuser from an address that is not listed.
        """
        caller = Caller(row, collection)
        self._check_address(request, caller)
        shown = await self.door.records.present(
            as_caller(asking, caller),
            collection,
            [row],
            expand=request.query.get("expand", ""),
            own_email=True,
        )
        if meta is None:
            return json_response(request, {"record": shown[0], "token": token}, canonical=True)
        value = {"meta": dict(meta), "record": shown[0], "token": token}
        return json_response(request, value)

    def _check_address(self, request: Request, caller: Caller) -> None:
        if caller.is_superuser and not self.door.addresses.allows_superuser(request.real_ip):
            raise Forbidden(messages.CALLER_NOT_ALLOWED)


async def _mfa_id(request: Request) -> str:
    """The half-done sign-in that the query names, or else the body."""
    named = request.query.get("mfaId", "")
    if named:
        return named
    try:
        return (await request.bind(MfaForm)).mfa_id
    except BadRequest as exc:
        raise BadRequest(MFA_UNREADABLE) from exc
