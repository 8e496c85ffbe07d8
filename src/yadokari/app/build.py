"""Builds every object of a program from its settings, and takes them apart again.

This is the only place that names an adapter. Read it from top to bottom: each line needs only what
stands above it.

Not here: what was set (app/settings.py), running it (app/run.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from yadokari.admin.install_link import InstallLink
from yadokari.admin.pages import HOME_PATH, AdminPages
from yadokari.api.asgi import Application
from yadokari.api.cors import Origins
from yadokari.api.router import Route
from yadokari.api.static import StaticFiles
from yadokari.app.access_log import AccessLog
from yadokari.app.commands import Commands
from yadokari.app.front import Front
from yadokari.app.parts import Build, Program, Surroundings
from yadokari.auth.passwords import Passwords
from yadokari.auth.secret_key import SecretBox, SecretKey, kept_secret, read_secret
from yadokari.auth.superusers import Superusers
from yadokari.base.log import Log
from yadokari.schema.collection import (
    SUPERUSERS_ID,
    SUPERUSERS_NAME,
    AuthOptions,
    Collection,
    Schema,
)
from yadokari.schema.fields import AutodateField, BoolField, EmailField, PasswordField, TextField
from yadokari.stores.sqlite.settings import SqliteSettings
from yadokari.stores.sqlite.store import SqliteStore, open_sqlite
from yadokari.upkeep.idempotency import IDEMPOTENCY, PRUNE_ROWS_MAX, Idempotency
from yadokari.upkeep.settings_keeper import SETTINGS, SettingsKeeper

TEND_S = 600  # Kept answers live a day; a few minutes more do no harm.


async def build(surroundings: Surroundings) -> Program:
    """Open the store and connect everything.

    Raises:
        YadokariError: what cannot be opened, with the reader's next step.
    """
    settings, clock, entropy = surroundings.settings, surroundings.clock, surroundings.entropy
    log = surroundings.log
    box = secret_box(surroundings)
    store = await _open_store(surroundings)
    passwords = Passwords(entropy=entropy)
    keeper = SettingsKeeper(store=store, box=box)
    await keeper.load()
    superusers = Superusers(store=store, passwords=passwords, clock=clock, entropy=entropy)
    idempotency = Idempotency(store=store, clock=clock)
    link = InstallLink(clock=clock, entropy=entropy)
    access = None
    if settings.log_requests != "none":
        access = AccessLog(
            log, entropy=entropy, lines=settings.log_requests, slow_ms=settings.slow_request_ms
        )
    public = None
    if settings.public is not None:
        public = StaticFiles(settings.public, index_fallback=settings.index_fallback)
    api = Application(
        _routes(),
        log=log,
        origins=Origins(settings.origins),
        public=public,
        home=HOME_PATH,
        access=access,
    )

    async def close() -> None:
        passwords.close()
        await store.close()

    return Program(
        application=Front(api=api, admin=AdminPages(superusers=superusers, link=link)),
        superusers=superusers,
        link=link,
        commands=Commands(superusers=superusers, ip_list=keeper, migrations=None),
        tend=lambda: _tend(idempotency, log=log),
        end_streams=lambda: None,
        close=close,
    )


def secret_box(surroundings: Surroundings) -> SecretBox:
    """What seals stored secrets: the given key, or the one kept in the data folder.

    A key kept there still opens what it sealed after one was given from outside.

    Raises:
        SecretKeyError: a key is too short or cannot be read.
    """
    given, path = surroundings.settings.secrets, surroundings.dir.secret_key
    previous = [
        SecretKey(_read(surroundings, reference, setting="SECRET_KEY_PREVIOUS"))
        for reference in given.secret_key_previous
    ]
    if given.secret_key:
        current = SecretKey(_read(surroundings, given.secret_key, setting="SECRET_KEY"))
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


def _read(surroundings: Surroundings, reference: str, *, setting: str) -> str:
    text = read_secret(reference, setting=setting)
    surroundings.redactor.hide(text)
    return text


async def _open_store(surroundings: Surroundings) -> SqliteStore:
    settings = surroundings.settings
    store = await open_sqlite(
        surroundings.dir.database,
        clock=surroundings.clock,
        entropy=surroundings.entropy,
        settings=SqliteSettings(
            synchronous="FULL" if settings.sqlite_sync == "full" else "OFF",
            query_timeout_ms=settings.query_timeout_s * 1_000,
        ),
    )
    await store.ensure([SETTINGS, IDEMPOTENCY, *_first_collections()])
    store.adopt(Schema(collections=_first_collections(), version=1))
    return store


def _first_collections() -> tuple[Collection, ...]:
    """SEAM: the collections service loads the stored schema and makes a new file's collections."""
    fields = (
        TextField(
            id="text3208210256",
            name="id",
            system=True,
            required=True,
            min=15,
            max=15,
            pattern="^[a-z0-9]+$",
            autogenerate_pattern="[a-z0-9]{15}",
            primary_key=True,
        ),
        PasswordField(
            id="password901924565", name="password", system=True, hidden=True, min=8, required=True
        ),
        TextField(
            id="text2504183744",
            name="tokenKey",
            system=True,
            hidden=True,
            required=True,
            min=30,
            max=60,
            autogenerate_pattern="[a-zA-Z0-9]{50}",
        ),
        EmailField(id="email3885137012", name="email", system=True, required=True),
        BoolField(id="bool1547992806", name="emailVisibility", system=True),
        BoolField(id="bool256245529", name="verified", system=True),
        AutodateField(id="autodate2990389176", name="created", system=True, on_create=True),
        AutodateField(
            id="autodate3332085495", name="updated", system=True, on_create=True, on_update=True
        ),
    )
    superusers = Collection(
        id=SUPERUSERS_ID,
        name=SUPERUSERS_NAME,
        type="auth",
        fields=fields,
        system=True,
        auth=AuthOptions(),
    )
    return (superusers,)


def _routes() -> Sequence[Route]:
    return ()


async def _tend(idempotency: Idempotency, *, log: Log) -> None:
    """Forget old kept answers, every ten minutes, until cancelled."""
    while True:
        await asyncio.sleep(TEND_S)
        while (forgotten := await idempotency.prune()) == PRUNE_ROWS_MAX:
            log.debug("kept_answers_forgotten", count=forgotten)


_: Build = build
