"""`yadokari migrate`: run, revert and write migrations, beside a running server or without."""

from __future__ import annotations

from collections.abc import Mapping

import click
import msgspec

from yadokari.app.setting_table import DIR, SETTINGS
from yadokari.cli.options import given, setting_options

_FOLDERS = [DIR, *(row for row in SETTINGS if row.name == "migrations-dir")]


class _Result(msgspec.Struct):
    """What a migration command did; each command sets one of these."""

    applied: list[str] = []
    reverted: list[str] = []
    forgotten: list[str] = []
    file: str = ""


@click.group(invoke_without_command=True)
@click.pass_context
@setting_options(_FOLDERS)
def migrate(context: click.Context, **flags: str | None) -> None:
    """Run, revert and write migrations; alone it runs what is pending."""
    if context.invoked_subcommand is None:
        _up(flags, as_json=False)


@migrate.command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options(_FOLDERS)
def up(as_json: bool, **flags: str | None) -> None:
    """Run what is pending, in order."""
    _up(flags, as_json=as_json)


@migrate.command()
@click.argument("count", type=click.IntRange(1, 1_000), default=1)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options(_FOLDERS)
def down(count: int, yes: bool, as_json: bool, **flags: str | None) -> None:
    """Revert the last migration, or the last COUNT."""
    if not yes:
        click.confirm(f"Revert the last {count}? Data may be lost.", abort=True, err=True)
    result = _done("down", {"count": count}, flags, as_json=as_json)
    if not as_json:
        _list("Reverted", result.reverted, none="There was nothing to revert.")


@migrate.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options(_FOLDERS)
def create(name: str, as_json: bool, **flags: str | None) -> None:
    """Write an empty migration file."""
    result = _done("create", {"name": name}, flags, as_json=as_json)
    if not as_json:
        click.echo(f"Wrote {result.file}")


@migrate.command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options(_FOLDERS)
def collections(as_json: bool, **flags: str | None) -> None:
    """Write a migration file with all collections as they are."""
    result = _done("collections", {}, flags, as_json=as_json)
    if not as_json:
        click.echo(f"Wrote {result.file}")


@migrate.command("history-sync")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options(_FOLDERS)
def history_sync(as_json: bool, **flags: str | None) -> None:
    """Forget history entries whose file is gone."""
    result = _done("history-sync", {}, flags, as_json=as_json)
    if not as_json:
        _list("Forgot", result.forgotten, none="Every entry has its file.")


def _up(flags: dict[str, str | None], *, as_json: bool) -> None:
    result = _done("up", {}, flags, as_json=as_json)
    if not as_json:
        _list("Applied", result.applied, none="There was nothing to apply.")


def _done(
    name: str, arguments: Mapping[str, object], flags: dict[str, str | None], *, as_json: bool
) -> _Result:
    from yadokari.app.surroundings import settings_of
    from yadokari.cli.reach import carry_out

    raw = carry_out(settings_of(given(flags)), f"migrate.{name}", arguments)
    if as_json:
        click.echo(bytes(msgspec.json.encode(raw)).decode())
    return msgspec.json.decode(raw, type=_Result)


def _list(verb: str, names: list[str], *, none: str) -> None:
    for name in names:
        click.echo(f"{verb} {name}")
    if not names:
        click.echo(none)
