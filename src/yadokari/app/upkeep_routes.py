"""Endpoints of upkeep: jobs, request logs, backups, free SQL; their modules are loaded on demand.

Not here: what they do (upkeep), putting it together (app/upkeep.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from yadokari.api.door import Door
from yadokari.api.on_demand import on_demand
from yadokari.api.router import Route
from yadokari.app.parts import Late
from yadokari.ports.entropy import Entropy
from yadokari.ports.sql_console import SqlConsole
from yadokari.upkeep.crons import Crons
from yadokari.upkeep.logs import RequestLogs

if TYPE_CHECKING:
    from yadokari.upkeep.backups import Backups


class Upkeep(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps the installation in order."""

    crons: Crons
    logs: RequestLogs
    backups: Late[Backups]
    restore: Callable[[str], None]
    """Begins a restore in the background."""
    console: SqlConsole | None
    """Takes free SQL; None where the store has no such thing."""


def upkeep_routes(door: Door, upkeep: Upkeep, entropy: Entropy) -> list[Route]:
    """Jobs, logs and backups."""
    return [
        *_cron_routes(door, upkeep),
        *_log_routes(door, upkeep),
        *_backup_routes(door, upkeep, entropy),
        *_sql_routes(door, upkeep),
    ]


def _cron_routes(door: Door, upkeep: Upkeep) -> list[Route]:
    def make() -> object:
        from yadokari.api.crons import CronRoutes

        return CronRoutes(door=door, crons=upkeep.crons)

    path = "/api/crons"
    return on_demand(make, (("GET", path, "list"), ("POST", path + "/{id}", "start")))


def _log_routes(door: Door, upkeep: Upkeep) -> list[Route]:
    def make() -> object:
        from yadokari.api.logs import LogRoutes

        return LogRoutes(door=door, logs=upkeep.logs)

    path = "/api/logs"
    return on_demand(
        make,
        (
            ("GET", path, "list"),
            ("DELETE", path, "truncate"),
            ("GET", path + "/stats", "stats"),
            ("GET", path + "/{id}", "view"),
        ),
    )


def _sql_routes(door: Door, upkeep: Upkeep) -> list[Route]:
    def make() -> object:
        from yadokari.api.sql import SqlRoutes

        return SqlRoutes(door=door, console=upkeep.console)

    return on_demand(make, (("POST", "/api/sql", "run"),))


def _backup_routes(door: Door, upkeep: Upkeep, entropy: Entropy) -> list[Route]:
    def make() -> object:
        from yadokari.api.backups import BackupRoutes

        return BackupRoutes(
            door=door, backups=upkeep.backups(), restore=upkeep.restore, entropy=entropy
        )

    path = "/api/backups"
    one = path + "/{key}"
    routes = on_demand(
        make,
        (
            ("GET", path, "list"),
            ("POST", path, "create"),
            ("POST", path + "/upload", "upload"),
            ("GET", one, "download"),
            ("DELETE", one, "delete"),
            ("POST", one + "/restore", "restore"),
        ),
    )
    # A backup has any size: the contract sets no limit here.
    return [
        msgspec.structs.replace(route, body_bytes_max=None)
        if route.pattern.endswith("/upload")
        else route
        for route in routes
    ]
