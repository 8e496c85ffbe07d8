"""From the street to the door: the outer gate, then the admin pages or the API.

Not here: the gate's locks (api/gate.py), who looks at which path (app/front.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yadokari.admin.pages import AdminPages
from yadokari.api.asgi import Application
from yadokari.api.request import Request
from yadokari.app.exchange import Serve
from yadokari.app.front import Front
from yadokari.app.parts import AsgiApp, Surroundings
from yadokari.app.settings import SettingError
from yadokari.auth.signing_keys import Sealer

if TYPE_CHECKING:
    from yadokari.api.gate import Locks


def entrance(
    surroundings: Surroundings, api: Application, admin: AdminPages, *, sealer: Sealer
) -> tuple[AsgiApp, Serve]:
    """Everything that is served as an ASGI application, and the API alone; both behind the gate.

    Raises:
        SettingError: the gate's credentials are not written as they should be.
    """
    front = Front(api=api, admin=admin)
    given = surroundings.settings
    if not (given.allow_ips or given.secrets.basic_auth):
        return front, api.serve
    from yadokari.api.gate import Gate

    locks = _locks(surroundings)

    def real_ip(request: Request) -> str:
        proxy = api.trusted_proxy
        return request.remote_ip if proxy is None else proxy.real_ip(request)

    gate = Gate(locks, sealer=sealer, clock=surroundings.clock, real_ip=real_ip)
    return gate.before_asgi(front), gate.before(api.serve)


def _locks(surroundings: Surroundings) -> Locks:
    from yadokari.api.gate import Locks, credentials_of

    settings = surroundings.settings
    setting = "YADOKARI_BASIC_AUTH"
    try:
        pairs = credentials_of(surroundings.secret(settings.secrets.basic_auth, setting=setting))
    except ValueError as exc:
        raise SettingError(f"{setting}: {exc}") from exc
    for pair in pairs:
        surroundings.redactor.hide(pair.partition(":")[2])
    return Locks(
        networks=settings.allow_ips,
        credentials=tuple(pairs),
        one_is_enough=settings.gate == "any",
    )
