"""Admin pages in plain HTML: the landing page, and the form that makes the first superuser.

I3  They work without JavaScript and load nothing: the policy forbids everything but their style.
I4  Nothing a visitor sent is put into a page unescaped; a password is never put into one.
I5  Pages with a token are not stored, and their address is not passed on to other sites.

Not here: the full interface (later at the same place), who answers other paths (app/front.py).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Protocol, TypeAlias
from urllib.parse import parse_qs

from yadokari.admin.install_link import InstallLink
from yadokari.base.errors import BadRequest, Conflict
from yadokari.base.problems import Problem, Problems

Message: TypeAlias = MutableMapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

FORM_BYTES_MAX = 8 * 1024  # An address, a password and a token are far below.
FORM_FIELDS_MAX = 10
INSTALL_PATH = "/_/install"
HOME_PATH = "/_/"

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:12vh auto;padding:0 1rem;"
    "color:#1b1f24;background:#fff}h1{font-size:1.4rem}label{display:block;margin:1rem 0 .2rem}"
    "input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #8a929c;"
    "border-radius:.3rem}button{font:inherit;margin-top:1.5rem;padding:.5rem 1.2rem;border:0;"
    "border-radius:.3rem;background:#1055c9;color:#fff}.problem{color:#b00020}"
    "code{background:#eef1f4;padding:.1rem .3rem}"
    "@media(prefers-color-scheme:dark){body{color:#e6e8eb;background:#14171a}"
    "code{background:#262b30}.problem{color:#ff8a98}input{background:#1d2125;color:inherit}}"
)
_STYLE_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'sha256-" + _STYLE_DIGEST.encode() + b"'; "
        b"form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
]


class FirstSuperuser(Protocol):
    """What these pages need of superusers."""

    async def exists(self) -> bool:
        """Whether there is any."""
        ...

    async def create_first(self, email: str, password: str) -> None:
        """Make it, unless there is one by then.

        Raises:
            BadRequest: bad address or password; ``problems`` says which.
            Conflict: there is one already.
        """
        ...


class AdminPages:
    """An ASGI application for ``/``, ``/_`` and everything under ``/_/``."""

    def __init__(self, *, superusers: FirstSuperuser, link: InstallLink) -> None:
        self._superusers, self._link = superusers, link

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, method = scope["path"], scope["method"]
        if path in {"/", "/_"}:
            await _redirect(send, to=HOME_PATH, status=307)
        elif path == HOME_PATH and method in {"GET", "HEAD"}:
            await _page(send, method, 200, _home(installed=await self._superusers.exists()))
        elif path == INSTALL_PATH and method in {"GET", "HEAD"}:
            token = _first(_parsed(_text(scope.get("query_string"))), "token")
            await self._form(send, method, token)
        elif path == INSTALL_PATH and method == "POST":
            await self._submit(receive, send)
        else:
            await _page(send, method, 404, _document("Not found", "<p>There is no such page.</p>"))

    async def _form(self, send: Send, method: object, token: str) -> None:
        if await self._is_usable(token):
            await _page(send, method, 200, _form(token))
        else:
            await _page(send, method, 403, _ended())

    async def _submit(self, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            await _page(send, "POST", 413, _document("Too large", "<p>That is too much text.</p>"))
            return
        sent = _parsed(_text(body))
        token, email = _first(sent, "token"), _first(sent, "email").strip()
        password = _first(sent, "password")
        if not await self._is_usable(token):
            await _page(send, "POST", 403, _ended())
        elif password != _first(sent, "passwordConfirm"):
            said = ["The two passwords differ."]
            await _page(send, "POST", 400, _form(token, email=email, said=said))
        else:
            await self._create(send, token, email=email, password=password)

    async def _create(self, send: Send, token: str, *, email: str, password: str) -> None:
        try:
            await self._superusers.create_first(email, password)
        except Conflict:
            self._link.close()
            await _page(send, "POST", 403, _ended())
        except BadRequest as exc:
            said = list(_sentences(exc.problems)) or [exc.message or "That cannot be used."]
            await _page(send, "POST", 400, _form(token, email=email, said=said))
        else:
            self._link.close()
            await _page(send, "POST", 200, _made(email))

    async def _is_usable(self, token: str) -> bool:
        return self._link.opens(token) and not await self._superusers.exists()


def _home(*, installed: bool) -> str:
    if installed:
        said = "<p>The server is running. Its API is under <code>/api/</code>.</p>"
    else:
        said = (
            "<p>There is no superuser yet. Open the link that the server printed when it started, "
            "or run <code>yadokari superuser create EMAIL PASSWORD</code>.</p>"
        )
    return _document("Yadokari", said)


def _form(token: str, *, email: str = "", said: Iterable[str] = ()) -> str:
    problems = "".join(f'<p class="problem" role="alert">{_escaped(text)}</p>' for text in said)
    return _document(
        "Make the first superuser",
        f'{problems}<form method="post" action="install">'
        f'<input type="hidden" name="token" value="{_escaped(token)}">'
        '<label for="email">Email</label><input id="email" name="email" type="email" required '
        f'autofocus autocomplete="username" value="{_escaped(email)}">'
        '<label for="password">Password, at least 8 characters</label><input id="password" '
        'name="password" type="password" required minlength="8" autocomplete="new-password">'
        '<label for="again">Password again</label><input id="again" name="passwordConfirm" '
        'type="password" required minlength="8" autocomplete="new-password">'
        "<button>Make superuser</button></form>",
    )


def _made(email: str) -> str:
    return _document(
        "Done",
        f"<p>{_escaped(email)} is a superuser now and can sign in."
        " This link will not work again.</p>"
        f'<p><a href="./">Go on</a></p>',
    )


def _ended() -> str:
    return _document(
        "This link does not work",
        "<p>It was used, has ended after 30 minutes, or a superuser exists already. Start the "
        "server again for a new link, or run "
        "<code>yadokari superuser upsert EMAIL PASSWORD</code>.</p>",
    )


def _document(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>"
    )


def _sentences(problems: Problems) -> Iterable[str]:
    for key, problem in problems.items():
        if isinstance(problem, Problem):
            yield f"{key.capitalize()}: {problem.message}"
        else:
            yield from _sentences(problem)


def _parsed(text: str) -> dict[str, list[str]]:
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX)
    except ValueError:
        return {}


def _first(fields: dict[str, list[str]], key: str) -> str:
    return fields.get(key, [""])[0]


def _text(raw: object) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""


async def _body(receive: Receive) -> bytes | None:
    """The request's body, or None when it is too large or its sender left."""
    body = b""
    while True:
        message = await receive()
        part = message.get("body", b"")
        if message["type"] != "http.request" or not isinstance(part, bytes):
            return None
        body += part
        if len(body) > FORM_BYTES_MAX:
            return None
        if not message.get("more_body", False):
            return body


async def _page(send: Send, method: object, status: int, html: str) -> None:
    body = html.encode()
    headers = [*_HEADERS, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})


async def _redirect(send: Send, *, to: str, status: int) -> None:
    headers = [(b"location", to.encode()), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _escaped(text: str) -> str:
    from html import escape  # Brings the table of all entities: no part of the start.

    return escape(text)
