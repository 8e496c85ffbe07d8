"""Endpoints of backups, for superusers only.

Not here: making and checking them (upkeep/backups.py), the restart after a restore (app).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import msgspec

from yadokari.api.door import Door
from yadokari.api.download import PIECE_BYTES, download
from yadokari.api.request import Request
from yadokari.api.response import Response, json_response, no_content
from yadokari.base.errors import BadRequest, Forbidden, Invalid
from yadokari.base.problems import required
from yadokari.contract import messages
from yadokari.contract.headers import DOWNLOAD_CACHE, DOWNLOAD_POLICY, FIXED
from yadokari.ports.entropy import Entropy
from yadokari.upkeep.backups import CONTENT_TYPE, HEAD_BYTES, Backups

if TYPE_CHECKING:
    from yadokari.api.multipart import Upload


class CreateBody(msgspec.Struct):
    """Body of a new backup."""

    name: str = ""


class BackupRoutes:
    """Handlers of ``/api/backups``."""

    def __init__(
        self, *, door: Door, backups: Backups, restore: Callable[[str], None], entropy: Entropy
    ) -> None:
        """``restore`` begins a restore in the background."""
        self._door, self._backups = door, backups
        self._restore, self._entropy = restore, entropy

    async def list(self, request: Request) -> Response:
        """All backups."""
        await self._door.superuser(request)
        shown = [
            {"modified": made.modified, "key": made.key, "size": made.size}
            for made in await self._backups.list()
        ]
        return json_response(request, shown)

    async def create(self, request: Request) -> Response:
        """A backup made now; answers when it is kept."""
        await self._door.superuser(request)
        if self._backups.is_busy:
            raise BadRequest(messages.BACKUP_RUNNING)
        body = await request.bind(CreateBody)
        await self._backups.create(body.name)
        return no_content()

    async def upload(self, request: Request) -> Response:
        """A backup brought by the client."""
        await self._door.superuser(request)
        files = (await request.body()).files.get("file")
        if not files:
            raise Invalid(messages.NOT_VALID, problems={"file": required()})
        upload = files[0]
        await self._backups.upload(upload.name, upload.head(HEAD_BYTES), _pieces(upload))
        return no_content()

    async def download(self, request: Request) -> Response:
        """A backup's content, for a superuser's file token."""
        caller = await self._door.callers.of(request.query.get("token", ""), kind="file")
        if not caller.is_superuser or not self._door.addresses.allows_superuser(request.real_ip):
            raise Forbidden(messages.BACKUP_FORBIDDEN)
        request.memo["caller"] = caller
        key = request.params["key"]
        info = await self._backups.info(key)

        def read(start: int, length: int) -> AsyncIterator[bytes]:
            return self._backups.read(key, start=start, length=length)

        shown = key.replace("\\", "").replace('"', "").replace("\r", "").replace("\n", "")
        return download(
            request,
            headers=[
                *FIXED,
                DOWNLOAD_POLICY,
                DOWNLOAD_CACHE,
                (b"content-type", CONTENT_TYPE.encode()),
                (b"content-disposition", f'attachment; filename="{shown}"'.encode()),
            ],
            size_bytes=info.size_bytes,
            modified_s=info.modified_ms // 1_000,
            read=read,
            boundary=self._entropy.bytes(24).hex(),
        )

    async def delete(self, request: Request) -> Response:
        """A backup less."""
        await self._door.superuser(request)
        await self._backups.delete(request.params["key"])
        return no_content()

    async def restore(self, request: Request) -> Response:
        """A backup's data in place of the present one, a moment later."""
        await self._door.superuser(request)
        key = request.params["key"]
        await self._backups.check(key)
        self._restore(key)
        return no_content()


async def _pieces(upload: Upload) -> AsyncIterator[bytes]:
    content = upload.open()
    while piece := await asyncio.to_thread(content.read, PIECE_BYTES):
        yield piece
