"""`yadokari serve`."""

from __future__ import annotations

import gc

import click

from yadokari.app.setting_table import SETTINGS
from yadokari.cli.options import given, setting_options


@click.command()
@click.argument("names", metavar="[DOMAIN]...", nargs=-1)
@setting_options(SETTINGS)
def serve(names: tuple[str, ...], **flags: str | None) -> None:
    """Start the server; every option is also a variable YADOKARI_….

    With domains it serves them over HTTPS, with certificates that it fetches and renews.
    """
    if names:
        flags["domains"] = ",".join([*names, flags.get("domains") or ""])
    gc.disable()  # Until everything is built (app/run.py): nothing of it is garbage.
    from yadokari.app.build import build
    from yadokari.app.run import serve as run
    from yadokari.app.surroundings import settings_of, surroundings_of

    run(surroundings_of(settings_of(given(flags))), build)
