"""The web application: services over a store, and the routes that lead to them.

Read it after app/build.py: it knows ports, services and doors, but no adapter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from yadokari.api.asgi import Application
from yadokari.api.auth import AuthRoutes
from yadokari.api.batch import BatchRoutes
from yadokari.api.client_ip import ProxyCount, RealIp, TrustedProxy, parse_networks, within
from yadokari.api.door import Door
from yadokari.api.files import FileRoutes
from yadokari.api.health import HealthRoutes
from yadokari.api.idempotency import Repeatable
from yadokari.api.limits import RateGuard
from yadokari.api.list_throttle import ListThrottle
from yadokari.api.picker import parse_picker
from yadokari.api.rate_limit import RateLimitRule, RateLimits
from yadokari.api.realtime import RealtimeRoutes, frame
from yadokari.api.records import RecordRoutes
from yadokari.api.router import Route
from yadokari.api.signing_in import SigningIn
from yadokari.app.accounts import Accounts
from yadokari.app.credentials import Credentials
from yadokari.app.parts import Late
from yadokari.app.rare_routes import (
    account_routes,
    bearer_routes,
    collection_routes,
    key_routes,
    mail_test_routes,
    maintenance_routes,
    oauth2_routes,
    provider_call_routes,
    settings_routes,
    signed_token_routes,
)
from yadokari.app.upkeep_routes import Upkeep, upkeep_routes
from yadokari.auth.passwords import Passwords
from yadokari.base.log import Log
from yadokari.collections.reserved import Box
from yadokari.files.drawing import Drawing
from yadokari.files.handing_out import HandingOut
from yadokari.files.intake import Intake
from yadokari.files.origins import Origins
from yadokari.files.shrinking import Shrinking
from yadokari.files.sweeping import Sweeper
from yadokari.files.thumbs import Thumbs
from yadokari.ports.bucket import Bucket
from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.ports.mail import Mailer
from yadokari.ports.store import Store
from yadokari.realtime.hub import Hub
from yadokari.records.presenting import Presented
from yadokari.records.service import Records
from yadokari.schema.mail_templates import Language
from yadokari.upkeep.app_settings import AppSettings
from yadokari.upkeep.idempotency import Idempotency, transact_claimed
from yadokari.upkeep.maintenance import Maintenance, State
from yadokari.upkeep.settings_keeper import SettingsKeeper

if TYPE_CHECKING:
    from yadokari.app.oauth2 import OAuth2Parts
    from yadokari.collections.service import Collections
    from yadokari.ports.web import Web


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """What the doors open to."""

    store: Store
    bucket: Bucket
    clock: Clock
    entropy: Entropy
    log: Log
    passwords: Passwords
    keeper: SettingsKeeper
    idempotency: Idempotency
    records: Records
    hub: Hub
    sweeper: Sweeper
    credentials: Credentials
    accounts: Accounts
    box: Box
    open_web: Callable[[], Web]
    drawing: Drawing
    thumbs: Thumbs


class Addresses:
    """Which addresses superusers may come from; follows the settings."""

    def __init__(self, keeper: SettingsKeeper) -> None:
        self._networks = parse_networks(())
        keeper.on_change(self._follow)

    def _follow(self, settings: AppSettings) -> None:
        self._networks = parse_networks(settings.superuser_ips)

    def allows_superuser(self, ip: str) -> bool:
        """Whether a superuser may act from this address; all may while none is listed."""
        return not self._networks or within(ip, self._networks)


def build_services(
    *,
    store: Store,
    bucket: Bucket,
    clock: Clock,
    entropy: Entropy,
    log: Log,
    passwords: Passwords,
    keeper: SettingsKeeper,
    idempotency: Idempotency,
    credentials: Credentials,
    mailer: Mailer,
    language: Language,
    box: Box,
    open_web: Callable[[], Web],
) -> Services:
    """Records, realtime and files over a store, following its changes."""
    hub = Hub(store=store, clock=clock, entropy=entropy, log=log, pick=_pick, frame=frame)
    records = Records(
        store=store,
        clock=clock,
        entropy=entropy,
        hashing=passwords,
        transact=lambda work: transact_claimed(store, idempotency, work),
        witness=hub,
    )
    hub.records = records
    drawing = Drawing()
    sweeper = Sweeper(store=store, bucket=bucket, log=log)
    store.watch(hub.heard)
    store.watch(sweeper.heard)
    return Services(
        store=store,
        bucket=bucket,
        clock=clock,
        entropy=entropy,
        log=log,
        passwords=passwords,
        keeper=keeper,
        idempotency=idempotency,
        records=records,
        hub=hub,
        sweeper=sweeper,
        credentials=credentials,
        accounts=Accounts(
            store=store,
            records=records,
            callers=credentials.callers,
            passwords=passwords,
            keeper=keeper,
            mailer=mailer,
            language=language,
            clock=clock,
            entropy=entropy,
            log=log,
        ),
        box=box,
        open_web=open_web,
        drawing=drawing,
        thumbs=Thumbs(bucket=bucket, drawing=drawing, log=log),
    )


class Doors(msgspec.Struct, frozen=True):
    """The routes, and what runs before each of them."""

    routes: list[Route]
    guarded: Callable[[Application], None]
    """Lets the guard of the mode in force run in an application; without maintenance it costs
    nothing."""
    oauth2: Late[OAuth2Parts]

    async def close(self) -> None:
        """Let go of what was made."""
        if self.oauth2.made is not None:
            await self.oauth2.made.web.close()


def build_doors(
    services: Services,
    collections: Callable[[], Collections],
    maintenance: Maintenance,
    upkeep: Upkeep,
) -> Doors:
    """Every endpoint of the HTTP API."""
    store, clock, entropy = services.store, services.clock, services.entropy
    keeper, accounts = services.keeper, services.accounts
    credentials = services.credentials
    door = Door(
        records=services.records,
        callers=credentials.callers,
        clock=clock,
        schema=lambda: store.schema,
        addresses=Addresses(keeper),
    )
    guard = _limited(door, keeper)
    intake = Intake(
        bucket=services.bucket, entropy=entropy, shrinking=Shrinking(drawing=services.drawing)
    )
    throttle = ListThrottle(clock=clock, entropy=entropy)
    signing_in = SigningIn(door=door, completing=accounts.completing)
    oauth2 = Late(lambda: _oauth2(services, intake))
    writes = [
        *RecordRoutes(door=door, intake=intake, throttle=throttle).routes(),
        *BatchRoutes(
            door=door,
            intake=intake,
            settings=lambda: keeper.current.batch,
            count_item=guard.count_item,
        ).routes(),
    ]
    routes = [
        *Repeatable(door=door, idempotency=services.idempotency).wrap(writes),
        *collection_routes(door, collections),
        *settings_routes(door, keeper, entropy),
        *mail_test_routes(door, accounts),
        *maintenance_routes(door, maintenance),
        *upkeep_routes(door, upkeep, entropy),
        *key_routes(door, credentials.keys),
        *signed_token_routes(door, credentials.signing, lambda: keeper.current.meta.app_url),
        *bearer_routes(signing_in, accounts.sign_in, credentials),
        *AuthRoutes(signing_in=signing_in, sign_in=accounts.sign_in, entropy=entropy).routes(),
        *account_routes(signing_in, accounts),
        *oauth2_routes(signing_in, services.hub, oauth2),
        *provider_call_routes(door, store, oauth2),
        *RealtimeRoutes(door=door, hub=services.hub, clock=clock).routes(),
        *_file_routes(services, door),
        *HealthRoutes(
            door=door,
            proxy_headers=lambda: keeper.current.trusted_proxy.headers,
            can_back_up=lambda: (made := upkeep.backups.made) is None or not made.is_busy,
        ).routes(),
    ]

    return Doors(routes, lambda api: _follow_maintenance(api, guard, door, maintenance), oauth2)


def _file_routes(services: Services, door: Door) -> list[Route]:
    store = services.store
    handing_out = HandingOut(
        store=store,
        reading=services.records.reading,
        origins=Origins(store=store, plans=services.records.plans),
        bucket=services.bucket,
    )
    return FileRoutes(
        door=door,
        handing_out=handing_out,
        thumbs=services.thumbs,
        bucket=services.bucket,
        entropy=services.entropy,
    ).routes()


def _handing_out(services: Services) -> HandingOut:
    return HandingOut(
        store=services.store,
        reading=services.records.reading,
        origins=Origins(store=services.store, plans=services.records.plans),
        bucket=services.bucket,
    )


def _limited(door: Door, keeper: SettingsKeeper) -> RateGuard:
    guard = RateGuard(door=door)
    keeper.on_change(lambda settings: _follow_limits(guard, settings, door.clock))
    return guard


def trusted_proxy(settings: AppSettings, *, proxies: int) -> RealIp | None:
    """Where the real address of a client stands, None when the socket says it.

    Args:
        proxies: Of ours, in front; the application's own settings come first.
    """
    proxy = settings.trusted_proxy
    if not proxy.headers:
        return ProxyCount(proxies) if proxies else None
    return TrustedProxy(proxy.headers, use_leftmost=proxy.use_leftmost_ip)


def _follow_maintenance(
    api: Application, guard: RateGuard, door: Door, maintenance: Maintenance
) -> None:
    def follow(state: State) -> None:
        api.guard = guard
        if state.mode != "off":
            from yadokari.api.maintenance import MaintenanceGuard

            api.guard = MaintenanceGuard(door=door, state=state, then=guard)

    maintenance.on_change(follow)


def _follow_limits(guard: RateGuard, settings: AppSettings, clock: Clock) -> None:
    limits = settings.rate_limits
    if not limits.enabled:
        guard.limits = None
        return
    rules = [
        RateLimitRule(
            label=rule.label,
            audience=rule.audience,
            duration_s=rule.duration,
            requests_max=rule.max_requests,
        )
        for rule in limits.rules
    ]
    guard.limits = RateLimits(rules, clock=clock, excluded_ips=limits.excluded_ips)


def _oauth2(services: Services, intake: Intake) -> OAuth2Parts:
    from yadokari.app.oauth2 import OAuth2Parts

    return OAuth2Parts(
        store=services.store,
        records=services.records,
        passwords=services.passwords,
        uploads=intake,
        web=services.open_web(),
        box=services.box,
        clock=services.clock,
        entropy=services.entropy,
        log=services.log,
    )


def _pick(fields: str, record: Presented) -> object:
    return parse_picker(fields).pick(record)
