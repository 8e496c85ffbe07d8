"""HTTPS for domains, with certificates that are fetched and renewed while the server runs.

Q15  The server answers from the start: over HTTPS for the names that have a certificate, over plain
     HTTP for the authority's challenges and with redirects (app/plain_http.py).
Q16  A handshake without a name of ours is refused: there is no certificate that could fit.
Q17  ``www.`` of a listed domain leads to that domain, unless it is listed itself.

Not here: the parts (app/certificate_keeper.py, app/acme_authority.py), running them (app/run.py),
certificate files of one's own (app/tls.py).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Coroutine, Mapping

import msgspec
from msgspec.structs import replace
from uvicorn.config import Config

from yadokari.api.asgi import Deliver, deliver_by_asgi
from yadokari.api.request import Receive, Request, Scope
from yadokari.api.response import Response, Send, redirect
from yadokari.app.certificate_keeper import CertificateKeeper
from yadokari.app.certificate_shelf import Shelf
from yadokari.app.http_protocol import BoundedHttpProtocol
from yadokari.app.parts import Program, Surroundings
from yadokari.app.plain_http import Challenges, PlainHttp
from yadokari.app.settings import Automatic, Settings
from yadokari.app.tls import headers_for, server_context

PLAIN_CONNECTIONS_MAX = 1_000  # Each asks once and is sent away.
PLAIN_KEEP_ALIVE_S = 5
PLAIN_STOP_TIMEOUT_S = 1  # Nothing there takes longer.
_WWW = "www."


def aliases_of(domains: tuple[str, ...]) -> dict[str, str]:
    """Names that lead to one of these (Q17)."""
    apexes = [name for name in domains if "." in name and not name.startswith(_WWW)]
    return {_WWW + name: name for name in apexes if _WWW + name not in domains}


class Automation(msgspec.Struct, frozen=True):
    """What has to run beside the server of the site."""

    plain: Config
    """Of the server for plain HTTP."""
    tend: Callable[[], Coroutine[None, None, None]]
    """Fetches and renews certificates, until cancelled."""


def automate(config: Config, surroundings: Surroundings) -> Automation:
    """Let ``config``, of the server for the site, serve HTTPS for the domains of the settings."""
    settings = surroundings.settings
    automatic = settings.automatic
    assert automatic is not None
    aliases, challenges = aliases_of(automatic.domains), Challenges()
    keeper = _keeper(automatic, surroundings, aliases=aliases, challenges=challenges)
    keeper.load()
    config.headers = headers_for(automatic.domains[0])
    config.load()
    config.ssl = _context(keeper)
    application = PlainHttp(
        automatic.domains, aliases=aliases, challenges=challenges, is_held=keeper.is_held
    )
    return Automation(plain=_plain_config(application, settings), tend=keeper.tend)


def leading_home(program: Program, domains: tuple[str, ...]) -> Program:
    """The same program, with requests to aliases sent to their domain (Q17)."""
    aliases = aliases_of(domains)
    if not aliases:
        return program
    application, serve = program.application, program.serve

    async def serve_home(scope: Scope, receive: Receive, deliver: Deliver) -> None:
        response = _way_home(scope, aliases)
        if response is None:
            await serve(scope, receive, deliver)
        else:
            await deliver(Request(scope, receive, ""), response)

    async def application_home(scope: Scope, receive: Receive, send: Send) -> None:
        response = _way_home(scope, aliases) if scope["type"] == "http" else None
        if response is None:
            await application(scope, receive, send)
        else:
            await deliver_by_asgi(Request(scope, receive, ""), response, receive, send)

    return replace(program, application=application_home, serve=serve_home)


def _way_home(scope: Scope, aliases: Mapping[str, str]) -> Response | None:
    for key, value in scope["headers"]:
        if key == b"host":
            host, colon, port = value.decode("latin-1").lower().partition(":")
            home = aliases.get(host.removesuffix("."))
            if home is None:
                return None
            path, query = scope["raw_path"] or b"/", scope["query_string"]
            target = path + b"?" + query if query else path
            return redirect(f"https://{home}{colon}{port}{target.decode('latin-1')}")
    return None


def _keeper(
    automatic: Automatic,
    surroundings: Surroundings,
    *,
    aliases: Mapping[str, str],
    challenges: Challenges,
) -> CertificateKeeper:
    shelf = Shelf(surroundings.dir.certificates, directory=automatic.directory)

    def order(name: str) -> bytes:
        from yadokari.app.acme_authority import fetch

        return fetch(
            name, automatic=automatic, account_key=shelf.account_key, challenges_of=challenges
        )

    return CertificateKeeper(
        automatic.domains,
        on_demand=aliases,
        shelf=shelf,
        order=order,
        clock=surroundings.clock,
        entropy=surroundings.entropy,
        log=surroundings.log,
    )


def _context(keeper: CertificateKeeper) -> ssl.SSLContext:
    """Serves each name with its own certificate."""

    def choose(handshake: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        found = keeper.context_for(name)
        if found is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME  # Q16
        handshake.context = found
        return None

    context = server_context()
    context.sni_callback = choose
    return context


def _plain_config(application: PlainHttp, settings: Settings) -> Config:
    class Protocol(BoundedHttpProtocol):
        head_timeout_s = settings.head_timeout_s
        body_timeout_s = settings.head_timeout_s  # Nobody reads bodies there.

    return Config(
        application,  # type: ignore[arg-type]  # uvicorn's own types of ASGI are wider
        http=Protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=PLAIN_CONNECTIONS_MAX,
        timeout_keep_alive=PLAIN_KEEP_ALIVE_S,
        timeout_graceful_shutdown=PLAIN_STOP_TIMEOUT_S,
    )
