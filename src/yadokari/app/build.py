"""Builds every object of a program from its settings, and takes them apart again.

This is the only place that names an adapter. Read it from top to bottom: each line needs only what
stands above it.

Not here: what was set (app/settings.py), running it (app/run.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

from yadokari.admin.install_link import InstallLink
from yadokari.admin.pages import HOME_PATH, AdminPages
from yadokari.api.asgi import Application
from yadokari.api.cors import Origins
from yadokari.api.static import StaticFiles
from yadokari.app.access_log import AccessLog
from yadokari.app.commands import Commands, Erasing
from yadokari.app.credentials import build_credentials
from yadokari.app.data_dir import DataDir
from yadokari.app.entrance import entrance
from yadokari.app.mailing import ChosenMailer
from yadokari.app.parts import Build, Program, Surroundings
from yadokari.app.request_log import RequestLog
from yadokari.app.settings import Settings
from yadokari.app.storage import Storage, open_standing
from yadokari.app.upkeep import Keeping, build_upkeep
from yadokari.app.web import Doors, Services, build_doors, build_services, trusted_proxy
from yadokari.auth.account_rows import DECOYS
from yadokari.auth.api_keys import API_KEYS
from yadokari.auth.passwords import Passwords
from yadokari.auth.secret_key import SecretBox, SecretKey, kept_secret
from yadokari.auth.signing_keys import SIGNING_KEYS
from yadokari.auth.superusers import Superusers
from yadokari.base.errors import YadokariError
from yadokari.base.log import Log
from yadokari.blobs.local.bucket import LocalBucket
from yadokari.collections.journal import FileJournal
from yadokari.collections.migrations import Migrations
from yadokari.collections.reserved import PROVIDER_TOKENS, RESERVED, bootstrap, load_schema
from yadokari.ports.clock import Clock
from yadokari.stores.sqlite.settings import SqliteSettings
from yadokari.stores.sqlite.store import SqliteStore, open_sqlite
from yadokari.upkeep.app_settings import AppSettings
from yadokari.upkeep.idempotency import IDEMPOTENCY, PRUNE_ROWS_MAX, Idempotency
from yadokari.upkeep.log_queue import LogQueue
from yadokari.upkeep.maintenance import Maintenance
from yadokari.upkeep.settings_keeper import SETTINGS, SettingsKeeper

if TYPE_CHECKING:
    from yadokari.collections.service import Collections
    from yadokari.files.orphans import Orphans
    from yadokari.ports.web import Web

TEND_S = 600  # Kept answers live a day; a few minutes more do no harm.

_SYNCHRONOUS: Final[Mapping[str, Literal["FULL", "NORMAL", "OFF"]]] = {
    "full": "FULL",
    "normal": "NORMAL",
    "off": "OFF",
}


async def build(surroundings: Surroundings) -> Program:
    """Open the store and connect everything.

    Raises:
        YadokariError: what cannot be opened, with the reader's next step.
    """
    settings, log = surroundings.settings, surroundings.log
    clock, entropy = surroundings.clock, surroundings.entropy
    box = secret_box(surroundings)
    store = await _open_store(surroundings, box)
    bucket = _storage(surroundings)
    passwords = Passwords(entropy=entropy)
    keeper = SettingsKeeper(store=store, box=box)
    await keeper.load()
    keeper.on_change(bucket.follow)
    migrations = Migrations(
        store=store, folder=settings.migrations_dir, clock=clock, draw=entropy, log=log, box=box
    )
    idempotency = Idempotency(store=store, clock=clock)
    open_web = surroundings.open_web or _open_web
    services = build_services(
        store=store,
        bucket=bucket,
        clock=clock,
        entropy=entropy,
        log=log,
        passwords=passwords,
        keeper=keeper,
        idempotency=idempotency,
        credentials=build_credentials(surroundings, store, box, open_web=open_web),
        language=settings.language,
        mailer=surroundings.mailer or ChosenMailer(keeper=keeper, clock=clock, entropy=entropy),
        box=box,
        open_web=open_web,
    )
    superusers = Superusers(
        store=store, records=services.records, passwords=passwords, clock=clock, entropy=entropy
    )
    link = InstallLink(clock=clock, entropy=entropy)
    maintenance = Maintenance(store=store, forced=settings.maintenance)
    await maintenance.load()

    upkeep = build_upkeep(surroundings, services, store, storage=lambda: bucket.in_folder)
    doors = build_doors(
        services, lambda: _collections(surroundings, services, box), maintenance, upkeep.doors
    )
    api = _application(surroundings, doors, keeper, notes=upkeep.notes)
    admin = AdminPages(superusers=superusers, link=link)
    application, serve = entrance(surroundings, api, admin, sealer=box)

    return Program(
        application=application,
        routes=doors.routes,
        serve=serve,
        superusers=superusers,
        link=link,
        commands=_commands(
            surroundings.dir, store, services, superusers, migrations, maintenance, upkeep
        ),
        prepare=lambda: _prepare(migrations),
        tend=lambda: _tend(services, doors, upkeep),
        restart=upkeep.restart,
        end_streams=services.hub.close,
        close=lambda: _close(services, doors, upkeep),
    )


async def _close(services: Services, doors: Doors, upkeep: Keeping) -> None:
    services.passwords.close()
    services.drawing.close()
    await upkeep.close()
    await doors.close()
    await services.credentials.close()
    await services.store.close()


def _commands(
    folder: DataDir,
    store: SqliteStore,
    services: Services,
    superusers: Superusers,
    migrations: Migrations,
    maintenance: Maintenance,
    upkeep: Keeping,
) -> Commands:
    def erasing() -> Erasing:
        from yadokari.app.erasing import build_erasing  # Loaded when somebody is erased.

        return build_erasing(folder, store, services, upkeep.doors.logs)

    def orphans() -> Orphans:
        from yadokari.files.orphans import Orphans  # Loaded when somebody asks for them.

        return Orphans(store=services.store, bucket=services.bucket, clock=services.clock)

    return Commands(
        superusers=superusers,
        otps=lambda: services.accounts.superuser_otps,
        ip_list=services.keeper,
        migrations=migrations,
        maintenance=maintenance,
        orphans=orphans,
        erasing=erasing,
        backups=upkeep.doors.backups,
        restart=upkeep.restart,
    )


def _storage(surroundings: Surroundings) -> Storage:
    """Where files are kept."""
    folder, entropy = surroundings.dir.storage, surroundings.entropy
    given = surroundings.settings.storage
    return Storage(lambda: open_standing(given, local=lambda: LocalBucket(folder, entropy=entropy)))


def _collections(surroundings: Surroundings, services: Services, box: SecretBox) -> Collections:
    from yadokari.collections.service import Collections

    settings = surroundings.settings
    return Collections(
        store=services.store,
        clock=services.clock,
        draw=services.entropy,
        remover=services.records.deleting,
        box=box,
        journal=_journal(settings, services.clock, services.log),
        is_locked=settings.lock_schema,
        on_deleted=services.sweeper.collection_deleted,
    )


def _application(
    surroundings: Surroundings, doors: Doors, keeper: SettingsKeeper, *, notes: LogQueue
) -> Application:
    settings, log = surroundings.settings, surroundings.log
    access = None
    if settings.log_requests != "none":
        access = AccessLog(
            log,
            entropy=surroundings.entropy,
            lines=settings.log_requests,
            slow_ms=settings.slow_request_ms,
        )
    public = None
    if settings.public is not None:
        public = StaticFiles(settings.public, index_fallback=settings.index_fallback)
    api = Application(
        doors.routes,
        log=log,
        origins=Origins(settings.origins),
        public=public,
        home=HOME_PATH,
        access=access,
        body_timeout_s=settings.body_timeout_s,
    )

    doors.guarded(api)

    noting = RequestLog(notes, clock=surroundings.clock, lines=access)

    def follow(changed: AppSettings) -> None:
        api.trusted_proxy = trusted_proxy(changed, proxies=settings.proxies)
        api.access = noting if changed.logs.max_days > 0 else access  # Costs nothing when off.

    keeper.on_change(follow)
    return api


def _journal(settings: Settings, clock: Clock, log: Log) -> FileJournal | None:
    """Where schema edits are written down as migrations, when they are."""
    if not settings.automigrate:
        return None
    return FileJournal(folder=settings.migrations_dir, clock=clock, log=log)


def secret_box(surroundings: Surroundings) -> SecretBox:
    """What seals stored secrets: the given key, or the one kept in the data folder.

    A key kept there still opens what it sealed after one was given from outside.

    Raises:
        SecretKeyError: a key is too short or cannot be read.
    """
    given, path = surroundings.settings.secrets, surroundings.dir.secret_key
    previous = [
        SecretKey(surroundings.secret(reference, setting="SECRET_KEY_PREVIOUS"))
        for reference in given.secret_key_previous
    ]
    if given.secret_key:
        current = SecretKey(surroundings.secret(given.secret_key, setting="SECRET_KEY"))
        if path.exists():
            previous.append(SecretKey(kept_secret(path, entropy=surroundings.entropy)))
    else:
        made = not path.exists()
        text = kept_secret(path, entropy=surroundings.entropy)
        surroundings.redactor.hide(text)
        current = SecretKey(text, setting=str(path))
        if made:
            surroundings.log.info("secret_key_made", file=str(path))
    return SecretBox(current, entropy=surroundings.entropy, previous=previous)


async def _open_store(surroundings: Surroundings, box: SecretBox) -> SqliteStore:
    settings = surroundings.settings
    store = await open_sqlite(
        surroundings.dir.database,
        clock=surroundings.clock,
        entropy=surroundings.entropy,
        settings=SqliteSettings(
            synchronous=_SYNCHRONOUS[settings.sqlite_sync],
            query_timeout_ms=settings.query_timeout_s * 1_000,
        ),
    )
    await store.ensure([*RESERVED, SETTINGS, IDEMPOTENCY, API_KEYS, SIGNING_KEYS, DECOYS])
    store.adopt(await load_schema(store, version=store.stored_schema_version, box=box))
    await bootstrap(store, clock=surroundings.clock, draw=surroundings.entropy, box=box)
    return store


async def _prepare(migrations: Migrations) -> None:
    await migrations.up()


def _open_web() -> Web:
    from yadokari.web.client import WebClient

    return WebClient()


async def _tend(services: Services, doors: Doors, upkeep: Keeping) -> None:
    """Realtime, sweeping, mails and upkeep, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(services.hub.run())
        tasks.create_task(services.sweeper.run())
        tasks.create_task(services.accounts.queue.run())
        tasks.create_task(_forget_answers(services))
        tasks.create_task(_forget_provider_tokens(services, doors))
        tasks.create_task(upkeep.run())


async def _forget_answers(services: Services) -> None:
    """Forget old kept answers, every ten minutes."""
    while True:
        await asyncio.sleep(TEND_S)
        try:
            while (forgotten := await services.idempotency.prune()) == PRUNE_ROWS_MAX:
                services.log.debug("kept_answers_forgotten", count=forgotten)
        except YadokariError as error:  # A full disk, say: realtime goes on.
            services.log.warning("kept_answers_left", reason=str(error))


async def _forget_provider_tokens(services: Services, doors: Doors) -> None:
    """Forget tokens of other services whose link is gone, every ten minutes."""
    while True:
        await asyncio.sleep(TEND_S)
        try:
            # Asked here first: who has none shall not load what signing in by OAuth2 needs.
            if await services.store.all_of(PROVIDER_TOKENS, rows_max=1):
                forgotten = await doors.oauth2().tokens.forget_orphans()
                services.log.debug("provider_tokens_forgotten", count=forgotten)
        except YadokariError as error:
            services.log.warning("provider_tokens_left", reason=str(error))


_: Build = build
