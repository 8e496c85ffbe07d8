"""`yadokari files`: look after uploaded files, beside a running server or without."""

from __future__ import annotations

import click
import msgspec

from yadokari.app.setting_table import SETTINGS
from yadokari.cli.options import given, setting_options

_STORAGE = [
    row for row in SETTINGS if row.name == "dir" or row.name.startswith(("storage-", "supabase-"))
]


class _Found(msgspec.Struct, frozen=True):
    count: int
    removed: bool
    keys: list[str]


@click.group()
def files() -> None:
    """Look after uploaded files."""


@files.command()
@click.option("--remove", is_flag=True, help="Remove them.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options(_STORAGE)
def orphans(remove: bool, as_json: bool, **flags: str | None) -> None:
    """List files that no record names and that are older than a day."""
    from yadokari.app.surroundings import settings_of
    from yadokari.cli.reach import carry_out

    result = carry_out(settings_of(given(flags)), "files.orphans", {"remove": remove})
    if as_json:
        click.echo(bytes(result).decode())
        return
    found = msgspec.json.decode(result, type=_Found)
    for key in found.keys:
        click.echo(key)
    click.echo(f"{found.count} {'removed' if found.removed else 'found'}.", err=True)
