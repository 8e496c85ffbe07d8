"""The command `yadokari`: subcommands, loaded when called.

N1  Nothing is imported before it is needed: `--version` and `--help` load neither the server, the
    database nor cryptography.
N2  Results go to standard output, messages to standard error. Exit codes: docs/exit-codes.md.

Not here: what commands do (app).
"""

from __future__ import annotations

import importlib
import sys
from typing import Final

import click
from typing_extensions import override

from yadokari.base.errors import YadokariError

FAILED: Final = 1
COMMANDS: Final = {
    "serve": ("yadokari.cli.serve", "serve", "Start the server."),
    "files": ("yadokari.cli.files", "files", "Look after uploaded files."),
    "superuser": ("yadokari.cli.superuser", "superuser", "Make, change and remove superusers."),
    "maintenance": ("yadokari.cli.maintenance", "maintenance", "Close the site for a while."),
    "erase": ("yadokari.cli.erase", "erase", "Erase a person's record and every trace of it."),
    "import": ("yadokari.cli.import_data", "import_data", "Take over another program's data."),
    "backup": ("yadokari.cli.backup", "backup", "Make, list, verify and restore backups."),
    "migrate": ("yadokari.cli.migrate", "migrate", "Run, revert and write migrations."),
}
"""Module, name in it and help of each command."""


class LazyGroup(click.Group):
    """A group that knows its commands' names and loads one when it is called."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][2]) for name in self.list_commands(ctx)])


def _version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        from importlib.metadata import version

        click.echo(f"yadokari {version('yadokari-backend')}")
        context.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version.",
)
def cli() -> None:
    """An application backend in one process: collections, rules, auth, files, realtime."""


def main() -> None:
    """Run the command line; the console script."""
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as exc:
        exc.show()
        sys.exit(exc.exit_code)
    except click.Abort:
        click.echo("Aborted.", err=True)
        sys.exit(FAILED)
    except YadokariError as exc:
        click.echo(f"Error: {exc}", err=True)
        sys.exit(FAILED)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
