"""What an operator can have done, by a running server or by the command itself.

D6  A command does the same work wherever it runs; only who owns the folder differs.

Not here: the way to the server (app/control.py), printing (cli).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from yadokari.app.control import CommandRefused
from yadokari.app.restart import Restart
from yadokari.auth.superusers import Superusers
from yadokari.upkeep.maintenance import Maintenance, mode_of

if TYPE_CHECKING:
    from yadokari.auth.superuser_otps import SuperuserOtps
    from yadokari.files.orphans import Orphans
    from yadokari.upkeep.backups import Backups


class Migrations(Protocol):
    """What commands need of the migration engine. Raises errors of ours with what went wrong."""

    async def up(self) -> Sequence[str]:
        """Run what is pending; names of the files, in order."""
        ...

    async def down(self, count: int) -> Sequence[str]:
        """Revert the last ones; names of the files, in order."""
        ...

    async def create(self, name: str) -> str:
        """Write an empty file; its path."""
        ...

    async def snapshot(self) -> str:
        """Write a file with all collections; its path."""
        ...

    async def history_sync(self) -> Sequence[str]:
        """Forget history entries whose file is gone; their names."""
        ...


class IpList(Protocol):
    """The addresses superusers may come from."""

    async def set_superuser_ips(self, addresses: Sequence[str]) -> None:
        """Replace them; none = from anywhere. Raises Invalid."""
        ...


class Erasing(Protocol):
    """Erases records with their traces. Raises errors of ours with what went wrong."""

    async def erase(self, collection_name: str, id: str, *, dry_run: bool) -> object:
        """Erase one; what was erased."""
        ...


class Credentials(msgspec.Struct, frozen=True):
    """Arguments of ``superuser.create``, ``.update`` and ``.upsert``."""

    email: str
    password: str


class Email(msgspec.Struct, frozen=True):
    """Arguments of ``superuser.delete`` and ``superuser.otp``."""

    email: str


class Addresses(msgspec.Struct, frozen=True):
    """Arguments of ``superuser.ips``."""

    addresses: list[str]


class Count(msgspec.Struct, frozen=True):
    """Arguments of ``migrate.down``."""

    count: int = 1


class Name(msgspec.Struct, frozen=True):
    """Arguments of ``migrate.create``."""

    name: str


class Mode(msgspec.Struct, frozen=True):
    """Arguments of ``maintenance.set``."""

    mode: str


class Remove(msgspec.Struct, frozen=True):
    """Arguments of ``files.orphans``."""

    remove: bool = False


class Erasure(msgspec.Struct, frozen=True, rename="camel"):
    """Arguments of ``erase``."""

    collection: str
    record: str
    dry_run: bool = False


class Key(msgspec.Struct, frozen=True):
    """Arguments of the backup commands."""

    key: str = ""


class Commands:
    """Runs commands by name."""

    def __init__(
        self,
        *,
        superusers: Superusers,
        otps: Callable[[], SuperuserOtps],
        ip_list: IpList,
        migrations: Migrations | None,
        maintenance: Maintenance,
        orphans: Callable[[], Orphans],
        erasing: Callable[[], Erasing],
        backups: Callable[[], Backups],
        restart: Restart,
    ) -> None:
        self._superusers, self._otps = superusers, otps
        self._ip_list, self._migrations = ip_list, migrations
        self._maintenance, self._orphans, self._erasing = maintenance, orphans, erasing
        self._backups, self._restart = backups, restart

    async def run(self, command: str, arguments: msgspec.Raw) -> object:
        """Run one; returns what becomes JSON.

        Raises:
            CommandRefused: there is no such command.
            YadokariError: what the command itself meets.
            msgspec.DecodeError: the arguments are not its own.
        """
        group, _, name = command.partition(".")
        if group == "superuser":
            return await self._superuser(name, arguments)
        if group == "migrate":
            return await self._migrate(name, arguments)
        if group == "maintenance":
            return await self._maintain(name, arguments)
        if command == "files.orphans":
            remove = msgspec.json.decode(arguments, type=Remove).remove
            return await self._orphans().collect(remove=remove)
        if command == "erase":
            given = msgspec.json.decode(arguments, type=Erasure)
            erasing = self._erasing()
            return await erasing.erase(given.collection, given.record, dry_run=given.dry_run)
        if group == "backup":
            return await self._backup(name, arguments)
        if command == "status":
            return {"running": True}
        raise _unknown(command)

    async def _superuser(self, name: str, arguments: msgspec.Raw) -> object:
        if name == "ips":
            addresses = msgspec.json.decode(arguments, type=Addresses).addresses
            await self._ip_list.set_superuser_ips(addresses)
            return {"superuserIPs": addresses}
        if name == "otp":
            otp = await self._otps().give(msgspec.json.decode(arguments, type=Email).email)
            return {"otpId": otp.id, "password": otp.code, "duration": otp.duration_s}
        if name == "delete":
            email = msgspec.json.decode(arguments, type=Email).email
            return {"email": email, "deleted": await self._superusers.delete(email)}
        given = msgspec.json.decode(arguments, type=Credentials)
        if name == "create":
            await self._superusers.create(given.email, given.password)
        elif name == "update":
            await self._superusers.update(given.email, given.password)
        elif name == "upsert":
            await self._superusers.upsert(given.email, given.password)
        else:
            raise _unknown(f"superuser.{name}")
        return {"email": given.email}

    async def _maintain(self, name: str, arguments: msgspec.Raw) -> object:
        if name == "show":
            return self._maintenance.state
        if name == "set":
            mode = mode_of(msgspec.json.decode(arguments, type=Mode).mode)
            return await self._maintenance.set(mode)
        raise _unknown(f"maintenance.{name}")

    async def _backup(self, name: str, arguments: msgspec.Raw) -> object:
        backups = self._backups()
        if name == "list":
            return [msgspec.to_builtins(made) for made in await backups.list()]
        key = msgspec.json.decode(arguments, type=Key).key
        if name == "create":
            return {"key": await backups.create(key)}
        if name == "verify":
            return msgspec.to_builtins(await backups.verify(key))
        if name == "restore":
            manifest = await backups.prepare_restore(key)
            self._restart.ask()
            return {"key": key, "made": manifest.made}
        raise _unknown(f"backup.{name}")

    async def _migrate(self, name: str, arguments: msgspec.Raw) -> object:
        engine = self._migrations
        if engine is None:
            raise CommandRefused("migrations are not available on this store")
        if name == "up":
            return {"applied": list(await engine.up())}
        if name == "down":
            count = msgspec.json.decode(arguments, type=Count).count
            return {"reverted": list(await engine.down(count))}
        if name == "create":
            given = msgspec.json.decode(arguments, type=Name)
            return {"file": await engine.create(given.name)}
        if name == "collections":
            return {"file": await engine.snapshot()}
        if name == "history-sync":
            return {"forgotten": list(await engine.history_sync())}
        raise _unknown(f"migrate.{name}")


def _unknown(command: str) -> CommandRefused:
    return CommandRefused(f"this server knows no command {command!r}; is it another version?")
