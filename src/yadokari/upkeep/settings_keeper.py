"""The application settings in force, and the row they are kept in.

U4  What is in force is what is stored: a change counts once its unit of work is committed.
U5  Two changes at once are both kept: each is merged into what the store has, not into a copy.

Not here: what settings there are (upkeep/app_settings.py), who may change them (api).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from yadokari.base.json_text import JsonValue
from yadokari.ports.store import ABSENT, Row, Store, Transaction
from yadokari.schema.collection import Collection
from yadokari.schema.fields import TextField
from yadokari.upkeep.app_settings import AppSettings, Box, from_stored

SETTINGS = Collection(
    id="$settings",
    name="$settings",
    fields=(
        TextField(id="id", name="id", primary_key=True),
        TextField(id="value", name="value", hidden=True),
    ),
    system=True,
)
"""Reserved: one row, JSON with sealed secrets."""
ROW_ID = "settings"


class SettingsKeeper:
    """Reads, keeps and changes the application settings."""

    def __init__(self, *, store: Store, box: Box) -> None:
        self._store, self._box = store, box
        self._listeners: list[Callable[[AppSettings], None]] = []
        self.current = AppSettings()
        """In force now; immutable, replaced by each change."""

    def on_change(self, listener: Callable[[AppSettings], None]) -> None:
        """Call ``listener`` with the settings in force, now and after each change."""
        self._listeners.append(listener)
        listener(self.current)

    async def load(self) -> None:
        """Take over what is stored; once, at the start. Raises what the box raises."""
        row = (await self._store.get(SETTINGS, [ROW_ID])).get(ROW_ID)
        if row is not None:
            self._enforce(self._read(row))

    async def change(self, changes: Mapping[str, JsonValue]) -> AppSettings:
        """Merge, check, keep and enforce a change; returns all settings.

        Raises:
            BadRequest: a value has the wrong JSON type.
            Invalid: the result cannot be in force; ``problems`` says why.
        """
        from yadokari.upkeep.app_settings_check import checked  # Seldom: no part of the start.

        async def work(transaction: Transaction) -> AppSettings:
            row = (await transaction.get(SETTINGS, [ROW_ID])).get(ROW_ID)
            former = self._read(row) if row is not None else AppSettings()
            settings = checked(former.merge(changes))
            value = settings.to_stored(self._box).decode()
            changed = Row(
                collection_id=SETTINGS.id,
                values={"id": ROW_ID, "value": value},
                version=row.version if row is not None else 0,
                stamp=row.stamp if row is not None else 0,
            )
            await transaction.put(changed, expected=row.version if row is not None else ABSENT)
            return settings

        committed = await self._store.transact(work)
        await committed.settled()
        self._enforce(committed.value)
        return committed.value

    async def set_superuser_ips(self, addresses: Sequence[str]) -> None:
        """Superusers may come from these addresses only; none = from anywhere. Raises Invalid."""
        await self.change({"superuserIPs": list(addresses)})

    def _read(self, row: Row) -> AppSettings:
        return from_stored(str(row.values["value"]).encode(), self._box)

    def _enforce(self, settings: AppSettings) -> None:
        self.current = settings
        for listener in self._listeners:
            listener(settings)
