"""`yadokari maintenance`: close the site for a while, beside a running server or without."""

from __future__ import annotations

import click
import msgspec

from yadokari.app.setting_table import DIR
from yadokari.cli.options import given, setting_options


class _State(msgspec.Struct, frozen=True):
    mode: str
    forced: bool


@click.command()
@click.argument("mode", type=click.Choice(["on", "read-only", "off"]), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options([DIR])
def maintenance(mode: str | None, as_json: bool, **flags: str | None) -> None:
    """Answer the API with 503 until it is set to off again; without a mode, say which one it is.

    on: nobody but superusers, who may look. read-only: whatever is not reading. It holds after a
    restart.
    """
    from yadokari.app.surroundings import settings_of
    from yadokari.cli.reach import carry_out

    command = "maintenance.show" if mode is None else "maintenance.set"
    arguments = {} if mode is None else {"mode": mode}
    result = carry_out(settings_of(given(flags)), command, arguments)
    state = msgspec.json.decode(result, type=_State)
    said = f"Maintenance is {state.mode}{', as the server was started' if state.forced else ''}."
    click.echo(bytes(msgspec.json.encode(result)).decode() if as_json else said)
