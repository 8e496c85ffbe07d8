"""`yadokari import`: take over the data of another program."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from yadokari.app.setting_table import DIR
from yadokari.cli.options import given, setting_options

if TYPE_CHECKING:
    from yadokari.importing.findings import Finding
    from yadokari.importing.pocketbase import ImportReport

_SHOWN_MAX = 10  # Names of one finding on a terminal; --json has more of them.


@click.group("import")
def import_data() -> None:
    """Take over the data of another program."""


@import_data.command()
@click.argument("pb_data", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Report what would be done; write nothing.")
@click.option(
    "--encryptionEnv",
    "--encryption-env",
    "key_variable",
    metavar="NAME",
    help="Variable with the key that PocketBase encrypted its settings with.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@setting_options([DIR])
def pocketbase(
    pb_data: Path, dry_run: bool, key_variable: str | None, as_json: bool, **flags: str | None
) -> None:
    """Take over PB_DATA, a data folder of PocketBase 0.23 or later, into an empty folder."""
    from yadokari.app.import_pocketbase import import_pocketbase
    from yadokari.app.surroundings import settings_of

    key: str | None = None
    if key_variable is not None:
        key = os.environ.get(key_variable)
        if not key:
            raise click.ClickException(f"The variable {key_variable} is not set.")
    settings = settings_of(given(flags))
    # Asked to stop in either way it takes back what it made.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    watch = _Watch()
    try:
        report = import_pocketbase(
            settings, pb_data, settings_key=key, dry_run=dry_run, progress=watch
        )
    finally:
        watch.end()
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        _print(report, settings.dir.root)


class _Watch:
    """One line that tells how far it got; only where a person looks."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()
        self._width = 0

    def __call__(self, step: str, done: int, total: int) -> None:
        if self._is_shown:
            line = f"{step}: {done:,} of {total:,}"
            click.echo(f"\r{line.ljust(self._width)}", nl=False, err=True)
            self._width = len(line)

    def end(self) -> None:
        """Take the line away."""
        if self._width:
            click.echo("\r" + " " * self._width + "\r", nl=False, err=True)


def _print(report: ImportReport, target: Path) -> None:
    for item in report.collections:
        files = f", {item.files:,} files ({item.file_bytes:,} bytes)" if item.files else ""
        click.echo(f"{item.name} ({item.type}): {item.records:,} records{files}")
    for sort, title in (
        ("left out", "Not carried over:"),
        ("changed", "Carried over in another form:"),
        ("look at", "Please look at:"),
    ):
        _print_findings(title, [item for item in report.findings if item.sort == sort])
    if report.dry_run:
        click.echo("\nThis was a dry run: nothing was written.")
    else:
        click.echo(
            f"\nEverything was read again and compared. Start: yadokari serve --dir {target}"
        )


def _print_findings(title: str, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    click.echo(f"\n{title}")
    for item in findings:
        click.echo(f"- {item.what} ({item.count:,})")
        for name in item.names[:_SHOWN_MAX]:
            click.echo(f"    {name}")
        if item.count > _SHOWN_MAX:
            click.echo(f"    … and {item.count - _SHOWN_MAX:,} more")
