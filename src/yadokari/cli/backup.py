"""`yadokari backup`: make, list, verify and restore backups, beside a running server or without."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click
import msgspec

from yadokari.app.setting_table import DIR
from yadokari.cli.options import given, setting_options

_FOLDER = [DIR]
_MIB = 1024 * 1024


class _Made(msgspec.Struct):
    key: str
    modified: str
    size: int


class _Report(msgspec.Struct):
    key: str
    ok: bool
    reason: str
    made: str
    rows: int
    files: int
    bytes: int


@click.group()
def backup() -> None:
    """Make, list, verify and restore backups."""


@backup.command()
@click.argument("name", default="")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options(_FOLDER)
def create(name: str, as_json: bool, **flags: str | None) -> None:
    """Make a backup; the application goes on meanwhile."""
    raw = _done("create", {"key": name}, flags, as_json=as_json)
    if not as_json:
        click.echo(f"Made {msgspec.json.decode(raw, type=dict[str, str])['key']}")


@backup.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options(_FOLDER)
def list_(as_json: bool, **flags: str | None) -> None:
    """Show the backups there are."""
    raw = _done("list", {}, flags, as_json=as_json)
    if as_json:
        return
    made = msgspec.json.decode(raw, type=list[_Made])
    for one in made:
        click.echo(f"{one.modified}  {one.size / _MIB:9.1f} MiB  {one.key}")
    if not made:
        click.echo("There is no backup yet.")


@backup.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options(_FOLDER)
def verify(name: str, as_json: bool, **flags: str | None) -> None:
    """Restore a backup into a scratch folder and compare what it holds; changes nothing."""
    raw = _done("verify", {"key": name}, flags, as_json=as_json)
    report = msgspec.json.decode(raw, type=_Report)
    if not as_json and report.ok:
        click.echo(
            f"{report.key} of {report.made} is whole: {report.rows} rows, {report.files} files, "
            f"{report.bytes / _MIB:.1f} MiB."
        )
    if not report.ok:
        click.echo(f"{report.key} cannot be restored: {report.reason}", err=True)
        sys.exit(1)


@backup.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options(_FOLDER)
def restore(name: str, yes: bool, as_json: bool, **flags: str | None) -> None:
    """Put a backup's data in the place of the present data; a running server restarts."""
    if not yes:
        click.confirm("The present data will be gone. Go on?", abort=True, err=True)
    raw = _done("restore", {"key": name}, flags, as_json=as_json)
    if not as_json:
        made = msgspec.json.decode(raw, type=dict[str, str])["made"]
        click.echo(f"Restored {name} of {made}.")


def _done(
    name: str, arguments: Mapping[str, object], flags: dict[str, str | None], *, as_json: bool
) -> msgspec.Raw:
    from yadokari.app.surroundings import settings_of
    from yadokari.cli.reach import carry_out

    raw = carry_out(settings_of(given(flags)), f"backup.{name}", arguments)
    if as_json:
        click.echo(bytes(msgspec.json.encode(raw)).decode())
    return raw
