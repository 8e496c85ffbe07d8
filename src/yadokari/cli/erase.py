"""`yadokari erase`: a person's record and every trace of it, beside a running server or without."""

from __future__ import annotations

import click
import msgspec

from yadokari.app.setting_table import DIR
from yadokari.cli.options import given, setting_options

_SHOWN_MAX = 20  # Records on a terminal; --json has all of them.


class _Place(msgspec.Struct):
    collection: str
    id: str


class _Backup(msgspec.Struct):
    name: str
    made: str


class _Result(msgspec.Struct, rename="camel"):
    """See upkeep/erasing.py."""

    dry_run: bool
    found: bool
    records: list[_Place]
    files: int
    log_images: int
    kept_answers: int
    api_keys: int
    request_logs: int
    backups: list[_Backup]
    mentions: list[_Place]
    searched: bool


@click.command()
@click.argument("collection")
@click.argument("record_id")
@click.option("--dry-run", is_flag=True, help="Say what would be erased; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options([DIR])
def erase(
    collection: str, record_id: str, dry_run: bool, as_json: bool, **flags: str | None
) -> None:
    """Erase a record with all that hangs on it, and every trace of it."""
    from yadokari.app.surroundings import settings_of
    from yadokari.cli.reach import carry_out

    arguments = {"collection": collection, "record": record_id, "dryRun": dry_run}
    raw = carry_out(settings_of(given(flags)), "erase", arguments)
    if as_json:
        click.echo(bytes(raw).decode())
    else:
        _print(msgspec.json.decode(raw, type=_Result))


def _print(result: _Result) -> None:
    verb = "Would erase" if result.dry_run else "Erased"
    if not result.found:
        click.echo("There is no such record (any more); its traces were looked for.")
    for place in result.records[:_SHOWN_MAX]:
        click.echo(f"{verb} {place.collection}/{place.id}")
    if len(result.records) > _SHOWN_MAX:
        click.echo(f"… and {len(result.records) - _SHOWN_MAX:,} more")
    click.echo(
        f"{verb}: {result.files:,} files, {result.log_images:,} images in the change log, "
        f"{result.kept_answers:,} kept answers, {result.api_keys:,} API keys, "
        f"{result.request_logs:,} request logs."
    )
    if result.backups:
        click.echo("\nBackups may still hold the record:")
        for backup in result.backups:
            click.echo(f"  {backup.name} of {backup.made}")
    if not result.searched:
        click.echo("\nNot every collection could be searched for the address: it took too long.")
    if result.mentions:
        click.echo("\nThe address stands in other records; look at them yourself:")
        for place in result.mentions[:_SHOWN_MAX]:
            click.echo(f"  {place.collection}/{place.id}")
        if len(result.mentions) > _SHOWN_MAX:
            click.echo(f"  … and {len(result.mentions) - _SHOWN_MAX:,} more")
