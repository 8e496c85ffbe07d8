"""The picture of a person, fetched from where the provider says it is.

PI1  The address is a stranger's word: only the open internet is asked, within ten seconds.
PI2  Whatever goes wrong, there is just no picture.

Not here: which addresses those are (ports/web.py and its adapter), storing it (files).
"""

from __future__ import annotations

import io
from typing import IO
from urllib.parse import unquote, urlsplit

from yadokari.base.log import Log
from yadokari.ports.web import Unreachable, Web, WebRequest

FETCH_S = 10
PICTURE_BYTES_MAX = 5 * 1024 * 1024  # What a file field takes when nothing else is said.
_NAME = "avatar"


class Picture:
    """A file, as uploads are."""

    def __init__(self, *, name: str, content: bytes) -> None:
        self.name, self.content = name, content
        self.size_bytes = len(content)

    def open(self) -> IO[bytes]:
        """Its content from the start."""
        return io.BytesIO(self.content)


class Pictures:
    """Fetches pictures."""

    def __init__(self, *, web: Web, log: Log) -> None:
        self._web, self._log = web, log

    async def fetch(self, url: str) -> Picture | None:
        """The picture at an address; None when there is none to be had (PI2)."""
        if not url:
            return None
        try:
            answer = await self._web.fetch(
                WebRequest(url=url),
                reach="public",
                timeout_s=FETCH_S,
                body_bytes_max=PICTURE_BYTES_MAX,
            )
        except Unreachable as exc:
            self._log.warning("oauth2_picture_missing", reason=str(exc))
            return None
        if not answer.is_success or not answer.body:
            self._log.warning("oauth2_picture_missing", status=answer.status)
            return None
        return Picture(name=_name_of(url), content=answer.body)


def _name_of(url: str) -> str:
    """The last part of the path."""
    return unquote(urlsplit(url).path).rpartition("/")[2] or _NAME
